"""Stability margins are the distances of a loop gain T(jω) from −1, the point where the closed loop oscillates.

The loop is stable if T does not encircle −1 (H. Nyquist, "Regeneration theory", Bell System Technical Journal 11,
1932): if its phase passes −180° (−540°, +180°, …) equally often in both directions while |T| > 1. This applies to a
loop that is stable when it is open; another one has no margins (`open_loop`). A loop whose phase is below −180° at high
gain and returns (a conditionally stable one) therefore has positive margins, and one whose gain rises above 1 a second
time is judged at every crossing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.gain import no_unity, transfer_of
from eda_agent.metrics.measurable import WIDER, Censored, Complex, Real, Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.open_loop import FINER, stable_when_open
from eda_agent.metrics.waveform import Waveform

SHARPEST = 60.0
"""Change of phase (degrees) between two points of the sweep beyond which crossings between them are missed."""
NEAR = -20.0
"""dB: below it, a resonance does not matter to stability."""


def phase_margin(transfer: Complex) -> float:
    """Degrees between T and −1 at the worst frequency where |T| = 1; negative if the closed loop is unstable.

    With one crossing this is 180° + ∠T, the phase unwrapped from a positive sign at the lowest frequency: a phase below
    −180° gives a negative margin and is not confused with another branch. Raises `Unmeasurable` if the path inverts
    at low frequency or |T| never passes 1.
    """
    level, phase = polar(transfer)
    turns = [float(level_at(phase, place)) for place, _ in passes(level, 0.0)]
    if not turns:
        raise Unmeasurable(no_unity(level), WIDER if level[-1] > 0 else 0.0)
    if _encircles(level, phase):
        return min(180.0 - abs(turn) for turn in turns)
    return min(abs(turn % 360.0 - 180.0) for turn in turns)


def gain_margin(transfer: Complex) -> float:
    """The smallest change of gain in dB, up or down, that makes the loop unstable; of an unstable one, the excess as a
    negative number.

    It is −20 log |T| where the phase reaches −180°, in loops where it does so once. If it never does, the margin is
    above the attenuation at the end of the sweep: `Censored`.
    """
    level, phase = polar(transfer)
    at = [float(level_at(level, place)) for place, _ in half_turns(phase)]
    if not at:
        raise Censored("the phase never turns in the sweep", ">", -float(level[-1]))
    return -max(at) if _encircles(level, phase) else min(abs(value) for value in at)


def polar(transfer: Complex) -> tuple[Real, Real]:
    """|T| in dB and ∠T in degrees, unwrapped."""
    if transfer[0].real <= 0 and abs(transfer[0].imag) < abs(transfer[0].real):
        raise Unmeasurable("the path inverts at low frequency: feedback through it is positive")
    return 20 * np.log10(np.maximum(np.abs(transfer), 1e-300)), np.degrees(np.unwrap(np.angle(transfer)))


def resolved(transfer: Complex) -> Complex:
    """The loop gain itself. Raises `Unmeasurable` if a resonance near |T| = 1 is too sharp for the sweep: its crossings
    lie between two points.
    """
    level, phase = 20 * np.log10(np.maximum(np.abs(transfer), 1e-300)), np.degrees(np.unwrap(np.angle(transfer)))
    sharp = np.abs(np.diff(phase)) > SHARPEST
    if (sharp & (np.maximum(level[:-1], level[1:]) > NEAR)).any():
        raise Unmeasurable("a resonance is too sharp for the points of the sweep", FINER)
    return transfer


def loop_gain(wave: Waveform) -> Complex:
    """The loop gain of a probed loop. Raises `Unmeasurable` if no margin can be read from it."""
    frequency, transfer = transfer_of(wave)
    return stable_when_open(frequency, resolved(transfer))


def _encircles(level: Real, phase: Real) -> bool:
    return sum(direction for place, direction in half_turns(phase) if level_at(level, place) > 0) != 0


def half_turns(phase: Real) -> list[tuple[float, int]]:
    """The places where ∠T passes ±180°, ±540°, …, in the form of `passes`."""
    first, last = (math.floor((end - 180.0) / 360.0) for end in (phase.min(), phase.max()))
    return [found for turn in range(first, last + 1) for found in passes(phase, 180.0 + 360.0 * turn)]


def passes(values: Real, threshold: float) -> list[tuple[float, int]]:
    """(place, direction) of every passage of a threshold; a place is an index with a fraction, a direction 1 upwards
    and −1 downwards.
    """
    above = values >= threshold
    result = []
    for index in np.flatnonzero(above[:-1] != above[1:]):
        share = (threshold - values[index]) / (values[index + 1] - values[index])
        result.append((float(index + share), 1 if above[index + 1] else -1))
    return result


def level_at(values: Real, place: float) -> float:
    """The value at a place (see `passes`), interpolated."""
    index = min(int(place), len(values) - 2)
    return float(values[index] + (place - index) * (values[index + 1] - values[index]))


@metric(
    "phase_margin",
    "deg",
    ramp="linear",
    span=90.0,
    id=24,
    analysis="ac",
    loop=True,
    output="driven",
    typical=60.0,
    ask="typical",
    definition="angle between the loop gain and −1 where its magnitude is 1; negative where the loop is unstable",
    second="tests/simulation/test_opamp_loop.py",
    aliases=("pm",),
)
def _phase_margin(wave: Waveform, _settings: Mapping[str, float]) -> float:
    return phase_margin(loop_gain(wave))


@metric(
    "gain_margin",
    "dB",
    ramp="linear",
    span=20.0,
    id=6,
    analysis="ac",
    loop=True,
    output="driven",
    definition=(
        "change of the loop gain that makes it unstable; the attenuation at the end of the sweep where its phase never"
        " turns by 180°"
    ),
    window="a lower bound, the attenuation at the end of the sweep, where the phase never turns by 180°",
    second="tests/simulation/test_opamp_loop.py",
)
def _gain_margin(wave: Waveform, _settings: Mapping[str, float]) -> float:
    return gain_margin(loop_gain(wave))
