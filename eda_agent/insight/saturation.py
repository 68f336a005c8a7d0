"""Left saturation: the devices that must be saturated (`problem.structure.saturation`) and are not, each in its worst
corner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eda_agent.errors import InputError
from eda_agent.problem.off_current import is_off
from eda_agent.units import format_quantity

if TYPE_CHECKING:
    from eda_agent.problem.spec import Problem

Row = Mapping[str, Any]


def saturated_devices(problem: Problem) -> tuple[str, ...]:
    """The devices that a problem's circuit needs in saturation, without those that a spec wants in triode or off."""
    # for a problem alone: views of a journal need none, and are there sooner without
    from eda_agent.problem.structure.recognise import recognise
    from eda_agent.problem.structure.saturation import meant_for_saturation

    elsewhere = {
        device
        for spec in problem.specs
        if spec.maximum is not None and spec.metric.name in {"saturation_margin", "drain_current"}
        for device in spec.devices
    }
    try:
        structure = recognise(problem.netlist, problem.subckt, problem.pdk)
    except InputError:
        return ()
    return tuple(name for name in meant_for_saturation(structure) if name not in elsewhere)


def left_saturation(points: Mapping[str, Mapping[str, Row]], devices: Iterable[str]) -> list[dict[str, Any]]:
    """Rows of device, region, corner, `short` (missing margin in V, None for a device that is off), `corners` (names)
    and text, the worst first.

    `points`: corner → device → operating point with `id` and `margin`.
    """
    rows = []
    for device in devices:
        found = {corner: row[device] for corner, row in points.items() if device in row}
        out = {
            corner: None if is_off(point) else -point["margin"]
            for corner, point in found.items()
            if is_off(point) or (point["margin"] is not None and point["margin"] < 0)
        }
        if out:
            corner = max(out, key=lambda name: float("inf") if (short := out[name]) is None else short)
            rows.append(_row(device, corner, out[corner], list(out)))
    return sorted(rows, key=lambda row: -(float("inf") if row["short"] is None else row["short"]))


def _row(device: str, corner: str, short: float | None, corners: list[str]) -> dict[str, Any]:
    others = len(corners) - 1
    also = f" (and in {others} other{'s' if others > 1 else ''})" if others else ""
    where = f"in {corner}{also}"
    text = (
        f"{device} is off {where}"
        if short is None
        else f"{device} is out of saturation by {format_quantity(short, 'V', 3)} {where}"
    )
    return {
        "device": device,
        "region": "off" if short is None else "triode",
        "corner": corner,
        "short": short,
        "corners": corners,
        "text": text,
    }


def saturation_text(started: Row, verified: Row, turn: Row) -> list[str]:
    """The devices that leave saturation in a turn, as lines: in every corner that was verified, else in the corner of
    its operating points.
    """
    if verified.get("index") == turn.get("index") and "left_saturation" in verified:
        rows: Sequence[Row] = verified["left_saturation"]
    else:
        points = turn.get("evaluation", {}).get("operating_points", {})
        first = next(iter(started.get("corners", ())), "")
        rows = left_saturation({first: points}, started.get("saturated", ()))
    return [str(row["text"]) for row in rows]
