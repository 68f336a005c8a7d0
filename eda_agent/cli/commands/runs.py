"""`eda-agent runs`: list the runs below a folder from their journals."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eda_agent.cli.options import Commands, add_json

if TYPE_CHECKING:
    from eda_agent.record.run_row import RunRow


def register(commands: Commands) -> None:
    parser = commands.add_parser("runs", help="list runs", description="List the runs below a folder, newest last.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("runs"), help="folder to search (default runs)")
    add_json(parser)
    parser.set_defaults(func=runs_command)


def runs_command(options: argparse.Namespace) -> int:
    """List the runs below a folder."""
    from eda_agent.cli.render import console, print_json
    from eda_agent.cli.say import say
    from eda_agent.errors import Finding, InputError
    from eda_agent.near_path import near_path
    from eda_agent.record.fold import fold
    from eda_agent.record.journal import read_journal
    from eda_agent.record.run_row import run_row

    if not options.folder.is_dir() and options.folder != Path("runs"):
        near = near_path(options.folder, Path.is_dir)
        raise InputError(Finding("no such folder", options.folder, fix=near or "name a folder above runs"))
    rows: dict[str, RunRow] = {}
    for path in sorted(options.folder.glob("**/journal.jsonl"), key=lambda path: path.lstat().st_mtime):
        try:
            rows[str(path.parent)] = run_row(fold(read_journal(path)))
        except InputError as error:
            say(f"eda-agent: {error}")
    if options.json:
        print_json({"runs": [{"run": name, **vars(row)} for name, row in rows.items()]})
        return 0
    screen = console(to_stdout=True)
    if not rows:
        screen.print(f"no runs below {options.folder}", markup=False)
        return 0
    for line in lines(rows, screen.width if screen.is_terminal or "COLUMNS" in os.environ else None):
        screen.print(line, soft_wrap=True)
    return 0


DROPPED = ("seed", "policy", "simulations", "when")
"""Columns that are left out where there is no room, the first first: the name of a run often says the same."""
NUMERIC = ("seed", "score", "simulations")
GAP = 2
"""Blanks between columns, and before them where the names of the runs have lines of their own."""


def lines(rows: Mapping[str, RunRow], width: int | None) -> list[str]:
    """A table of runs in `width` columns of a screen; None: no limit, one line for each run.

    Names of runs and problems are never cut. Names that leave no room for the columns have lines of their own.
    """
    columns = _columns(rows)
    every = list(columns)
    names, apart = columns.pop("run"), False
    if width is not None:
        room = width - GAP - max(len(name) for name in ("run", *names))
        apart = _width({key: cells for key, cells in columns.items() if key not in DROPPED}) > room
        for name in DROPPED:
            if _width(columns) <= (width - GAP if apart else room):
                break
            del columns[name]
    if not apart:
        columns = {"run": names, **columns}
    cells = [_aligned(name, texts) for name, texts in columns.items()]
    plain = [(" " * GAP).join(row).rstrip() for row in zip(*cells, strict=True)]
    left = [name for name in every if name != "run" and name not in columns]
    note = [f"not shown in {width} columns: {', '.join(left)}"] if left else []
    if not apart:
        return plain + note
    return [text for name, row in zip(("run", *names), plain, strict=True) for text in (name, " " * GAP + row)] + note


def _columns(rows: Mapping[str, RunRow]) -> dict[str, list[str]]:
    from datetime import datetime

    from eda_agent.errors import visible
    from eda_agent.record.run_row import UNKNOWN

    return {
        "run": [visible(name) for name in rows],
        "problem": [visible(row.problem) for row in rows.values()],
        "policy": [visible(row.policy) for row in rows.values()],
        "seed": [UNKNOWN if row.seed is None else str(row.seed) for row in rows.values()],
        "score": [row.score_text for row in rows.values()],
        "met": [row.sign for row in rows.values()],
        "simulations": [str(row.simulations) for row in rows.values()],
        "state": [visible(row.state_text) for row in rows.values()],
        "when": [
            datetime.fromtimestamp(row.started).strftime("%Y-%m-%d %H:%M") if row.started else UNKNOWN
            for row in rows.values()
        ],
    }


def _width(columns: Mapping[str, Sequence[str]]) -> int:
    return sum(GAP + max(len(name), *map(len, cells)) for name, cells in columns.items()) - GAP


def _aligned(name: str, cells: Sequence[str]) -> list[str]:
    """A column with its head, filled with blanks."""
    width = max(len(name), *map(len, cells))
    return [text.rjust(width) if name in NUMERIC else text.ljust(width) for text in (name, *cells)]
