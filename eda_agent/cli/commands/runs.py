"""`eda-agent runs`: list the runs below a folder from their journals."""

from __future__ import annotations

import argparse
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
    from datetime import datetime

    from eda_agent.cli.render import console, print_json
    from eda_agent.cli.say import say
    from eda_agent.errors import InputError
    from eda_agent.units import format_score

    rows = []
    for path in sorted(options.folder.glob("**/journal.jsonl"), key=lambda path: path.lstat().st_mtime):
        try:
            rows.append(_row(path))
        except InputError as error:
            say(f"eda-agent: {error}")
    if options.json:
        print_json({"runs": rows})
        return 0
    from rich.table import Table

    screen = console(to_stdout=True)
    if not rows:
        screen.print(f"no runs below {options.folder}", markup=False)
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("run", "problem", "policy", "seed", "score", "met", "simulations", "state", "when"):
        table.add_column(
            column, justify="right" if column in {"seed", "score", "simulations"} else "left", no_wrap=column != "run"
        )
    for row in rows:
        when = datetime.fromtimestamp(row["started"]).strftime("%Y-%m-%d %H:%M")
        table.add_row(
            row["run"],
            row["problem"],
            row["policy"],
            str(row["seed"]),
            f"{format_score(row['score'])}",
            "✓" if row["met"] else "✗",
            str(row["simulations"]),
            row["state"],
            when,
        )
    screen.print(table)
    return 0


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
