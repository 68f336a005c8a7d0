"""An uncovered size is one for which a PDK has no model: a message names it with the nearest size that has one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from eda_agent.errors import Finding, InputError
from eda_agent.units import format_quantity


def uncovered(
    device: str, model: str, size: tuple[float, float], bins: Sequence[tuple[str, float, float, float, float]]
) -> InputError:
    """The error for a device. `size`: W of a finger and L in m; `bins`: (card, W from, W to, L from, L to)."""

    def nearest(one: tuple[str, float, float, float, float]) -> tuple[float, float]:
        _, w0, w1, l0, l1 = one
        return min(max(size[0], w0), w1), min(max(size[1], l0), l1)

    def distance(found: tuple[float, float]) -> float:
        return math.hypot(*(math.log(max(end, 1e-12) / max(own, 1e-12)) for end, own in zip(found, size, strict=True)))

    said = f"no model of {model} covers {_shown(size)}"
    able = [nearest(one) for one in bins]
    if not able:
        return InputError(Finding(said, where=device, fix="name another device of the PDK"))
    best = min(able, key=distance)
    side = "W" if best[0] != size[0] else "L"
    end = "smallest" if best["WL".index(side)] > size["WL".index(side)] else "largest"
    fix = f"write {_shown(best)}: the nearest size with a model, whose {side} is the {end} there (W of a finger)"
    return InputError(Finding(said, where=device, fix=fix))


def _shown(size: tuple[float, float]) -> str:
    width, length = (format_quantity(one, "m") for one in size)
    return f"W = {width}, L = {length}"
