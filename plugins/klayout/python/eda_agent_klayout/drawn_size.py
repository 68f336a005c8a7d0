"""A drawn size is what becomes of a value on the way to the layout: the step of its parameter, the fingers of its
transistor, and their grid. The run simulates it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .fold import Rule, folded, rule_of
from .table import Device
from .units import format_quantity

DIGITS = 6
SAME = 1e-6
"""Relative difference of two values that are one on the screen; a step of the grid is more."""


def stepped(value: float, row: Mapping[str, Any]) -> float:
    """The multiple of a parameter's step that is nearest to a value, within its range (`problem.space`)."""
    step, low, high = row.get("step"), row["minimum"], row["maximum"]
    if not step:
        return value
    return float(min(max(float(f"{round(value / step) * step:.12g}"), low), high))


def drawn(value: float, form: Mapping[str, Any], rule: Rule, row: Mapping[str, Any]) -> tuple[float, int]:
    """(the value that is drawn, number of fingers) of a size on its step; `form`: see
    `eda_agent.problem.drawn_sizes`; `row`: its parameter. It stays within the parameter's range unless it is locked.
    """
    size = value * form["per"]
    width, length = (size, 1e-6) if form["of"] == "w" else (1e-6, size)
    block = 0 if form["matched"] else None
    ends = (value, value) if row.get("locked") else (row["minimum"], row["maximum"])
    span = (min(ends[0], value) * form["per"], max(ends[1], value) * form["per"])
    device = Device("", "nmos", width, length, form["nf"], form["m"], ("",) * 4, block, span=(span, span))
    device = folded([device], rule)[0]
    return (device.width if form["of"] == "w" else device.length) / form["per"], device.nf


def told(value: float, row: Mapping[str, Any], sizes: Mapping[str, Any] | None) -> str:
    """What becomes of a value that somebody asks for: "" if it stays, else such as `10.44 um, 4 fingers of 2.61 um`.

    Args:
        value: in SI units.
        row: its parameter, as the run or `eda-agent check --json` describes it.
        sizes: `drawn` of the same, None for a run that simulates no layout.
    """
    unit = row["unit"]
    kept = stepped(value, row)
    rule = rule_of((sizes or {}).get("rule"))
    results = []
    for form in ((sizes or {}).get("sizes") or {}).get(row["name"], ()):
        found, fingers = drawn(kept, form, rule, row)
        if abs(found - value) > SAME * abs(value):
            one = format_quantity(found * form["per"] / fingers, "m", DIGITS)
            folds = f", {fingers} fingers of {one}" if form["of"] == "w" and fingers > 1 else ""
            results.append(f"{format_quantity(found, unit, DIGITS)}{folds}")
        else:
            results.append("")
    if results:
        return "; ".join(dict.fromkeys(text for text in results if text))
    return format_quantity(kept, unit, DIGITS) if abs(kept - value) > SAME * abs(value) else ""
