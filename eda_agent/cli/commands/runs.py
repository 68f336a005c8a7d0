"""`eda-agent runs`: list the runs below a folder from their journals."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eda_agent.cli.options import Commands, add_json


def register(commands: Commands) -> None:
    parser = commands.add_parser("runs", help="list runs", description="List the runs below a folder, newest last.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("runs"), help="folder to search (default runs)")
    add_json(parser)
    parser.set_defaults(func=runs_command)


def runs_command(options: argparse.Namespace) -> int:
    """List the runs below a folder."""
    from eda_agent.cli.render import console, print_json
    from eda_agent.cli.say import say
    from eda_agent.errors import InputError

    rows = []
    for path in sorted(options.folder.glob("**/journal.jsonl"), key=lambda path: path.lstat().st_mtime):
        try:
            rows.append(_row(path))
        except InputError as error:
            say(f"eda-agent: {error}")
    if options.json:
        print_json({"runs": rows})
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


def lines(rows: Sequence[Mapping[str, Any]], width: int | None) -> list[str]:
    """A table of runs in `width` columns of a screen; None: no limit, one line for each run.

    Names of runs and problems are never cut. Names that leave no room for the columns have lines of their own.
    """
    columns = _columns(rows)
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
    if not apart:
        return plain
    return [text for name, row in zip(("run", *names), plain, strict=True) for text in (name, " " * GAP + row)]


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    from datetime import datetime

    from eda_agent.errors import visible
    from eda_agent.stop_reasons import stop_text
    from eda_agent.units import format_score

    return {
        "run": [visible(row["run"]) for row in rows],
        "problem": [visible(str(row["problem"])) for row in rows],
        "policy": [visible(str(row["policy"])) for row in rows],
        "seed": [str(row["seed"]) for row in rows],
        "score": [format_score(row["score"]) for row in rows],
        "met": ["✓" if row["met"] else "✗" for row in rows],
        "simulations": [str(row["simulations"]) for row in rows],
        "state": [stop_text(row["state"]) if row["state"] != "unfinished" else row["state"] for row in rows],
        "when": [
            datetime.fromtimestamp(row["started"]).strftime("%Y-%m-%d %H:%M") if row["started"] else "—" for row in rows
        ],
    }


def _width(columns: Mapping[str, Sequence[str]]) -> int:
    return sum(GAP + max(len(name), *map(len, cells)) for name, cells in columns.items()) - GAP


def _aligned(name: str, cells: Sequence[str]) -> list[str]:
    """A column with its head, filled with blanks."""
    width = max(len(name), *map(len, cells))
    return [text.rjust(width) if name in NUMERIC else text.ljust(width) for text in (name, *cells)]


def _row(path: Path) -> dict[str, Any]:
    from eda_agent.record.fold import fold
    from eda_agent.record.journal import read_journal

    state = fold(read_journal(path))
    return {
        "run": str(path.parent),
        "problem": state.started.get("problem", "?"),
        "policy": state.started.get("policy", "?"),
        "seed": state.started.get("seed", 0),
        "score": state.best.get("score", 0.0),
        "met": state.best.get("met", False),
        "simulations": state.simulations,
        "state": state.finished.get("stop") or "unfinished",
        "started": state.started.get("t", 0.0),
    }
