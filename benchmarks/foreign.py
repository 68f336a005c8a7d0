"""Netlists of other programs, from `init` to a sign-off in every corner, as a user runs them.

    python benchmarks/foreign.py [--budget 60] [--only NAME]

Adds missing rows to benchmarks/results/foreign.json and writes the table in docs/foreign-netlists.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tables import put

from eda_agent.files import write_text

TOP = Path(__file__).parent.parent
RESULT = TOP / "benchmarks" / "results" / "foreign.json"
PAGE = TOP / "docs" / "foreign-netlists.md"
MARK = "foreign"
XSCHEM = Path("/usr/share/xschem/xschem_library/examples/cmos_example.sch")


@dataclass(frozen=True)
class Foreign:
    """A netlist: its source in words, the options of `init`, and how its text is had."""

    source: str
    options: tuple[str, ...]
    text: Callable[[], str]


def composed(topology: str, number: int) -> Callable[[], str]:
    """A topology of circuitgenome as nested cells: MOSFETs by polarity alone, without sizes."""

    def text() -> str:
        from circuitgenome.synthesizer import enumerate_circuits, load_modules, load_topologies, to_hierarchical_spice

        template = next(entry for entry in load_topologies() if entry.name == topology)
        circuits = enumerate_circuits(template, load_modules())
        return next(to_hierarchical_spice(circuit, "amp") for place, circuit in enumerate(circuits) if place == number)

    return text


def typed(name: str) -> Callable[[], str]:
    return lambda: (TOP / "tests" / "fixtures" / name).read_text(encoding="utf-8")


NETLISTS = {
    "cmos_example.sch": Foreign("example of xschem", (), lambda: XSCHEM.read_text(encoding="utf-8")),
    "two_stage.ckt": Foreign(
        "circuitgenome, no sizes", ("--pdk", "sky130A"), composed("two_stage_opamp_single_ended", 10)
    ),
    "two_stage_cascoded.ckt": Foreign(
        "circuitgenome, no sizes", ("--pdk", "gf180mcuD"), composed("two_stage_opamp_single_ended", 119)
    ),
    "three_stage.ckt": Foreign(
        "circuitgenome, no sizes", ("--pdk", "sky130A"), composed("three_stage_opamp_nmc_single_ended", 60)
    ),
    "textbook.spice": Foreign("typed: a textbook's exercise", (), typed("textbook.spice")),
    "ota_xschem.spice": Foreign("typed: as xschem writes it", (), typed("ota_xschem.spice")),
    "ota.cdl": Foreign("typed: CDL", ("--pdk", "sky130A"), typed("ota.cdl")),
}


def called(*arguments: str, folder: Path) -> dict[str, Any]:
    """The JSON answer of a command. Raises `SystemExit` with the command's message."""
    command = [sys.executable, "-m", "eda_agent", *arguments, "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    try:
        answer = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise SystemExit(f"{' '.join(arguments)}: {done.stderr.strip()}") from None
    if not isinstance(answer, dict) or "error" in answer:
        raise SystemExit(f"{' '.join(arguments)}: {done.stdout.strip()}")
    return answer


def row(name: str, foreign: Foreign, budget: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / name).write_text(foreign.text(), encoding="utf-8")
        draft = called("init", name, *foreign.options, "--corners", "signoff", folder=folder)
        checked = called("check", "spec.yaml", folder=folder)
        sized = called("size", "spec.yaml", "--budget", str(budget), "--out", "run", folder=folder)
    return {
        "name": name,
        "kind": draft["kind"],
        "pdk": draft["pdk"],
        "asked": [one["what"] for one in draft["guessed"]],
        "parameters": checked["parameters"],
        "devices": checked["devices"],
        "specs": len(sized["specs"]),
        "corners": max(len(one["corners"]) for one in sized["specs"].values()),
        **{key: sized[key] for key in ("met", "score", "simulations", "budget", "seconds")},
        "missed": [spec for spec, one in sized["specs"].items() if not one["met"]],
    }


def line(one: dict[str, Any]) -> str:
    outcome = (
        f"met after {one['simulations']} simulations"
        if one["met"]
        else f"score {one['score']:.3f} after {one['simulations']}; not met: {', '.join(one['missed'])}"
    )
    cells = (
        f"`{one['name']}`",
        NETLISTS[one["name"]].source,
        one["pdk"],
        one["kind"],
        one["devices"],
        one["parameters"],
        ", ".join(one["asked"]),
        f"{outcome} ({one['corners']} corners, {one['seconds']:.0f} s)",
    )
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(rows: list[dict[str, Any]]) -> str:
    heads = ("netlist", "source", "process", "kind", "MOSFETs", "parameters", "`init` guesses", "`size`")
    return "\n".join((f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|", *map(line, rows))) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", type=int, default=60)
    parser.add_argument("--only")
    options = parser.parse_args()
    rows = {one["name"]: one for one in (json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else [])}
    for name, foreign in NETLISTS.items():
        if options.only in (None, name) and name not in rows:
            rows[name] = row(name, foreign, options.budget)
            print(line(rows[name]), flush=True)
            write_text(RESULT, json.dumps([rows[one] for one in NETLISTS if one in rows], indent=1) + "\n")
    write_text(PAGE, put(PAGE.read_text(encoding="utf-8"), MARK, table([rows[one] for one in NETLISTS if one in rows])))


if __name__ == "__main__":
    main()
