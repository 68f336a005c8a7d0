"""The history screen shows a run as a tree: the present line, and the branches that were left by going back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.text import Text
from textual.app import ComposeResult

from eda_agent.record.branches import Branch, branches, drawn
from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.shown import Shown
from eda_agent.tui.table import Table, right
from eda_agent.units import format_score


class HistoryScreen(Detail):
    """Enter on a branch of the present line shows its best turn in the table of turns; on the branch that was set aside
    last it returns to it. `go` receives the chosen branch.
    """

    heading = "history · Enter shows a branch, or brings back the one that was set aside last"

    def __init__(self, shown: Shown, go: Callable[[Branch], None] | None = None):
        super().__init__()
        self.state, self.go = shown.state, go
        self.rows: list[Branch] = []

    def body(self) -> ComposeResult:
        yield Table(id="history")

    async def fill(self) -> None:
        best = self.state.best.get("index")
        newest = len(self.state.left) - 1
        rows = []
        for lead, branch in drawn(branches(self.state)) if self.state.turns else ():
            self.rows.append(branch)
            top = branch.best(self.state.corners)
            first, last = branch.turns[0]["index"], branch.turns[-1]["index"]
            here = branch.present and any(turn["index"] == best for turn in branch.turns)
            said = "has the best" if here else "" if branch.present else "set aside"
            if branch.left is not None and branch.left == newest:
                said = "set aside last: Enter returns"
            style = "" if branch.present else "dim"
            rows.append(
                [
                    Text(f"{lead}turn {first}" if first == last else f"{lead}turns {first} to {last}", style),
                    right(format_score(top["score"]) if top else "—", "bold green" if here else style),
                    right(str(top["index"]) if top else "—", style),
                    Text(" ".join(sorted({_policy(turn) for turn in branch.turns} - {""})), "dim"),
                    Text(said, style),
                ]
            )
        table = self.query_one(Table)
        table.show(["history", "best score", "at turn", "proposed by", ""], rows)
        table.focus()

    def on_data_table_row_selected(self, event: Any) -> None:
        event.stop()
        place = event.data_table.chosen
        if self.go is not None and 0 <= place < len(self.rows):
            self.dismiss()
            self.go(self.rows[place])


def _policy(turn: dict[str, Any]) -> str:
    return str(turn.get("proposal", {}).get("policy", ""))
