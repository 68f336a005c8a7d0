"""`eda-agent compare`: two runs side by side."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eda_agent.cli.options import Commands, add_json

if TYPE_CHECKING:
    from rich.text import Text


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "compare", help="compare two runs", description="Compare the specs and sizes of two runs."
    )
    parser.add_argument("runs", type=Path, nargs=2, metavar="RUN", help="folders of two runs")
    add_json(parser)
    parser.set_defaults(func=compare_command)


def compare_command(options: argparse.Namespace) -> int:
    """Print what the best designs of two runs reach and where they differ."""
    from rich.table import Table

    from eda_agent.cli.render import console, print_json, print_prose
    from eda_agent.record.best_turn import best_turn
    from eda_agent.record.comparable import differences
    from eda_agent.record.labels import target_text
    from eda_agent.record.run_state import load_state
    from eda_agent.units import format_quantity, format_score, plain_number

    states = [load_state(folder) for folder in options.runs]
    bests = [best_turn(state) for state in states]
    remarks = differences(options.runs, states)
    if options.json:
        print_json(
            {
                "runs": [
                    {"run": str(folder), "best": best, "simulations": state.simulations, "curve": state.curve}
                    for folder, state, best in zip(options.runs, states, bests, strict=True)
                ],
                "remarks": remarks,
            }
        )
        return 0
    screen = console(to_stdout=True)
    for line in remarks:
        print_prose(screen, f"! {line}")
    names = _headings(options.runs)
    specs = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    asked = [{spec["name"]: spec for spec in state.started["specs"]} for state in states]
    every = {name: None for rows in asked for name in rows}
    # each run is graded by its own targets; if they differ, both are shown
    same = all(len({target_text(rows[name]) for rows in asked if name in rows}) == 1 for name in every)
    targets = ["target"] if same else [f"target of {name}" for name in names]
    for place, heading in enumerate(("spec", *targets, *names)):
        specs.add_column(heading, justify="left" if place == 0 else "right")
    for name in every:
        told = [target_text(rows[name]) if name in rows else "—" for rows in asked]
        cells = [_spec_cell(best, rows[name]) if name in rows else "—" for best, rows in zip(bests, asked, strict=True)]
        specs.add_row(name, *([next(text for text in told if text != "—")] if same else told), *cells)
    blank = [""] * (len(targets) - 1)
    specs.add_row("corners", "", *blank, *(str(state.corners) for state in states))
    specs.add_row("score", "", *blank, *(f"{format_score(best['score'])}" for best in bests))
    specs.add_row("simulations", "", *blank, *(str(state.simulations) for state in states))
    specs.add_row("policy", "", *blank, *(str(state.started["policy"]) for state in states))
    screen.print(specs)
    print_prose(screen, "\nvalues are those of the best turn in its worst corner, by the targets of its own run")
    screen.print()
    sizes = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for heading in ("size", *names, "ratio"):
        sizes.add_column(heading, justify="left" if heading == "size" else "right")
    entries = {entry["name"]: entry for state in states for entry in state.started["parameters"]}
    for entry in entries.values():
        values = [best["sizing"].get(entry["name"]) for best in bests]
        ratio = plain_number(values[1] / values[0], 3) if values[0] and values[1] is not None else "—"
        sizes.add_row(entry["name"], *(format_quantity(value, entry["unit"]) for value in values), ratio)
    screen.print(sizes)
    return 0


def _headings(folders: Sequence[Path]) -> list[str]:
    """The shortest end of each path that tells the runs apart."""
    parts = [folder.resolve().parts for folder in folders]
    for length in range(1, max(map(len, parts)) + 1):
        names = [str(Path(*path[-length:])) for path in parts]
        if len(set(names)) == len(names):
            return names
    return [f"{folder} ({number})" for number, folder in enumerate(folders, 1)]


def _spec_cell(best: dict[str, Any], spec: dict[str, Any]) -> str | Text:
    from rich.text import Text

    from eda_agent.cli.render import status
    from eda_agent.units import format_quantity, shown_unit

    result = best["specs"].get(spec["name"])
    if result is None:
        return "—"
    value = format_quantity(result["value"], shown_unit(spec), 3, result.get("bound", ""))
    return Text.assemble(f"{value} ", status(spec, result))
