"""The worst corners of a testbench are those in which its specs have the least margin: every front draws them first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def worst_corners(
    specs: Sequence[Row], results: Mapping[str, Row], bench_of: Mapping[str, str]
) -> dict[str, list[str]]:
    """Testbench → the worst corners of its specs, the most important first.

    Args:
        specs: of the run, as event data.
        results: spec → its result in the worst corner, of one turn.
        bench_of: spec → testbench.
    """
    metrics = {spec["name"]: spec["metric"] for spec in specs}
    found: dict[str, list[str]] = {}

    def order(item: tuple[str, Row]) -> tuple[bool, float]:
        # the marks of a Bode plot are those of the corner with the least phase margin
        name, result = item
        return metrics.get(name) != "phase_margin", result["margin"] if result["margin"] is not None else -9.0

    for name, result in sorted(results.items(), key=order):
        found.setdefault(bench_of.get(name, ""), []).append(result["corner"])
    return {bench: list(dict.fromkeys(corners)) for bench, corners in found.items()}
