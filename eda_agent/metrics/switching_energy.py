"""The energy that a gate takes from its supply for one pulse at its input: both edges of its output."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.measurable import WIDER, Unmeasurable, mean
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform

RETURNED = 0.02
"""Share of the supply within which the output is back at the end of the pulse."""
SWITCHED = 0.5
"""Share of the supply by which an output that switches moves at least: the feedthrough of the input moves it less."""


@metric(
    "switching_energy",
    "J",
    analysis="tran",
    typical=100e-15,
    definition="energy from the supply for one pulse at the input, a rise and a fall of the output",
    second="tests/measurements/test_switching_energy.py",
    aliases=("energy_per_cycle",),
)
def _switching_energy(wave: Waveform, settings: Mapping[str, float]) -> float:
    out, vdd = wave.real("out"), settings["vdd"]
    if float(np.abs(out - out[0]).max()) < SWITCHED * vdd:
        raise Unmeasurable("the output has not switched", WIDER)
    if abs(float(out[-1] - out[0])) > RETURNED * vdd:
        raise Unmeasurable("the output has not returned at the end of the pulse: a longer hold is needed", WIDER)
    start, stop = settings["average_from"], settings["average_to"]
    energy = mean(wave.axis, wave.real("supply"), start, stop) * vdd * (stop - start)
    if energy <= 0:
        raise Unmeasurable("the supply delivers no energy: the circuit is fed from elsewhere")
    return energy
