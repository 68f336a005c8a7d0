"""The points screen shows the bias of every MOSFET."""

from __future__ import annotations

from textual.app import ComposeResult

from eda_agent.tui.operating_points import COLUMNS, point_rows, points_of, title
from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.shown import Shown
from eda_agent.tui.table import Table


class PointsScreen(Detail):
    """Operating points of the shown turn, violations first."""

    def __init__(self, shown: Shown):
        super().__init__()
        self.points = points_of(shown)
        self.heading = title(shown)

    def body(self) -> ComposeResult:
        yield Table(id="points")

    async def fill(self) -> None:
        self.query_one(Table).show(COLUMNS, point_rows(self.points))
        self.query_one(Table).focus()
