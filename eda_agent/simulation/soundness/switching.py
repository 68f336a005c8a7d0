"""The check of a circuit that switches: its output goes from one half of the supply to the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom
from eda_agent.units import format_quantity

SWING = 0.5
"""Share of the supply: a smaller swing does not cross the threshold of the stage behind on both sides."""
TEMPLATES = frozenset({"logic", "logic_transfer", "level_shifter", "hysteresis"})


def check(seen: Observation) -> Iterator[Symptom]:
    """A symptom if the output of a gate hardly moves although its input goes from rail to rail."""
    if seen.template not in TEMPLATES:
        return
    swings = [
        float(np.ptp(wave.real("out"))) for kind in ("tran", "dc") if (wave := seen.wave(kind, "out")) is not None
    ]
    if swings and max(swings) < SWING * seen.vdd:
        did = f"out does not switch: it swings by {format_quantity(max(swings), 'V', 2)} of {seen.vdd:g} V"
        look = "the ratio of the devices that pull up and down, the supplies, and the levels of the other inputs"
        yield Symptom("does not switch", seen.testbench, seen.corner, did, look)
