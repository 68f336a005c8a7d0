"""The rows of operating points, as the screen and the panel of wide terminals show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text
from textual.containers import Vertical

from eda_agent.problem.off_current import is_off
from eda_agent.simulation.operating_point import inversion
from eda_agent.tui.shown import Shown
from eda_agent.tui.table import Table, right
from eda_agent.units import format_quantity

COLUMNS = ["", "device", "id", "gm", "gm/id", "inversion", "vds", "vdsat", "margin", "region", "vgs", "vth", "gds"]

MORE = {"vgs": "V", "vth": "V", "gds": "S"}
"""Columns of a terminal with room for them, and their units."""


def points_of(shown: Shown) -> Mapping[str, Any]:
    """Device → operating point of the shown turn."""
    points: Mapping[str, Any] = (shown.turn or {}).get("evaluation", {}).get("operating_points", {})
    return points


def title(shown: Shown) -> str:
    corner = (shown.state.started.get("corners") or [""])[0]
    return f"operating points · turn {shown.number} · {corner}"


def point_rows(points: Mapping[str, Any]) -> list[list[Text]]:
    """One row per device, those with the least margin first."""
    rows = []
    for name, point in sorted(points.items(), key=lambda item: item[1]["margin"] or 0.0):
        off = is_off(point)
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
                *(right(format_quantity(point.get(name), unit, 3)) for name, unit in MORE.items()),
            ]
        )
    return rows


class PointsPanel(Vertical):
    """Operating points of the shown turn, in a terminal with room for them."""

    def compose(self) -> Any:
        yield Table(id="point-table")

    def show(self, shown: Shown) -> None:
        self.border_title = title(shown)
        self.query_one(Table).show(COLUMNS, point_rows(points_of(shown)))
