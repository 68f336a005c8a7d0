"""Given targets name metrics with their bounds, for a draft."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping

from eda_agent.errors import Finding, InputError
from eda_agent.metrics import METRICS
from eda_agent.units import QuantityError, parse_quantity

SIDES = ("minimum", "maximum")


def read_targets(given: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, float]]:
    """Metric → bounds in SI units. Raises `InputError` with every fault."""
    found: dict[str, dict[str, float]] = {}
    faults = []
    for name, bounds in given.items():
        where = f"target {str(name)[:40]}"
        if name not in METRICS:
            near = difflib.get_close_matches(str(name), METRICS, 3)
            more = "docs/measurements.md lists the metrics"
            fix = f"did you mean {' or '.join(near)}? {more}" if near else more
            faults.append(Finding("unknown metric", where=where, fix=fix))
            continue
        if not isinstance(bounds, Mapping) or not bounds or not set(bounds) <= set(SIDES):
            faults.append(Finding("minimum or maximum, and nothing else", where=where, fix='{"minimum": "20M"}'))
            continue
        try:
            found[name] = {side: parse_quantity(value, METRICS[name].unit) for side, value in bounds.items()}
        except QuantityError as error:
            faults.append(Finding(str(error), where=where))
            continue
        if found[name].get("minimum", -math.inf) > found[name].get("maximum", math.inf):
            faults.append(Finding("minimum is above maximum", where=where, fix="exchange them"))
    if faults:
        raise InputError(faults)
    return found
