"""Metrics of a two-port between equal resistances: scattering parameters, noise figure and stability.

The waves of a two-port have `s11`, `s21`, `s12` and `s22`, complex over frequency.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from eda_agent.metrics.measurable import Complex, Real, Unmeasurable, must_cover
from eda_agent.metrics.metric import metric
from eda_agent.metrics.noise import spot_noise
from eda_agent.metrics.waveform import Waveform

BOLTZMANN = 1.380649e-23
STANDARD = 290.0
"""K: the temperature of the source in the definition of the noise figure (IEEE Std 161)."""
SECOND = "tests/measurements/test_two_port.py"


def decibels(frequency: Real, parameter: Complex, at: float) -> float:
    """Magnitude in dB of a complex parameter at a frequency (Hz), interpolated over its logarithm."""
    must_cover(frequency, at, "the two-port")
    value = np.interp(math.log(at), np.log(frequency), np.abs(parameter))
    if value <= 0:
        raise Unmeasurable("the parameter is 0")
    return 20 * math.log10(float(value))


def stability(s11: Complex, s21: Complex, s12: Complex, s22: Complex) -> Real:
    """The factor mu at each frequency: above 1 the two-port is stable with any passive source and load.

    M. L. Edwards and J. H. Sinsky, IEEE Trans. Microwave Theory Tech. 40 (12), 1992.
    """
    determinant = s11 * s22 - s12 * s21
    found: Real = (1 - np.abs(s11) ** 2) / (np.abs(s22 - determinant * np.conj(s11)) + np.abs(s12 * s21))
    return found


def noise_figure(density: float, resistance: float) -> float:
    """dB, from the noise (V/√Hz) that the two-port adds, referred to a source of `resistance` (Ohm)."""
    return 10 * math.log10(1 + density**2 / (4 * BOLTZMANN * STANDARD * resistance))


def _parameter(name: str) -> Callable[[Waveform, Mapping[str, float]], float]:
    def measured(wave: Waveform, settings: Mapping[str, float]) -> float:
        return decibels(wave.axis, wave.probes[name].astype(np.complex128), settings["frequency"])

    return measured


for _name, _typical, _what in (
    ("s11", -10.0, "reflection at the input"),
    ("s21", 15.0, "gain from the input to the output"),
    ("s12", -30.0, "gain from the output to the input"),
    ("s22", -10.0, "reflection at the output"),
):
    metric(
        _name,
        "dB",
        ramp="linear",
        span=20.0,
        analysis="ac",
        typical=_typical,
        ask="keep" if _name == "s21" else "typical",
        definition=f"{_what} of a two-port between equal resistances, at the frequency",
        at=("frequency",),
        second=SECOND,
    )(_parameter(_name))


@metric(
    "noise_figure",
    "dB",
    ramp="linear",
    span=10.0,
    analysis="noise",
    typical=3.0,
    ask="typical",
    definition="noise figure for a source of the impedance at 290 K, at the frequency",
    at=("frequency",),
    second=SECOND,
    aliases=("nf",),
)
def _noise_figure(wave: Waveform, settings: Mapping[str, float]) -> float:
    return noise_figure(spot_noise(wave.axis, wave.real("input"), settings["frequency"]), settings["impedance"])


@metric(
    "stability_factor",
    "",
    ramp="linear",
    span=1.0,
    analysis="ac",
    typical=1.0,
    ask="typical",
    definition="least stability factor mu over the sweep; above 1 no passive source and load make it oscillate",
    second=SECOND,
)
def _stability_factor(wave: Waveform, settings: Mapping[str, float]) -> float:
    return float(np.min(stability(*(wave.probes[name].astype(np.complex128) for name in ("s11", "s21", "s12", "s22")))))
