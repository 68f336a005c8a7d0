"""The table of specs × corners has the worst spec first, and one unit in each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eda_agent.record.fold import RunState
from eda_agent.record.labels import Found, found_in, target_text, verdict
from eda_agent.spec_text import margin_text, value_text
from eda_agent.units import PLAIN, QuantityError, format_quantity, plain_number, read_unit, shown_unit

SIGNS = {"pass": "✓ pass", "near": "✗ near", "fail": "✗ fail"}
_LEAST, _MOST = 1e-3, 1e5
"""Numbers outside these limits are written with a unit of their own."""


def spec_rows(state: RunState, best: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of each spec, the one with the smallest margin first: name, target, verdict, worst value with its corner and
    margin, the common unit, and a cell for each corner.
    """
    rows = [_row(spec, best, state.started["corners"]) for spec in state.started["specs"]]
    return sorted(rows, key=lambda row: (row["met"], row["order"]))


def _row(spec: Mapping[str, Any], best: Mapping[str, Any], corners: Sequence[str]) -> dict[str, Any]:
    result = best["specs"][spec["name"]]
    found = found_in(best.get("evaluation", {}), spec["name"], corners)
    unit, texts = in_one_unit(spec, found)
    sides = [(sign, spec[side]) for sign, side in (("≥", "minimum"), ("≤", "maximum")) if spec[side] is not None]
    _, bounds = in_one_unit(spec, [(value, "") for _, value in sides])
    kind = verdict(result["met"], result["margin"])
    bound = result.get("bound", "")
    return {
        "name": spec["name"],
        "target": target_text(spec),
        "kind": kind,
        "verdict": SIGNS[kind],
        "met": result["met"],
        "order": result["margin"] if result["margin"] is not None else float("-inf"),
        "worst": value_text(spec, result["value"], bound),
        "margin": margin_text(spec, result["value"], bound),
        "corner": result["corner"],
        "why": result["why"],
        "unit": unit,
        "bounds": " ".join(f"{sign} {text}" for (sign, _), text in zip(sides, bounds, strict=True)),
        "cells": [
            {
                "text": text,
                "kind": _cell_kind(spec, one, corner),
                "worst": corner == result["corner"] and len(corners) > 1,
            }
            for corner, one, text in zip(corners, found, texts, strict=True)
        ],
    }


def in_one_unit(spec: Mapping[str, Any], found: Sequence[Found]) -> tuple[str, list[str]]:
    """(unit with its prefix, values as numbers in it). The unit is that of the target; a number that does not fit it
    has its own.
    """
    target = spec["minimum"] if spec["minimum"] is not None else spec["maximum"]
    reference = target or max((abs(value) for value, _ in found if value is not None), default=0.0)
    _, _, unit = format_quantity(reference, shown_unit(spec)).rpartition(" ")
    try:
        factor = float(read_unit(unit).factor) if unit else 0.0
    except QuantityError:
        factor = 0.0
    if not factor:
        return "", [value_text(spec, value, bound) for value, bound in found]
    return unit, [_number(spec, value, bound, factor) for value, bound in found]


def _number(spec: Mapping[str, Any], value: float | None, bound: str, factor: float) -> str:
    if value is None:
        return "—"
    number = value / factor
    if number and not _LEAST <= abs(number) < _MOST:
        text = value_text(spec, value, bound)
        # a unit without prefixes is that of the row already
        return text.removesuffix(f" {spec['unit']}") if spec["unit"] in PLAIN else text
    text = plain_number(number, 3)
    digits = 3
    targets = [end / factor for end in (spec["minimum"], spec["maximum"]) if end is not None and end != value]
    while digits < 7 and any(text == plain_number(target, digits) for target in targets):
        # digits enough to tell a value from its target
        digits += 1
        text = plain_number(number, digits)
    return f"{bound} {text}".lstrip()


def _cell_kind(spec: Mapping[str, Any], found: Found, corner: str) -> str:
    value, bound = found
    asked = spec.get("corners")
    if asked and corner not in asked:
        return "unasked"
    if value is None:
        return "fail"
    low, high = spec["minimum"], spec["maximum"]
    met = (low is None or (value >= low and bound != "<")) and (high is None or (value <= high and bound != ">"))
    return "" if met else "fail"
