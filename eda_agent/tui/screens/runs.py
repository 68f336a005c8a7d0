"""The run browser: the runs beside this one, newest first; Enter opens one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from rich.text import Text
from textual.app import ComposeResult

from eda_agent.errors import EdaAgentError
from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.tui.panels import Table, right
from eda_agent.tui.screens.details import Detail
from eda_agent.units import format_score


class RunsScreen(Detail):
    """`here`: the run that is shown."""

    def __init__(self, folder: Path, here: Path):
        super().__init__()
        self.folder, self.here = folder, here
        self.heading = f"runs in {folder}"
        self.found: list[Path] = []

    def body(self) -> ComposeResult:
        yield Table(id="runs")

    def on_mount(self) -> None:
        paths = sorted(self.folder.glob("*/journal.jsonl"), key=lambda path: path.stat().st_mtime, reverse=True)
        rows = []
        for path in paths:
            try:
                state = fold(read_journal(path))
            except EdaAgentError:
                continue
            self.found.append(path.parent)
            begun = state.started
            met = bool(state.best.get("met"))
            rows.append(
                [
                    Text("▸" if path.parent.resolve() == self.here.resolve() else " "), Text(path.parent.name), Text(begun.get("problem", "?")), Text(begun.get("policy", "?")),
                    right(format_score(state.best.get("score", 0.0)), "green" if met else ""), Text("✓" if met else "✗", style="green" if met else "red"),
                    right(str(state.simulations)), Text(state.finished.get("stop") or "unfinished"), Text(datetime.fromtimestamp(path.stat().st_mtime).strftime("%Y-%m-%d %H:%M"), style="dim"),
                ]
            )  # fmt: skip
        table = self.query_one(Table)
        table.show(["", "run", "problem", "policy", "score", "met", "simulations", "state", "when"], rows)
        table.focus()

    def on_data_table_row_selected(self, event: Any) -> None:
        event.stop()
        if event.data_table.cursor_row < len(self.found):
            self.app.open_run(self.found[event.data_table.cursor_row])  # type: ignore[attr-defined]  # SizingApp
            self.app.pop_screen()
