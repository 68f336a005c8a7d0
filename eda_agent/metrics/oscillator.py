"""Metrics of an oscillator: its frequency, and the modulation of its period by a ripple of its supply."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.measurable import Censored, Real, Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform
from eda_agent.units import format_quantity

SWING = 0.1
"""Share of the supply: a smaller swing drives no following stage, and dies out or is ripple."""


def rising_edges(time: Real, value: Real, after: float, least: float = 0.01) -> Real:
    """Times (s) after `after` at which a steady oscillation rises through its middle; at least six of them.

    The middle is that of the waveform's own extremes, because not every oscillator swings around half of its supply.
    Raises `Unmeasurable` if the swing is below `least` (V) or still grows or decays: this is ringing, no oscillation.
    A sustained oscillation that is too slow for six edges is `Censored`, with a bound on its frequency (Hz).
    """
    if np.ptp(value[time >= after]) >= least:
        _must_be_fast(time, value, after)
    late = time >= (after + time[-1]) / 2
    early = (time >= after) & ~late
    level = float(value[late].max() + value[late].min()) / 2
    swings = float(np.ptp(value[early])), float(np.ptp(value[late]))
    if swings[1] < least:
        shown = format_quantity(swings[1], "V", 2)
        raise Unmeasurable(f"no steady oscillation: the output stands still, its swing is {shown} in the second half")
    if not 0.8 < swings[1] / swings[0] < 1.25:
        raise Unmeasurable(
            f"no steady oscillation: its swing goes from {format_quantity(swings[0], 'V')} to"
            f" {format_quantity(swings[1], 'V')} in the second half"
        )
    moments = rises(time, value, level)
    moments = moments[moments >= after]
    if moments.size < 6:
        raise Unmeasurable("no steady oscillation: fewer than five periods in the second half of the transient")
    return np.asarray(moments)


def _must_be_fast(time: Real, value: Real, after: float) -> None:
    """Raise `Censored` if the whole waveform rises too seldom through its middle, as often at its end as before."""
    moments = rises(time, value, float(value.max() + value.min()) / 2)
    late = int((moments >= after).sum())
    if moments.size < 2 or late >= 6:
        return
    period, window = float(moments[-1] - moments[-2]), float(time[-1]) - after
    if moments[-1] >= time[-1] - 1.5 * period:
        # five edges at most: six periods are longer than the window
        raise Censored("too few periods", "<", 6 / window, max(7 * period / window, 2.0))


def rises(time: Real, value: Real, level: float) -> Real:
    rising = np.flatnonzero((value[:-1] < level) & (value[1:] >= level))
    share = (level - value[rising]) / (value[rising + 1] - value[rising])
    return np.asarray(time[rising] + share * (time[rising + 1] - time[rising]))


def period_modulation(edges: Real, frequency: float) -> float:
    """RMS (s) of the sine of a known frequency (Hz) in the periods between edges, fitted by least squares.

    The standard deviation of the periods would depend on the phase at which the modulation is cut off.
    """
    phase = 2 * math.pi * frequency * (edges[:-1] + edges[1:]) / 2
    terms = np.stack([np.ones_like(phase), np.cos(phase), np.sin(phase)], axis=1)
    found, _, rank, _ = np.linalg.lstsq(terms, np.diff(edges), rcond=1e-3)
    if rank < 3:
        raise Unmeasurable("the ripple cannot be told from the oscillation: another ripple_frequency is needed")
    return float(math.hypot(found[1], found[2]) / math.sqrt(2))


def _edges(wave: Waveform, settings: Mapping[str, float]) -> Real:
    return rising_edges(wave.axis, wave.real("out"), float(wave.axis[-1]) / 2, SWING * settings["vdd"])


@metric(
    "oscillation_frequency",
    "Hz",
    id=18,
    analysis="tran",
    typical=500e6,
    definition="mean frequency once the oscillation is steady",
    window="an upper bound where the window has too few periods",
    second="tests/measurements/test_oscillator.py",
)
def _oscillation_frequency(wave: Waveform, settings: Mapping[str, float]) -> float:
    edges = _edges(wave, settings)
    return (edges.size - 1) / float(edges[-1] - edges[0])


@metric(
    "period_jitter",
    "s",
    id=23,
    analysis="tran",
    definition="rms deviation of the period that the supply's ripple causes",
    second="tests/measurements/test_oscillator.py",
)
def _period_jitter(wave: Waveform, settings: Mapping[str, float]) -> float:
    if settings["ripple"] <= 0:
        raise Unmeasurable("the supply has no ripple: set  ripple: 10m  in the testbench")
    try:
        edges = _edges(wave, settings)
    except Censored as error:
        # the bound applies to the frequency
        raise Unmeasurable(str(error), error.wanted) from None
    return period_modulation(edges, settings["ripple_frequency"])
