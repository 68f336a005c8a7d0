"""Guard words say how far targets are tightened, whether the user's own are met, and what a thin margin asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eda_agent.record.labels import target_text, verdict
from eda_agent.units import counted, format_quantity, shown_unit

Row = Mapping[str, Any]

MUCH = 1.0
"""dB: a target that is tightened by more is pointed out."""


def tightened_lines(specs: Sequence[Row]) -> list[str]:
    """A heading and a line for each spec that is tightened, and what that means in dB; [] if none is.

    Args:
        specs: of a run, as event data.
    """
    tightened = [spec for spec in specs if spec.get("asked")]
    if not tightened:
        return []
    lines = ["tightened targets:", *(f"  {spec['name']} {target_text(spec)}" for spec in tightened)]
    far = [
        f"{spec['name']} by {format_quantity(step, 'dB', 2)}" for spec in tightened if (step := _decibels(spec)) > MUCH
    ]
    if far:
        lines.append(f"! the share is one of the number in dB: {', '.join(far)}")
    return lines


def _decibels(spec: Row) -> float:
    """By how many dB a target in dB is tightened; 0 for other units."""
    if shown_unit(spec) != "dB":
        return 0.0
    sides = zip(spec["asked"], (spec["minimum"], spec["maximum"]), strict=True)
    return max((abs(one - other) for one, other in sides if one is not None and other is not None), default=0.0)


def only_the_guard(verified: Row | None) -> str:
    """That a design meets the user's targets and misses only the tightened ones; "" if it is not so."""
    if verified and verified.get("asked_met") and not verified["met"]:
        return "your own targets are met; the guard band beyond them is not"
    return ""


def thin_advice(specs: Sequence[Row], results: Mapping[str, Row]) -> str:
    """What to do about specs that are met by a thin margin; "" without one, and with a guard band.

    Args:
        specs: of a run, as event data.
        results: spec → its result in the worst corner.
    """
    bounded = [spec for spec in specs if spec["minimum"] is not None or spec["maximum"] is not None]
    thin = [spec["name"] for spec in bounded if verdict(spec, results[spec["name"]]) == "thin"]
    if not thin or any(spec.get("asked") for spec in specs):
        return ""
    return (
        f"{counted(len(thin), 'spec')} met by a thin margin ({', '.join(thin)}): size with --guard 5% for more, or with"
        " --robust 0.95 for yield"
    )
