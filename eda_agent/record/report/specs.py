"""The table of specs × corners has the worst spec first, and one unit in each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eda_agent.record.fold import RunState
from eda_agent.record.labels import Found, found_in, target_text, verdict
from eda_agent.spec_text import in_one_unit, margin_text, plain_margin, value_text
from eda_agent.units import EXACT, counted

SIGNS = {"pass": "✓ pass", "thin": "✓ thin", "near": "~ near", "fail": "✗ fail"}


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
    _, bounds = in_one_unit(spec, [(value, "") for _, value in sides], EXACT)
    kind = verdict(spec, result)
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
        "share": _share(spec, result["value"], bound),
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


def least_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The sentence that names the least margin: of the first row, in its unit and in percent. "" without a margin."""
    first = next((row for row in rows if row["margin"] != "—"), None)
    if first is None:
        return ""
    thin = sum(row["kind"] == "thin" for row in rows)
    share = f" ({first['share']})" if first["share"] else ""
    others = f"; {counted(thin, 'spec')} met by a thin margin" if thin else ""
    return f"{first['name']} {first['margin']}{share} in {first['corner']}{others}"


def _share(spec: Mapping[str, Any], value: float | None, bound: str) -> str:
    """The margin in percent of the target, where `margin_text` gives volts."""
    percent = plain_margin(spec, value, bound)["margin_percent"]
    if percent is None or spec["unit"] != "V":
        return ""
    return f"{percent:+.2g} %" if abs(percent) < 100 else f"{percent:+.0f} %"


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
