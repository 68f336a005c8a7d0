"""The comparator's check: its outputs separate in both directions, as its input does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom
from eda_agent.units import format_quantity

_ENDS = (0.97, 1.97)
"""In clock cycles: the ends of both decisions, just before the clock falls (see the template)."""


def check(seen: Observation) -> Iterator[Symptom]:
    wave = seen.wave("tran", "outp", "outn")
    if "delay" not in seen.metrics or wave is None:
        return
    difference = wave.real("outp") - wave.real("outn")
    period = 1 / seen.settings["frequency"]
    first, second = (float(np.interp(end * period, wave.axis, difference)) for end in _ENDS)
    # the template's definition of a decision
    level = seen.vdd / 2
    look = "the clock, the common mode (vcm) and the outputs' load"
    if max(abs(first), abs(second)) < level:
        most = format_quantity(max(abs(first), abs(second)), "V", 2)
        yield Symptom(
            "not decided",
            seen.testbench,
            seen.corner,
            f"not decided: its outputs differ by at most {most}",
            look,
        )
    elif min(abs(first), abs(second)) >= level and first * second > 0:
        yield Symptom(
            "one decision", seen.testbench, seen.corner, "it decides the same way whatever its input is", look
        )
    elif first <= -level and second >= level:
        yield Symptom(
            "decides wrongly",
            seen.testbench,
            seen.corner,
            "it decides the wrong way each time",
            "which output and which input are the positive ones (ports:)",
        )
