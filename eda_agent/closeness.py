"""A value is close to its target within a few per cent of it, or a small part of a dB or a degree.

This is the one definition for the command line, the app, the report and the KLayout plugin, which has a copy of this
module: it imports the standard library alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

CLOSE_SHARE, CLOSE_IN_WINDOW = 0.03, 0.1
"""A value is close to its target within this share of the target; of a target with two bounds, also of the distance
between them."""
CLOSE_BY = {"dB": 0.3, "deg": 0.5}
"""Units in which a value is close to its target within this difference."""


def nearest_bound(spec: Mapping[str, Any], value: float | None) -> tuple[float, float] | None:
    """(how far a value is inside its target, negative outside; the bound), in SI units; None without a value."""
    if value is None or not math.isfinite(value):
        return None
    low, high = spec.get("minimum"), spec.get("maximum")
    found = [(value - low, low)] if low is not None else []
    return min([*found, *([(high - value, high)] if high is not None else [])], default=None)


def is_close(spec: Mapping[str, Any], value: float | None, bound: str = "") -> bool:
    """Whether a value is close to its target, inside or outside: such a miss is "near", and such a pass is "thin". A
    censored value is not, and of a target of 0 none is.
    """
    found = nearest_bound(spec, value)
    if found is None or bound:
        return False
    distance, target = found
    limit = CLOSE_BY.get(str(spec.get("unit", "")), CLOSE_SHARE * abs(target))
    low, high = spec.get("minimum"), spec.get("maximum")
    if low is not None and high is not None:
        limit = min(limit, CLOSE_IN_WINDOW * (high - low))
    # a miss of exactly the limit is close, whatever its rounding
    return abs(distance) <= limit * (1 + 1e-9) if limit else False
