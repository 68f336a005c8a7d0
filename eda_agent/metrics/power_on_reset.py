"""Metrics of a power-on reset: the supply voltages at which its output changes, the delay of the release, and how far
the output leaves the reset level before it.

The state of the output is its voltage over the supply at that moment: a reset may be high or low. `released` is its
level at the full supply. Without it a reset that never ends looks like one of the other sign: below the thresholds of
its gates the output follows the supply.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.measurable import WIDER, Censored, Real, Unmeasurable, crossing
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform

HELD = 0.1
"""Share of the supply within which the output is at the reset level."""
FLOOR = 0.25
"""Share of the full supply below which no gate has a state."""

SLOW = 0.003
"""Share of the full supply by which a threshold may differ when the supply rises and falls in half of the time."""


def trips(supply: Real, output: Real) -> tuple[float, float]:
    """(V of the supply from which the output is released while it rises, V below which it is not while it falls).

    The supply rises up to its largest value and falls behind it.
    """
    top = int(np.argmax(supply))
    # above 0 where the output is on the side that it has at the full supply
    side = (output - supply / 2) * (1.0 if output[top] > supply[top] / 2 else -1.0)
    found: list[float] = []
    for part in (slice(top, None, -1), slice(top, None)):
        level, signed = supply[part], side[part]
        left = np.flatnonzero(signed <= 0)
        if not left.size or level[left[0]] < FLOOR * supply[top]:
            way = "up" if not found else "down"
            raise Unmeasurable(f"the output never signals a reset while the supply goes {way}")
        one = int(left[0])
        share = signed[one - 1] / (signed[one - 1] - signed[one])
        found.append(float(level[one - 1] + share * (level[one] - level[one - 1])))
    return found[0], found[1]


def release(wave: Waveform, vdd: float) -> tuple[float, Real]:
    """(s at which the output passes the middle of the supply for the last time, V between the output and the reset
    level at each time), while the supply rises from 0.

    A change below `FLOOR` of the supply is none: there the gates get their state. Raises `Unmeasurable` without one.
    """
    time, supply, out = wave.axis, wave.real("in"), wave.real("out")
    away = out if out[-1] > supply[-1] / 2 else supply - out
    try:
        at = crossing(time, away - supply / 2, 0.0, rising=True, last=True)
    except Unmeasurable:
        raise Unmeasurable("the output does not change while the supply rises", WIDER) from None
    if float(np.interp(at, time, supply)) < FLOOR * vdd:
        raise Unmeasurable("the output changes below a quarter of the supply alone", WIDER)
    return at, away


def _must_be_released(supply: float, output: float, settings: Mapping[str, float]) -> None:
    """Raise `Unmeasurable` if the output is not at its released level at the full supply, or if that is not known."""
    level = settings.get("released", -1.0)
    if level < 0:
        raise Unmeasurable("the level of the released output is not known: set released to vdd or 0 in the testbench")
    if (output > supply / 2) != (level > settings["vdd"] / 2):
        raise Unmeasurable("the output is not released at the full supply", WIDER)


def _swept(wave: Waveform, settings: Mapping[str, float]) -> tuple[float, float]:
    supply, out = wave.real("in"), wave.real("out")
    top = int(np.argmax(supply))
    _must_be_released(float(supply[top]), float(out[top]), settings)
    fast = wave.axis > 2 * settings["ramp"]
    found = trips(supply[~fast], out[~fast])
    try:
        again = trips(supply[fast], out[fast])
    except Unmeasurable:
        again = (math.inf, -math.inf)
    # a delay adds to a threshold in proportion to the slope: what half of the time adds is the error
    if max(abs(one - two) for one, two in zip(found, again, strict=True)) > SLOW * settings["vdd"]:
        raise Unmeasurable("the delay of the circuit is not short beside the ramp of the supply", WIDER)
    return found


def _released(wave: Waveform, settings: Mapping[str, float]) -> tuple[float, Real]:
    _must_be_released(float(wave.real("in")[-1]), float(wave.real("out")[-1]), settings)
    return release(wave, settings["vdd"])


@metric(
    "trip_rising",
    "V",
    ramp="linear",
    span=0.5,
    analysis="tran",
    typical=1.2,
    definition="supply voltage from which a reset is released while the supply rises slowly",
    second="tests/measurements/test_power_on_reset.py",
)
def _trip_rising(wave: Waveform, settings: Mapping[str, float]) -> float:
    return _swept(wave, settings)[0]


@metric(
    "trip_falling",
    "V",
    ramp="linear",
    span=0.5,
    analysis="tran",
    typical=1.1,
    definition="supply voltage below which a reset is signalled while the supply falls slowly",
    second="tests/measurements/test_power_on_reset.py",
)
def _trip_falling(wave: Waveform, settings: Mapping[str, float]) -> float:
    return _swept(wave, settings)[1]


@metric(
    "trip_hysteresis",
    "V",
    analysis="tran",
    typical=50e-3,
    definition="rising trip voltage minus the falling one",
    second="tests/measurements/test_power_on_reset.py",
)
def _trip_hysteresis(wave: Waveform, settings: Mapping[str, float]) -> float:
    rising, falling = _swept(wave, settings)
    return rising - falling


@metric(
    "reset_delay",
    "s",
    analysis="tran",
    typical=1e-6,
    definition="time from the supply's passage through vdd/2 until the output is released for good",
    window="a lower bound where the output is not released at the end of the window",
    second="tests/measurements/test_power_on_reset.py",
    aliases=("por_delay",),
)
def _reset_delay(wave: Waveform, settings: Mapping[str, float]) -> float:
    vdd, supply, out = settings["vdd"], wave.real("in"), wave.real("out")
    passage = crossing(wave.axis, supply, vdd / 2, rising=True)
    level = settings.get("released", -1.0)
    if level >= 0 and (out[-1] > supply[-1] / 2) != (level > vdd / 2):
        raise Censored("not released", ">", float(wave.axis[-1]) - passage, WIDER)
    delay = _released(wave, settings)[0] - passage
    if delay <= 0:
        raise Unmeasurable("the output is released before the supply passes vdd/2", WIDER)
    return delay


def _glitch(wave: Waveform, settings: Mapping[str, float]) -> float:
    at, away = _released(wave, settings)
    supply = wave.real("in")
    before = np.flatnonzero((wave.axis < at) & (away < HELD * supply) & (supply > 0))
    if not before.size:
        raise Unmeasurable("the output never reaches the reset level before the release")
    last = int(before[-1])
    while last and away[last - 1] < away[last]:
        # the foot of the edge belongs to the release
        last -= 1
    return max(float(np.max(away[: last + 1])), 0.0)


for _name, _how in (("reset_glitch", "fast"), ("reset_glitch_slow", "slowly")):
    metric(
        _name,
        "V",
        analysis="tran",
        typical=0.7,
        definition=f"largest distance of the output from the reset level while the supply rises {_how}, before the"
        " release",
        second="tests/measurements/test_power_on_reset.py",
    )(_glitch)
