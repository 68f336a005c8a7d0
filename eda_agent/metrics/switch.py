"""Metrics of an analog switch: its resistance when it is on, its leakage when it is off, and the step of the held
voltage when it opens.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.measurable import WIDER, Real, Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform

FOLLOWED = 0.01
"""Share of the supply by which the output may differ from the input when the switch opens."""


def conductance(wave: Waveform, drop: float) -> Real:
    """Conductance (S) of the switch at each input voltage, from the current of the source across it.

    The source's current is that of the switch in the other direction.
    """
    return -wave.real("current") / drop


def hold_step(time: Real, driven: Real, output: Real, hold: float, allowed: float) -> float:
    """The largest step (V) of the output where the switch opens, at `hold`, 3 · `hold` and 5 · `hold` (s).

    Each step goes from the moment before the opening to half of `hold` after it.

    Raises:
        Unmeasurable: the output differs from the input by more than `allowed` (V) when the switch opens.
    """
    opens = hold * np.array([1.0, 3.0, 5.0])
    before = np.interp(opens, time, output)
    if float(np.max(np.abs(before - np.interp(opens, time, driven)))) > allowed:
        raise Unmeasurable("out has not followed in when the switch opens", WIDER)
    return float(np.max(np.abs(np.interp(opens + hold / 2, time, output) - before)))


@metric(
    "on_resistance",
    "Ohm",
    analysis="dc",
    typical=1e3,
    definition="largest resistance between the two sides of a switch that is on, over the signal range",
    second="tests/measurements/test_switch.py",
    aliases=("ron",),
)
def _on_resistance(wave: Waveform, settings: Mapping[str, float]) -> float:
    least = float(np.min(conductance(wave, settings["drop"])))
    if least <= 0:
        raise Unmeasurable("the switch does not conduct over the whole signal range")
    return 1 / least


@metric(
    "off_leakage",
    "A",
    analysis="dc",
    typical=1e-9,
    definition="largest current at the output of a switch that is off, its sides at opposite ends of the signal range",
    second="tests/measurements/test_switch.py",
)
def _off_leakage(wave: Waveform, _settings: Mapping[str, float]) -> float:
    return float(np.max(np.abs(wave.real("current"))))


@metric(
    "hold_step",
    "V",
    analysis="tran",
    typical=10e-3,
    definition="largest step of the voltage on the load when the switch opens: charge injection and feedthrough",
    second="tests/measurements/test_switch.py",
    aliases=("charge_injection",),
)
def _hold_step(wave: Waveform, settings: Mapping[str, float]) -> float:
    allowed = FOLLOWED * settings["vdd"]
    return hold_step(wave.axis, wave.real("in"), wave.real("out"), settings["hold"], allowed)
