"""What was typed last for a spec: the changes, corners and budget of its newest run, read from the run's journal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pya

from .stream import quantity
from .units import shown_unit

if TYPE_CHECKING:
    from .form import Form


@dataclass
class Typed:
    """`orders`: commands that changed the problem; `corners`: "" for those of the spec; `budget`: 0 for the spec's."""

    orders: list[Mapping[str, Any]] = field(default_factory=list)
    corners: str = ""
    budget: int = 0


def recalled(spec: Path) -> Typed | None:
    """What the newest run of a spec, in `runs` beside it, was started or steered with; None without a run."""
    newest: tuple[float, Path] | None = None
    for path in (spec.parent / "runs").glob("*/journal.jsonl"):
        try:
            origin = json.loads((path.parent / "origin.json").read_text(encoding="utf-8"))["spec"]
            if Path(origin).resolve() == spec.resolve():
                newest = max(newest or (0.0, path), (path.stat().st_mtime, path))
        except (OSError, ValueError, LookupError, TypeError):
            # another's folder
            continue
    if newest is None:
        return None
    result = Typed()
    with newest[1].open(encoding="utf-8", errors="replace") as file:
        for line in file:
            # most events are long, and of no interest
            if any(name in line for name in ('"problem.changed"', '"spec.changed"', '"run.started"')):
                try:
                    _apply(result, json.loads(line))
                except (ValueError, LookupError, TypeError, AttributeError):
                    # the torn end of a killed run
                    continue
    return result


def _apply(result: Typed, event: Mapping[str, Any]) -> None:
    if event["type"] == "problem.changed":
        result.orders.append(event["order"])
    elif event["type"] == "spec.changed":
        result.orders = list(event["edits"])
    elif event["type"] == "run.started":
        request = (event.get("opened") or {}).get("request") or {}
        result.corners = str(request.get("corners") or "")
        result.budget = int(request.get("simulations") or 0)


def recall(form: Form, typed: Typed) -> None:
    """Write into a form what was typed last; what no longer fits is red there."""
    specs = {form.specs.item(row, 0).text: row for row in range(form.specs.rowCount)}
    sizes = {form.sizes.item(row, 0).text: row for row in range(form.sizes.rowCount)}
    for order in typed.orders:
        kind = order.get("do")
        row = specs.get(str(order.get("spec"))) if kind == "target" else sizes.get(str(order.get("parameter")))
        if row is None:
            continue
        unit = shown_unit(form.rows_of_specs[row]) if kind == "target" else form.rows_of_sizes[row]["unit"]
        if kind in ("target", "range"):
            table = form.specs if kind == "target" else form.sizes
            for column, side in enumerate(("minimum", "maximum"), start=1):
                if order.get(side) is not None:
                    table.item(row, column).setText(_text(order[side], unit))
        elif kind in ("lock", "unlock"):
            item = form.sizes.item(row, 3)
            item.setCheckState(pya.Qt.Checked if kind == "lock" else pya.Qt.Unchecked)
            if kind == "unlock":
                item.setText("")
            elif order.get("value") is not None:
                item.setText(_text(order["value"], unit))
    if typed.corners and form.corners.findText(typed.corners) >= 0:
        form.corners.setCurrentIndex(form.corners.findText(typed.corners))
    if typed.budget:
        form.budget.value = typed.budget


def _text(value: Any, unit: str) -> str:
    return value if isinstance(value, str) else quantity(value, unit, 6)
