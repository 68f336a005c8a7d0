"""Metrics of a fully differential amplifier: the loop of its common-mode feedback, and how its outputs are balanced.

Its differential loop, step and noise have the metrics of an op-amp.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.gain import dc_gain, falls_from_the_start, transfer_of, unity_gain_frequency
from eda_agent.metrics.measurable import Censored
from eda_agent.metrics.metric import metric
from eda_agent.metrics.rejection import rejection
from eda_agent.metrics.stability import loop_gain, phase_margin, polar
from eda_agent.metrics.waveform import Waveform

_SECOND = "tests/measurements/test_fully_differential.py"
ROUNDING = 200.0
"""dB: a balance above it is rounding of equal halves."""


@metric(
    "cm_loop_gain",
    "dB",
    ramp="linear",
    span=60.0,
    analysis="ac",
    loop=True,
    typical=40.0,
    definition="gain of the common-mode loop at the lowest frequency",
    window="a lower bound where the gain still rises towards DC: a pole below f_start",
    second=_SECOND,
)
def _cm_loop_gain(wave: Waveform, _settings: Mapping[str, float]) -> float:
    frequency, transfer = transfer_of(wave)
    polar(transfer)
    found = dc_gain(transfer)
    if falls_from_the_start(frequency, transfer):
        raise Censored("the gain still rises towards DC", ">", found, 4.0)
    return found


@metric(
    "cm_gbw",
    "Hz",
    analysis="ac",
    loop=True,
    typical=10e6,
    definition="unity-gain frequency of the common-mode loop",
    window="a lower bound where the gain is above 1 at the end of the sweep",
    second=_SECOND,
)
def _cm_gbw(wave: Waveform, _settings: Mapping[str, float]) -> float:
    return unity_gain_frequency(*transfer_of(wave))


@metric(
    "cm_phase_margin",
    "deg",
    ramp="linear",
    span=90.0,
    analysis="ac",
    loop=True,
    typical=60.0,
    ask="typical",
    definition="phase margin of the common-mode loop; negative where it is unstable",
    second=_SECOND,
)
def _cm_phase_margin(wave: Waveform, _settings: Mapping[str, float]) -> float:
    return phase_margin(loop_gain(wave))


@metric(
    "output_cm_error",
    "V",
    analysis="op",
    typical=20e-3,
    definition="magnitude of the difference between the outputs' common mode and the wanted one",
    second=_SECOND,
)
def _output_cm_error(wave: Waveform, _settings: Mapping[str, float]) -> float:
    return abs(float(wave.real("ocm")[0] - wave.real("vocm")[0]))


@metric(
    "output_balance",
    "dB",
    ramp="linear",
    span=40.0,
    analysis="ac",
    typical=50.0,
    definition="differential output over the change of the outputs' common mode, at a frequency",
    window="a lower bound where both halves are equal",
    at=("at_frequency",),
    second=_SECOND,
)
def _output_balance(wave: Waveform, settings: Mapping[str, float]) -> float:
    share = wave.probes["ocm"].astype(np.complex128) / wave.probes["out"]
    found = rejection(wave.axis, share, settings["at_frequency"])
    if found > ROUNDING:
        raise Censored("both halves are equal", ">", ROUNDING)
    return found
