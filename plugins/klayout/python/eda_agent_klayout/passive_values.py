"""Passive values relate the value of an ideal resistor or capacitor, Ω or F, to the size of the PCells that draw it.

A table gives them under `ideal` of its `passives`: of a resistor points of length and Ω, with straight lines between;
of a capacitor the F of an area and of an edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import sqrt
from typing import Any

from .table import Table

Sizes = list[tuple[float, float]]
"""Widths and lengths, m."""


def size_of(entry: Mapping[str, Any], kind: str, value: float, unit: float) -> tuple[float, float]:
    """Width and length, m, of the PCell that draws a value. `entry`: of its kind; `unit`: of lengths, m."""
    ideal = entry["ideal"]
    if kind == "resistor":
        width = float(ideal.get("width") or entry["models"][ideal["model"]]["width"]) * unit
        return width, _along([(y, x) for x, y in ideal["ohms"]], value) * unit
    # of a square: area × side² + edge × 4 × side = value
    area, edge = ideal["area"], ideal["edge"]
    side = (sqrt(4 * edge**2 + area * value) - 2 * edge) / area * unit
    return side, side


def value_of(table: Table, kind: str, sizes: Sizes, copies: int) -> float:
    """The value of one of so many copies that consist of PCells of these sizes."""
    ideal = (table.passives or {})[kind]["ideal"]
    each = [(width / table.unit, length / table.unit) for width, length in sizes]
    if kind == "resistor":
        return sum(_along(ideal["ohms"], length) for _, length in each) / copies
    return sum(ideal["area"] * width * length + ideal["edge"] * 2 * (width + length) for width, length in each) / copies


def _along(points: Any, x: float) -> float:
    """On straight lines through points, the first and the last line continued."""
    for (x0, y0), (x1, y1) in pairwise(points):
        if x <= x1 or x1 == points[-1][0]:
            return float(y0 + (y1 - y0) * (x - x0) / (x1 - x0))
    raise ValueError("two points are needed")
