"""The check of a sample and hold: its output follows the input while it tracks, and does not while it holds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom

FOLLOWED = 0.1
"""Share of the input's step that the output must follow while it tracks; one that holds moves by half at most."""
LOOK = "which level of the clock tracks (ports clk and clkb), the signal range, and what drives the output"


def check(seen: Observation) -> Iterator[Symptom]:
    """A symptom if the output does not follow in tracking, or follows in holding."""
    wave = seen.wave("tran", "in", "out")
    if seen.template != "sample_hold" or wave is None:
        return
    time, driven, output = wave.axis, wave.real("in"), wave.real("out")
    period = 1 / seen.settings["frequency"]

    def moved(before: float, after: float) -> float:
        ends = np.array([before, after]) * period
        return float(np.ptp(np.interp(ends, time, output)) / np.ptp(np.interp(ends, time, driven)))

    if moved(1.5, 2.5) < FOLLOWED:
        did = "the output does not follow the input while it should track"
        yield Symptom("does not track", seen.testbench, seen.corner, did, LOOK)
    elif moved(1.74, 1.95) > 0.5:
        did = "the output follows the input while it should hold"
        yield Symptom("does not hold", seen.testbench, seen.corner, did, LOOK)
