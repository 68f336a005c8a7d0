"""A level search finds the input level at which a sample and hold is slowest: the testbench steps to every eighth of
the signal range from both ends, then to levels beside the slowest one.

A switch is weakest where both of its devices hardly conduct, which may be a narrow part of the range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from eda_agent.metrics.sample_hold import ROUND, slowest
from eda_agent.metrics.waveform import Waveform

ROUNDS = (1 / 16, 1 / 32)
"""Distances of the further levels from the slowest one so far, as shares of the signal range."""
SETTLED = 2
"""Periods before the first step of a round, which are left out."""
LENGTH = SETTLED + ROUND
"""Periods of a round."""


def with_slowest_level(
    wave: Waveform,
    settings: Mapping[str, float],
    sources: str,
    alter: Callable[[str, str, str], None],
    again: Callable[[float], Waveform],
) -> Waveform:
    """The waveform of a transient, with further periods in which the input steps to levels near the slowest one.

    Args:
        wave: has `in` and `out`.
        settings: those of the testbench.
        sources: the names of two sources: the choice between both waveforms of the input, and the second one, in shares
            of the signal range.
        alter: sets a parameter of a source to a text.
        again: runs the transient up to a time (s), and reads it.
    """
    choice, level = sources.split()
    low, span = settings["signal_low"], settings["signal_high"] - settings["signal_low"]
    alter(choice, "dc", "1")
    try:
        for distance in ROUNDS:
            found = slowest(wave, settings)
            if found is None or not span:
                break
            start, goal = ((volts - low) / span for volts in found)
            levels = [min(max(goal + sign * distance, 0.0), 1.0) for sign in (-1, 1)]
            alter(level, "pwl", _steps(round(start), levels, settings))
            wave = _joined(wave, again(LENGTH / settings["frequency"]), settings["frequency"])
    finally:
        alter(choice, "dc", "0")
    return wave


def _steps(start: float, levels: list[float], settings: Mapping[str, float]) -> str:
    """The points of a source that steps from an end to each of the levels, late in the hold of every period."""
    period, edge = 1 / settings["frequency"], settings["edge"]
    words, held = ["0", repr(start)], start
    for number, goal in enumerate((levels[0], start, levels[1])):
        at = (SETTLED - 0.25 + number) * period
        words += [repr(at), repr(held), repr(at + edge), repr(goal)]
        held = goal
    return f"[ {' '.join(words)} ]"


def _joined(wave: Waveform, more: Waveform, frequency: float) -> Waveform:
    kept = more.axis > SETTLED / frequency
    # whole periods, so that the metrics find the steps
    begin = round(wave.axis[-1] * frequency) / frequency - SETTLED / frequency
    axis = np.concatenate([wave.axis, more.axis[kept] + begin])
    return Waveform(
        wave.kind, axis, {role: np.concatenate([row, more.probes[role][kept]]) for role, row in wave.probes.items()}
    )
