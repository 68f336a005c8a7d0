"""The worst corners of a plot are those in which the specs that are measured from it are worst: every front draws them
first.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from eda_agent.metrics import METRICS

Row = Mapping[str, Any]
Worst = Mapping[tuple[str, str], Sequence[str]]
"""(testbench, kind of analysis) → the worst corners of its plots, the most important first."""
PLOTTED = ("ac", "dc", "tran", "noise")


def worst_corners(
    specs: Sequence[Row],
    results: Mapping[str, Row],
    bench_of: Mapping[str, str],
    values: Mapping[str, Mapping[str, float | None]],
) -> Worst:
    """The worst corners of every plot: the worst one of each of its specs, then the second worst of each, and so on.

    A plot without a spec of its own takes every spec of its testbench.

    Args:
        specs: of the run, as event data.
        results: spec → its result in the worst corner, of one turn.
        bench_of: spec → testbench.
        values: corner → spec → value, of the same turn.
    """
    asked = [spec for spec in specs if spec["name"] in results]
    asked.sort(key=lambda spec: _importance(spec, results[spec["name"]]))
    found = {}
    for bench in {bench_of.get(spec["name"], "") for spec in asked}:
        inside = [spec for spec in asked if bench_of.get(spec["name"], "") == bench]
        for kind in PLOTTED:
            own = [spec for spec in inside if _measured_from(spec, kind)] or inside
            orders = [_worst_first(spec, results[spec["name"]]["corner"], values) for spec in own]
            rounds = itertools.zip_longest(*orders)
            found[bench, kind] = list(dict.fromkeys(corner for one in rounds for corner in one if corner))
    return found


def _importance(spec: Row, result: Row) -> tuple[bool, float]:
    # the marks of a Bode plot are those of the corner with the least phase margin
    return spec["metric"] != "phase_margin", result["margin"] if result["margin"] is not None else -9.0


def _measured_from(spec: Row, kind: str) -> bool:
    """Whether a spec is measured from this kind of analysis; of a metric that the user defines that is not known."""
    metric = METRICS.get(spec["metric"])
    return metric is None or metric.analysis == kind


def _worst_first(spec: Row, worst: str, values: Mapping[str, Mapping[str, float | None]]) -> list[str]:
    """The corners of a spec, `worst` first, then those with the least distance to its targets."""
    low, high = spec.get("minimum"), spec.get("maximum")

    def distance(corner: str) -> float:
        value = values[corner][spec["name"]]
        if value is None:
            return -math.inf
        return min(value - low if low is not None else math.inf, high - value if high is not None else math.inf)

    measured = [corner for corner, row in values.items() if spec["name"] in row]
    limited = low is not None or high is not None
    return list(dict.fromkeys([worst, *(sorted(measured, key=distance) if limited else ())]))
