"""The check of an analog switch: it conducts when it is on, and does not when it is off."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eda_agent.metrics.switch import conductance
from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom
from eda_agent.units import format_quantity

ON = 10e6
"""Ohm: with 1 pF it has a time constant of 10 us, and a device that is off may have it."""
OFF = 100e3
"""Ohm: a device that is on has less, unless it is very long."""
LOOK = "which control port is high when the switch is on (ports en and enb), and the wells"


def check(seen: Observation) -> Iterator[Symptom]:
    """A symptom if the switch is off at every input voltage, or conducts while it is off."""
    wave = seen.wave("dc", "current")
    if wave is None:
        return
    if seen.template == "switch_on":
        best = float(np.max(conductance(wave, seen.settings["drop"])))
        if best * ON < 1:
            did = f"the switch does not conduct when it is on: more than {format_quantity(ON, 'Ohm', 2)} everywhere"
            yield Symptom("does not conduct", seen.testbench, seen.corner, did, LOOK)
    if seen.template == "switch_off":
        most = float(np.max(np.abs(wave.real("current"))))
        if most * OFF > seen.settings["signal_high"] - seen.settings["signal_low"]:
            did = f"the switch conducts when it is off: {format_quantity(most, 'A', 2)} flow through it"
            yield Symptom("conducts when off", seen.testbench, seen.corner, did, LOOK)
