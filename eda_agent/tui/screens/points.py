"""The points screen shows the bias of every MOSFET."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual.app import ComposeResult

from eda_agent.problem.bias import OFF
from eda_agent.simulation.operating_point import inversion
from eda_agent.tui.panels import Table, right
from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.shown import Shown
from eda_agent.units import format_quantity


class PointsScreen(Detail):
    """Operating points of the shown turn, violations first."""

    def __init__(self, shown: Shown):
        super().__init__()
        self.points: dict[str, Any] = (shown.turn or {}).get("evaluation", {}).get("operating_points", {})
        corner = (shown.state.started.get("corners") or [""])[0]
        self.heading = f"operating points · turn {shown.number} · {corner}"

    def body(self) -> ComposeResult:
        yield Table(id="points")

    async def fill(self) -> None:
        rows = []
        for name, point in sorted(self.points.items(), key=lambda item: item[1]["margin"] or 0.0):
            off = abs(point["id"] or 0.0) < OFF
            bad = not off and (point["margin"] or 0.0) < 0.0
            rows.append(
                [
                    Text("!" if bad else " ", style="bold yellow"),
                    Text(name),
                    right(format_quantity(point["id"], "A", 3)),
                    right(format_quantity(point["gm"], "S", 3)),
                    right(format_quantity(point["gm_id"], "1/V", 3)),
                    Text(inversion(point["gm_id"] or 0.0)),
                    right(format_quantity(point["vds"], "V", 3)),
                    right(format_quantity(point["vdsat"], "V", 3)),
                    right(format_quantity(point["margin"], "V", 3), "yellow" if bad else ""),
                    Text("off" if off else "triode" if bad else "saturation", style="yellow" if bad else ""),
                ]
            )
        self.query_one(Table).show(
            ["", "device", "id", "gm", "gm/id", "inversion", "vds", "vdsat", "margin", "region"], rows
        )
        self.query_one(Table).focus()
