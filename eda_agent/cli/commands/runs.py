"""`eda-agent runs`: list the runs below a folder from their journals."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eda_agent.cli.options import Commands, add_json

if TYPE_CHECKING:
    from rich.table import Table


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
    screen.print(_table(rows, screen.width))
    return 0


DROPPED = ("seed", "problem", "policy", "simulations", "when")
"""Columns that are left out where there is no room, the first first: the name of a run often says the same."""


def _table(rows: list[dict[str, Any]], width: int) -> Table:
    """A table of as many columns as fit; the names of runs are never cut."""
    from datetime import datetime

    from rich.table import Table

    from eda_agent.stop_reasons import stop_text
    from eda_agent.units import format_score

    columns = {
        "run": [row["run"] for row in rows],
        "problem": [row["problem"] for row in rows],
        "policy": [row["policy"] for row in rows],
        "seed": [str(row["seed"]) for row in rows],
        "score": [format_score(row["score"]) for row in rows],
        "met": ["✓" if row["met"] else "✗" for row in rows],
        "simulations": [str(row["simulations"]) for row in rows],
        "state": [stop_text(row["state"]) if row["state"] != "unfinished" else row["state"] for row in rows],
        "when": [datetime.fromtimestamp(row["started"]).strftime("%Y-%m-%d %H:%M") for row in rows],
    }
    for name in DROPPED:
        if sum(2 + max(len(name), *map(len, cells)) for name, cells in columns.items()) - 2 <= width:
            break
        del columns[name]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        numeric = name in {"seed", "score", "simulations"}
        table.add_column(name, justify="right" if numeric else "left", no_wrap=name != "run", overflow="fold")
    for cells in zip(*columns.values(), strict=True):
        table.add_row(*cells)
    return table


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
