"""The check of a circuit that switches: its output goes from one half of the supply to the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom
from eda_agent.units import format_quantity

SWING = 0.5
"""Share of the supply: a smaller swing does not cross the threshold of the stage behind on both sides."""
MOVES = 0.02
"""Share of the supply by which a settled output may move in the last fifth of a half."""
TEMPLATES = frozenset({"logic", "logic_transfer", "level_shifter", "hysteresis"})


def check(seen: Observation) -> Iterator[Symptom]:
    """A symptom if the output of a gate ends both halves of its input's pulse at about the same voltage."""
    if seen.template not in TEMPLATES:
        return
    swing = _swing(seen)
    if swing is not None and swing < SWING * seen.vdd:
        did = f"out does not switch: its levels differ by {format_quantity(swing, 'V', 2)} of {seen.vdd:g} V"
        look = "the ratio of the devices that pull up and down, the supplies, and the levels of the other inputs"
        yield Symptom("does not switch", seen.testbench, seen.corner, did, look)


def _swing(seen: Observation) -> float | None:
    """V between the output's levels, None without a waveform or while the output still moves: its window grows."""
    if (swept := seen.wave("dc", "out")) is not None:
        return float(np.ptp(swept.real("out")))
    wave = seen.wave("tran", "out")
    if wave is None or "hold" not in seen.settings:
        return None
    hold, stop = seen.settings["hold"], float(wave.axis[-1])
    ends = [end for end in (1.1 * hold, stop) if end <= stop]
    now = np.interp(ends, wave.axis, wave.real("out"))
    before = np.interp([end - 0.2 * hold for end in ends], wave.axis, wave.real("out"))
    if len(ends) < 2 or np.max(np.abs(now - before)) > MOVES * seen.vdd:
        return None
    return float(abs(now[0] - now[1]))
