"""Metrics of an operating point: supply current, power and systematic offset.

For a clocked or oscillating circuit the supply current is a mean over time.
"""

from __future__ import annotations

from collections.abc import Mapping

from eda_agent.metrics.measurable import Unmeasurable, mean
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform


def _supply(wave: Waveform, settings: Mapping[str, float]) -> float:
    """Current (A) out of the supply."""
    if wave.kind != "tran":
        return float(wave.real("supply")[0])
    return mean(wave.axis, wave.real("supply"), settings["average_from"], settings["average_to"])


def _positive(value: float) -> float:
    """The value; raises `Unmeasurable` if it is not above 0."""
    if value <= 0:
        raise Unmeasurable("the supply delivers no power: the circuit is fed from elsewhere")
    return value


@metric(
    "supply_current",
    "A",
    id=33,
    analysis="op",
    definition="mean current out of the supply",
    second="tests/measurements/test_supply.py",
    aliases=("idd",),
)
def _supply_current(wave: Waveform, settings: Mapping[str, float]) -> float:
    return _positive(_supply(wave, settings))


@metric(
    "power",
    "W",
    id=25,
    analysis="op",
    typical=500e-6,
    ask="relax",
    definition="mean power out of the supply",
    second="tests/measurements/test_supply.py",
)
def _power(wave: Waveform, settings: Mapping[str, float]) -> float:
    return _positive(_supply(wave, settings) * settings["vdd"])


@metric(
    "quiescent_current",
    "A",
    id=28,
    analysis="op",
    output="held",
    typical=100e-6,
    ask="relax",
    definition="supply current less the load's",
    second="tests/measurements/test_regulator.py",
)
def _quiescent_current(wave: Waveform, settings: Mapping[str, float]) -> float:
    return _positive(_supply(wave, settings) - settings["load_current"])


@metric(
    "input_offset",
    "V",
    id=11,
    analysis="op",
    definition="magnitude of the systematic input-referred offset in unity feedback",
    second="tests/measurements/test_supply.py",
    aliases=("offset", "vos"),
)
def _input_offset(wave: Waveform, settings: Mapping[str, float]) -> float:
    return abs(float(wave.real("out")[0]) - settings["vcm"])
