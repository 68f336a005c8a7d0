"""The points screen shows the bias of every MOSFET, in the run's first corner or in another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from eda_agent.tui.corner_choice import corner_order
from eda_agent.tui.operating_points import COLUMNS, point_rows, points_of, title
from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.screens.simulated import Simulated
from eda_agent.tui.shown import Shown
from eda_agent.tui.table import Table


class PointsScreen(Simulated):
    """Operating points of the shown turn, violations first. `n` shows them in the next corner, `p` in the one before:
    the journal has those of the first corner, others are simulated.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *Detail.BINDINGS,
        ("n", "corner(1)", "next corner"),
        ("p", "corner(-1)", "corner before"),
    ]
    title_ = "operating points"

    def __init__(self, shown: Shown):
        super().__init__(shown)
        self.heading = title(shown)
        self.corners = corner_order(shown)
        self.place = 0
        self.known: dict[str, Mapping[str, Any]] = {name: points_of(shown) for name in self.corners[:1]}

    def body(self) -> ComposeResult:
        yield Table(id="points")

    def action_corner(self, by: int) -> None:
        """Show the operating points in the next corner."""
        if len(self.corners) < 2 or not self.sizing:
            self.tell("the run has one corner" if self.sizing else "this turn has no sizes")
            return
        self.place = (self.place + by) % len(self.corners)
        self.run_worker(self._run(), exclusive=True)

    async def simulate(self) -> None:
        corner = self.corners[self.place] if self.corners else ""
        place = f"{self.place + 1} of {len(self.corners)}" if len(self.corners) > 1 else ""
        head = " · ".join(filter(None, (self.title_, f"turn {self.number}", corner, place)))
        if corner and corner not in self.known:
            self.say(f"{head} · simulating …")
            found = await self.ask("sim", "--corner", corner)
            self.known[corner] = found["operating_points"]
        self.say(head)
        table = self.query_one(Table)
        table.show(COLUMNS, point_rows(self.known.get(corner, {})))
        table.focus()
        self.filled = True
