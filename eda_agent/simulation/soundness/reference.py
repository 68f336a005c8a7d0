"""The reference's check: its output depends on the supply less than that of a divider."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eda_agent.problem.off_current import OFF
from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom
from eda_agent.units import format_quantity

FOLLOWS = 0.5
"""Relative change of the output per relative change of the supply: a divider and an output tied
to the supply have exactly 1; half of it is not yet a reference.
"""


def check(seen: Observation) -> Iterator[Symptom]:
    if "output_current" in seen.metrics and (held := seen.wave("op", "current")) is not None:
        current = abs(float(held.real("current")[0]))
        if current < OFF:
            did = f"the output delivers no current: {format_quantity(current, 'A', 2)}"
            yield Symptom(
                "no current",
                seen.testbench,
                seen.corner,
                did,
                "a start-up state without current, and the voltage that holds the output (compliance)",
            )
    wave = seen.wave("dc", "out")
    # a current that follows the supply is poor, as that of a resistor and a mirror, but the testbench does test
    if "line_regulation" not in seen.metrics:
        return
    if wave is None or wave.axis.size < 2 or "line_low" not in seen.settings:
        return
    share = sensitivity(wave.axis, wave.real("out"), seen.settings["line_low"], seen.settings["line_high"])
    if share > FOLLOWS:
        did = f"out follows the supply: it changes by {100 * share:.0f} % of itself for 100 % of the supply"
        yield Symptom(
            "follows the supply",
            seen.testbench,
            seen.corner,
            did,
            "the bias, a start-up state without current, and whether the supply is high enough",
        )


def sensitivity(supply: np.ndarray, output: np.ndarray, low: float, high: float) -> float:
    """|Δout / out| / |Δsupply / supply| between two supplies (V), about their middle; 0 for an output without a
    value.
    """
    order = np.argsort(supply)
    first, last = (float(np.interp(point, supply[order], output[order])) for point in (low, high))
    middle = (abs(first) + abs(last)) / 2
    return abs(last - first) / middle * (low + high) / 2 / (high - low) if middle > 0 else 0.0
