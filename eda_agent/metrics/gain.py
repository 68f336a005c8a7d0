"""Gain over frequency: of an amplifier, or of the loop if the testbench has a loop probe.

Levels are interpolated in dB over log frequency.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.measurable import WIDER, Censored, Complex, Real, Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.section import passband
from eda_agent.metrics.waveform import LOOP, RESPONSE, Waveform
from eda_agent.units import format_quantity

FLAT = 0.6
"""dB per decade: the slope of one pole at five times the frequency, whose gain there is 0.13 dB below that at DC."""


def transfer_of(wave: Waveform) -> tuple[Real, Complex]:
    """(frequency in Hz, H): the loop gain if the testbench probes a loop, else out over in. Raises `Unmeasurable` if
    the circuit oscillates.
    """
    if LOOP in wave.probes:
        return wave.axis, wave.probes[LOOP].astype(np.complex128)
    if "driven" in wave.probes:
        must_be_stable(wave.probes["driven"].astype(np.complex128))
    return wave.axis, wave.probes["out"].astype(np.complex128) / wave.probes.get("in", 1.0)


def dc_gain(transfer: Complex) -> float:
    """|H| at the lowest frequency, in dB."""
    magnitude = abs(transfer[0])
    if magnitude == 0:
        raise Unmeasurable("the output does not respond to the input")
    return 20 * math.log10(magnitude)


def unity_gain_frequency(frequency: Real, transfer: Complex) -> float:
    """The first frequency (Hz) where |H| falls through 1."""
    level = decibel(transfer)
    if level.max() < 0:
        raise Unmeasurable(no_unity(level))
    return _falling(frequency, level, 0.0, no_unity(level))


def no_unity(level: Real) -> str:
    """Why a gain (dB over frequency) has no unity-gain frequency."""
    if level.max() < 0:
        return f"the gain never reaches 1: it is {level.max():.3g} dB at most"
    return f"the gain never falls through 1 in the swept range: it is {level[-1]:.3g} dB at the end"


def bandwidth(frequency: Real, transfer: Complex) -> float:
    """The first frequency (Hz) where |H| is 20 log √2 = 3.01 dB below its value at the lowest frequency.

    `Censored` if |H| already falls at the lowest frequency, because its passband lies below; `Unmeasurable` if it
    rises.
    """
    magnitude = decibel(transfer)
    level = float(magnitude[0]) - 20 * math.log10(math.sqrt(2))
    try:
        _must_be_flat(frequency, transfer)
    except Unmeasurable as error:
        if magnitude[1] < magnitude[0]:
            raise Censored(str(error), "<", _falling(frequency, magnitude, level, str(error)), error.wanted) from None
        raise
    return _falling(frequency, magnitude, level, "the gain does not fall by 3 dB in the sweep")


def falls_from_the_start(frequency: Real, transfer: Complex) -> bool:
    """Whether |H| falls by more than `FLAT` at the lowest frequencies: its value at DC was not simulated."""
    magnitude = decibel(transfer)
    return bool((magnitude[0] - magnitude[1]) / math.log10(frequency[1] / frequency[0]) > FLAT)


def peaking(frequency: Real, transfer: Complex) -> float:
    """The largest |H| above that at the lowest frequency, in dB; 0 without one.

    Between grid points 1/|H|² is taken as a parabola in f². This is exact for a second-order low-pass on any grid.
    """
    _must_be_flat(frequency, transfer)
    inverse = 1 / np.maximum(np.abs(transfer), 1e-150) ** 2
    index = int(inverse.argmin())
    lowest = float(inverse[index])
    if 0 < index < len(inverse) - 1:
        square = (frequency[index - 1 : index + 2] / frequency[index]) ** 2
        a, b, c = np.polyfit(square, inverse[index - 1 : index + 2], 2)
        if a > 0:
            vertex = float(c - b * b / (4 * a))
            lowest = vertex if 0 < vertex < lowest else lowest
    return max(0.0, 10 * math.log10(float(inverse[0]) / lowest))


def must_be_stable(impedance: Complex) -> None:
    """Raise `Unmeasurable` if the impedance at a port that is driven with a current has poles in the right half plane.

    The small-signal response of an oscillating circuit looks normal. The argument principle detects it: with a
    shorted port the loop is open and the circuit stable, so all zeros lie in the left half plane. From DC, where
    the impedance is a resistance, to high frequencies, where it is a capacitance, the phase changes by −90°, and by
    +180° more for each pole in the right half plane.
    """
    phase = np.unwrap(np.angle(impedance))
    if phase[-1] - phase[0] > math.pi / 2:
        raise Unmeasurable("it oscillates: the loop around it is unstable")


def _must_be_flat(frequency: Real, transfer: Complex) -> None:
    # the phase shows it before the magnitude: a pole at ten times the frequency changes the phase by 6° and |H| by 0.5
    # %
    if abs(transfer[0].imag) > 0.1 * abs(transfer[0].real):
        raise Unmeasurable(
            f"the gain is not flat at {format_quantity(frequency[0], 'Hz')}, where the sweep starts: f_start must be"
            " lower",
            WIDER,
        )


def decibel(transfer: Complex) -> Real:
    """20 log₁₀ of the magnitude."""
    return 20 * np.log10(np.maximum(np.abs(transfer), 1e-300))


def _falling(frequency: Real, level: Real, threshold: float, why: str) -> float:
    above = level >= threshold
    falls = np.flatnonzero(above[:-1] & ~above[1:])
    if falls.size == 0:
        raise Censored(why, ">", float(frequency[-1]), WIDER)
    index = int(falls[0])
    share = (level[index] - threshold) / (level[index] - level[index + 1])
    low, high = math.log(frequency[index]), math.log(frequency[index + 1])
    return math.exp(low + share * (high - low))


@metric(
    "dc_gain",
    "dB",
    ramp="linear",
    span=60.0,
    id=3,
    analysis="ac",
    loop=True,
    output="driven",
    typical=60.0,
    definition="gain at the lowest frequency: of the loop where the testbench has a loop probe",
    window="a lower bound where the gain still rises towards DC: a pole below f_start",
    second="tests/measurements/test_response.py",
    aliases=("gain", "dcgain", "a0"),
)
def _dc_gain(wave: Waveform, _settings: Mapping[str, float]) -> float:
    frequency, transfer = transfer_of(wave)
    found = dc_gain(transfer)
    if falls_from_the_start(frequency, transfer):
        raise Censored("the gain still rises towards DC", ">", found, 4.0)
    return found


@metric(
    "gbw",
    "Hz",
    id=8,
    analysis="ac",
    loop=True,
    output="driven",
    typical=10e6,
    definition="unity-gain frequency",
    window="a lower bound where the gain is above 1 at the end of the sweep",
    second="tests/measurements/test_response.py",
    aliases=("ugf", "ugbw", "gain_bandwidth"),
)
def _gbw(wave: Waveform, _settings: Mapping[str, float]) -> float:
    return unity_gain_frequency(*transfer_of(wave))


@metric(
    "bandwidth",
    "Hz",
    id=1,
    analysis="ac",
    loop=True,
    output="driven",
    typical=1e9,
    definition="frequency where the gain is 3 dB below its low-frequency value; of a band-pass filter its width",
    window=(
        "an upper bound where the gain falls from the start of the sweep, a lower one where it does not fall by 3 dB"
    ),
    second="tests/measurements/test_response.py",
)
def _bandwidth(wave: Waveform, _settings: Mapping[str, float]) -> float:
    frequency, transfer = transfer_of(wave)
    if RESPONSE in wave.probes and (band := passband(frequency, transfer)) is not None:
        return band[2] - band[0]
    found = bandwidth(frequency, transfer)
    if falls_from_the_start(frequency, transfer):
        raise Censored("the gain falls from the start of the sweep", "<", found, 4.0)
    return found


@metric(
    "peaking",
    "dB",
    ramp="linear",
    span=20.0,
    id=22,
    analysis="ac",
    output="driven",
    typical=1.0,
    ask="typical",
    definition="largest gain above that at the lowest frequency",
    second="tests/measurements/test_response.py",
)
def _peaking(wave: Waveform, _settings: Mapping[str, float]) -> float:
    return peaking(*transfer_of(wave))


@metric(
    "transimpedance",
    "Ohm",
    id=36,
    analysis="ac",
    output="driven",
    typical=5e3,
    definition="output voltage per input current at the lowest frequency",
    second="tests/measurements/test_response.py",
)
def _transimpedance(wave: Waveform, _settings: Mapping[str, float]) -> float:
    return float(abs(transfer_of(wave)[1][0]))
