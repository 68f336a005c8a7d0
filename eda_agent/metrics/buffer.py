"""Metrics of a voltage buffer: gain, level shift and output resistance."""

from __future__ import annotations

from collections.abc import Mapping

from eda_agent.metrics.gain import transfer_of
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform


@metric(
    "voltage_gain",
    "V/V",
    ramp="linear",
    span=0.5,
    analysis="ac",
    output="driven",
    typical=0.8,
    ask="keep",
    definition="output voltage per input voltage at the lowest frequency, magnitude",
    second="tests/measurements/test_buffer.py",
)
def _voltage_gain(wave: Waveform, _settings: Mapping[str, float]) -> float:
    return float(abs(transfer_of(wave)[1][0]))


@metric(
    "level_shift",
    "V",
    ramp="linear",
    span=0.5,
    analysis="op",
    typical=0.5,
    ask="relax",
    definition="magnitude of the DC voltage between output and input",
    second="tests/measurements/test_buffer.py",
)
def _level_shift(wave: Waveform, _settings: Mapping[str, float]) -> float:
    return abs(float(wave.real("out")[0] - wave.real("in")[0]))


@metric(
    "output_resistance",
    "Ohm",
    analysis="ac",
    typical=1e3,
    definition="output voltage per current into the output at the lowest frequency, with the input held",
    at=("at_frequency",),
    second="tests/measurements/test_buffer.py",
)
def _output_resistance(wave: Waveform, _settings: Mapping[str, float]) -> float:
    return float(abs(wave.probes["out"][0]))
