"""The oscillator's check: it swings after the initial kick, and often enough for a frequency."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eda_agent.metrics import measure
from eda_agent.metrics.oscillator import SWING
from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom
from eda_agent.units import format_quantity


def check(seen: Observation) -> Iterator[Symptom]:
    wave = seen.wave("tran", "out")
    if "oscillation_frequency" not in seen.metrics or wave is None:
        return
    half = float(wave.axis[-1]) / 2
    late = wave.real("out")[wave.axis >= half]
    window = format_quantity(half, "s", 2)
    if np.ptp(late) < SWING * seen.vdd:
        did = f"it stands still: out swings by {format_quantity(float(np.ptp(late)), 'V', 2)} in the last {window}"
        yield Symptom(
            "stands still",
            seen.testbench,
            seen.corner,
            did,
            "the bias, the control voltage, and the length of the simulation (frequency:)",
        )
        return
    value, why, *_ = measure("oscillation_frequency", wave, seen.settings)
    if value is None:
        did = f"it moves, but has {why} (the last {window})"
        yield Symptom(
            "no periods",
            seen.testbench,
            seen.corner,
            did,
            "the length of the simulation (frequency: about the expected value)",
        )
