"""The check of a power-on reset: its output has both states while the supply rises and falls."""

from __future__ import annotations

from collections.abc import Iterator

from eda_agent.metrics.measurable import Unmeasurable
from eda_agent.metrics.power_on_reset import trips
from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom


def check(seen: Observation) -> Iterator[Symptom]:
    """A symptom if the output stays in one state at every supply voltage."""
    wave = seen.wave("tran", "out", "in") if seen.template == "reset_threshold" else None
    if wave is None:
        return
    try:
        # the first of the two ramps, of which the thresholds are read; the second is too fast for a late output
        slow = wave.axis <= 2 * seen.settings["ramp"]
        trips(wave.real("in")[slow], wave.real("out")[slow])
    except Unmeasurable as error:
        look = "which port is the output; a delay alone (a resistor that charges a capacitor) has no threshold"
        yield Symptom("does not trip", seen.testbench, seen.corner, str(error), look)
