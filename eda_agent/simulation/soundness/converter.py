"""The check of a digital-to-analog converter: each bit weighs more than the one below it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eda_agent.metrics.converter import levels
from eda_agent.metrics.measurable import Unmeasurable
from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom

TEMPLATES = frozenset({"dac_voltage", "dac_current"})


def check(seen: Observation) -> Iterator[Symptom]:
    """A symptom if the output does not follow the code, or a bit weighs less than the bit below it."""
    wave = seen.waves.get("dc") if seen.template in TEMPLATES else None
    if wave is None:
        return
    look = "the order of the bits (b0 is the least one), their inverses, and what the output drives"
    try:
        out = levels(wave, seen.settings)
    except Unmeasurable as error:
        yield Symptom("does not convert", seen.testbench, seen.corner, str(error), look)
        return
    weights = np.abs([out[2**bit] - out[0] for bit in range(round(seen.settings["bits"]))])
    wrong = [bit for bit in range(1, weights.size) if weights[bit] <= weights[bit - 1]]
    if wrong:
        did = f"b{wrong[0]} moves the output less than b{wrong[0] - 1} does"
        yield Symptom("bits out of order", seen.testbench, seen.corner, did, look)
