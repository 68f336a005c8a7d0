"""Operating points in every corner, with the devices that leave saturation where they must not."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from eda_agent.simulation.operating_point import OperatingPoint
from eda_agent.units import format_quantity, plain_number

Point = Mapping[str, Any]


def point_tables(
    points: Mapping[str, Mapping[str, Point]], corners: Sequence[str], saturated: Collection[str]
) -> list[dict[str, Any]]:
    """A table for each corner that has operating points: corner, rows, and the number of violations."""
    tables = []
    for corner in corners:
        if points.get(corner):
            rows = [_row(name, _point(data), name in saturated) for name, data in points[corner].items()]
            tables.append({"corner": corner, "rows": rows, "violations": sum(row["bad"] for row in rows)})
    return tables


def margin_matrix(
    points: Mapping[str, Mapping[str, Point]], corners: Sequence[str], saturated: Collection[str]
) -> list[dict[str, Any]]:
    """Of each device its saturation margin in mV in every corner, the device with the least first; of one corner there
    is nothing to compare: [].
    """
    shown = [corner for corner in corners if points.get(corner)]
    if len(shown) < 2:
        return []
    names = list(points[shown[0]])
    rows = []
    for name in names:
        found = [_point(points[corner].get(name, {})) for corner in shown]
        margins = [one.margin if one.region != "off" else math.nan for one in found]
        least = min((value for value in margins if math.isfinite(value)), default=math.inf)
        rows.append(
            {
                "name": name,
                "needed": name in saturated,
                "least": least,
                "cells": [
                    _cell(one, value == least, name in saturated) for one, value in zip(found, margins, strict=True)
                ],
            }
        )
    return sorted(rows, key=lambda row: (not row["needed"], row["least"]))


def _cell(point: OperatingPoint, least: bool, needed: bool) -> dict[str, Any]:
    off = point.region == "off"
    text = "off" if off else "—" if math.isnan(point.margin) else plain_number(1e3 * point.margin, 3)
    return {"text": text, "worst": least and not off, "kind": "fail" if needed and point.region != "saturation" else ""}


def _point(data: Point) -> OperatingPoint:
    fields = OperatingPoint.__dataclass_fields__
    return OperatingPoint(**{name: math.nan if data.get(name) is None else data[name] for name in fields})


def _row(name: str, point: OperatingPoint, needed: bool) -> dict[str, Any]:
    return {
        "name": name,
        "cells": [
            format_quantity(point.id, "A", 3),
            format_quantity(point.gm, "S", 3),
            format_quantity(point.gds, "S", 3),
            format_quantity(point.gm_id, "1/V", 3),
            *(format_quantity(value, "V", 3) for value in (point.vgs, point.vth, point.vds, point.vdsat, point.margin)),
        ],
        "inversion": point.inversion if point.region != "off" else "—",
        "region": point.region,
        "bad": needed and point.region != "saturation",
    }
