"""Metrics of a clocked comparator: its decision delay and energy, the input at which its decision flips, and what it
kicks back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from eda_agent.metrics.measurable import WIDER, Censored, Real, Unmeasurable, crossing, mean
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform
from eda_agent.units import format_quantity


def decision_delay(
    time: Real, clock: Real, difference: Real, level: float, expected: Iterable[tuple[float, float, int]]
) -> float:
    """The slowest decision (s) after a rising clock edge.

    `expected`: for each decision (start, stop, sign) of its window in s and the sign that `difference` must take. A
    decision counts if `difference`·sign reaches `level` (V) in the window and is still beyond it at the end of the
    clock's high half. One in the right direction that has not reached it is `Censored`. An output that holds the
    decision of before, as behind a latch of gates, shows no delay where the decision is the same.
    """
    delays = []
    for start, stop, sign in expected:
        edge = crossing(time, clock, float(clock.max()) / 2, rising=True, after=start, before=stop)
        signed = difference * sign
        if _stands(time, signed, level, edge, stop):
            continue
        try:
            moment = crossing(time, signed, level, rising=True, after=edge, before=stop, last=True)
        except Unmeasurable:
            if float(np.interp(stop, time, signed)) <= 0:
                raise Unmeasurable("the comparator decides the wrong way") from None
            raise Censored("not decided", ">", stop - edge, WIDER) from None
        if float(np.interp(stop, time, signed)) < level:
            raise Unmeasurable("the decision does not hold")
        delays.append(moment - edge)
    if not delays:
        raise Unmeasurable("the output does not change with the decision")
    return max(delays)


def _stands(time: Real, signed: Real, level: float, start: float, stop: float) -> bool:
    """Whether a decision is there from the clock's edge to the end."""
    inside = signed[(time > start) & (time < stop)]
    ends = np.interp([start, stop], time, signed)
    return bool(inside.size) and float(min(inside.min(), ends.min())) >= level


@metric(
    "delay",
    "s",
    id=4,
    analysis="tran",
    typical=1e-9,
    definition="time from the 50 % clock edge to a valid decision, the slower of both decisions",
    window="a lower bound where the decision goes the right way and is not reached in the clock's half",
    second="tests/measurements/test_supply.py",
)
def _delay(wave: Waveform, settings: Mapping[str, float]) -> float:
    period = 1 / settings["frequency"]
    # the input changes sign after the first cycle's clock has fallen; see the comparator template
    windows = [(0.45 * period, 0.98 * period, 1), (1.45 * period, 1.98 * period, -1)]
    difference = wave.real("outp") - wave.real("outn")
    clock = wave.real("clock")
    return decision_delay(wave.axis, clock, difference, settings["vdd"] / 2, windows)


@metric(
    "decision_energy",
    "J",
    analysis="tran",
    typical=1e-12,
    definition="energy from the supply in each period of the clock",
    second="tests/measurements/test_clocked_comparators.py",
    aliases=("energy_per_decision",),
)
def _decision_energy(wave: Waveform, settings: Mapping[str, float]) -> float:
    _refuse_undecided(wave, settings, (1, -1))
    current = mean(wave.axis, wave.real("supply"), settings["average_from"], settings["average_to"])
    if current <= 0:
        raise Unmeasurable("the supply delivers no energy: the circuit is fed from elsewhere")
    return current * settings["vdd"] / settings["frequency"]


@metric(
    "kickback",
    "V",
    analysis="tran",
    typical=10e-3,
    definition="largest change of the differential input behind its source resistors, in two periods of the clock",
    second="tests/measurements/test_clocked_comparators.py",
)
def _kickback(wave: Waveform, settings: Mapping[str, float]) -> float:
    _refuse_undecided(wave, settings, (1, 1))
    change = wave.real("inp") - wave.real("inn") - settings["vdiff"]
    return float(np.max(np.abs(change)))


def _refuse_undecided(wave: Waveform, settings: Mapping[str, float], signs: tuple[int, int]) -> None:
    """One that does not decide kicks less and takes less energy: its figures would be too good.

    `signs`: of the differential input in both cycles.
    """
    ends = np.array([0.98, 1.98]) / settings["frequency"]
    difference = float(np.min(signs * np.interp(ends, wave.axis, wave.real("outp") - wave.real("outn"))))
    if difference <= 0:
        raise Unmeasurable("the comparator decides the wrong way")
    if difference < settings["vdd"] / 2:
        raise Unmeasurable("not decided", WIDER)


SURE = 0.9
"""Magnitude of a held decision, from -1 to 1, from which the outputs have parted."""


@metric(
    "decision_offset",
    "V",
    analysis="tran",
    definition="magnitude of the differential input at which the decision of a clocked comparator flips",
    window="a lower bound where the decision flips beyond `range`",
    second="tests/measurements/test_decision_offset.py",
)
def _decision_offset(wave: Waveform, settings: Mapping[str, float]) -> float:
    held, reach = wave.real("held"), settings["range"]
    up, down = float(held.max()) > SURE, float(held.min()) < -SURE
    if not (up or down):
        raise Unmeasurable("not decided")
    if not (up and down):
        limit = format_quantity(reach, "V", 3)
        raise Unmeasurable(f"the decision is the same at every input within {limit}: stuck, inverted or far off")
    found = abs(float(wave.real("difference")[-1]))
    if found > reach:
        raise Censored("beyond the range of the search", ">", reach)
    return found
