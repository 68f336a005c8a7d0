"""A measurement is a pure function from the arrays of a waveform to a number in SI units (dB, deg and % as such).

It raises `Unmeasurable` where the number does not exist (no crossing, wrong decision): a made-up number would be optimised.
Crossings are interpolated, on a logarithmic frequency axis in dB and in degrees.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from eda_agent.units import format_quantity

WIDER = 4.0
"""How many times wider a sweep should be whose end was too near; nobody can tell."""
FLAT = 0.6
"""dB a decade: of one pole at five times the frequency, whose gain there is 0.13 dB below that at DC."""
Real = NDArray[np.float64]
Complex = NDArray[np.complex128]


class Unmeasurable(ValueError):
    """The waveform has no such number; the message says why. `wanted`: how many times longer or wider the window should be for it, 0 where that would not help."""

    def __init__(self, why: str, wanted: float = 0.0):
        super().__init__(why)
        self.wanted = wanted


class Censored(Unmeasurable):
    """The number lies beyond what was looked at: above (`bound` ">") or below ("<") `value`, the end of a window, a sweep or a band.

    The message is short and says what was not seen: "not settled".
    """

    def __init__(self, why: str, bound: str, value: float, wanted: float = 0.0):
        super().__init__(why, wanted)
        self.bound, self.value = bound, value


# frequency domain


def dc_gain(transfer: Complex) -> float:
    """|H| at the lowest frequency, in dB."""
    magnitude = abs(transfer[0])
    if magnitude == 0:
        raise Unmeasurable("the output does not respond to the input")
    return 20 * math.log10(magnitude)


def unity_gain_frequency(frequency: Real, transfer: Complex) -> float:
    """The first frequency (Hz) where |H| falls through 1."""
    level = _decibel(transfer)
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

    `Censored` where |H| already falls there, from a passband that it leaves earlier; `Unmeasurable` where it rises.
    """
    magnitude = _decibel(transfer)
    level = float(magnitude[0]) - 20 * math.log10(math.sqrt(2))
    try:
        _must_be_flat(frequency, transfer)
    except Unmeasurable as error:
        if magnitude[1] < magnitude[0]:
            raise Censored(str(error), "<", _falling(frequency, magnitude, level, str(error)), error.wanted) from None
        raise
    return _falling(frequency, magnitude, level, "the gain does not fall by 3 dB in the sweep")


def rejection(frequency: Real, output: Complex, at: float) -> float:
    """−20 log |output| at a frequency (Hz), in dB: how far a disturbance of 1 is held off."""
    _must_cover(frequency, at, "the response")
    return -float(np.interp(math.log(at), np.log(frequency), _decibel(output)))


def falls_from_the_start(frequency: Real, transfer: Complex) -> bool:
    """Whether |H| falls by more than `FLAT` at the lowest frequencies: what it is at DC was not seen."""
    magnitude = _decibel(transfer)
    return bool((magnitude[0] - magnitude[1]) / math.log10(frequency[1] / frequency[0]) > FLAT)


def peaking(frequency: Real, transfer: Complex) -> float:
    """The largest |H| above that at the lowest frequency, in dB; 0 when there is none.

    Between grid points 1/|H|² is taken as a parabola in f², which a second-order low-pass is: its peak is exact on any grid.
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
    """Raise `Unmeasurable` where the impedance at a port that is driven with a current has poles in the right half plane.

    The small-signal response of a circuit that oscillates looks like any other. The argument principle tells: with the port shorted
    the loop is open and the circuit stable, so that all zeros lie in the left half plane; from DC, where the impedance is a
    resistance, to high frequencies, where it is a capacitance, the phase then turns by −90°, and by 180° more for each pole in the right.
    """
    phase = np.unwrap(np.angle(impedance))
    if phase[-1] - phase[0] > math.pi / 2:
        raise Unmeasurable("it oscillates: the loop around it is unstable")


def _must_be_flat(frequency: Real, transfer: Complex) -> None:
    # the phase tells before the magnitude: a pole at ten times the frequency turns by 6° and lowers |H| by 0.5 %
    if abs(transfer[0].imag) > 0.1 * abs(transfer[0].real):
        raise Unmeasurable(
            f"the gain is not flat at {format_quantity(frequency[0], 'Hz')}, where the sweep starts: f_start must be lower", WIDER
        )


def _must_cover(axis: Real, at: float, what: str) -> None:
    if not axis.min() * (1 - 1e-9) <= at <= axis.max() * (1 + 1e-9):
        raise Unmeasurable(f"{what} was not simulated at {format_quantity(at, 'Hz')}")


def _decibel(transfer: Complex) -> Real:
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


# noise


def spot_noise(frequency: Real, density: Real, at: float) -> float:
    """Density (V/√Hz) at a frequency (Hz), interpolated on log axes."""
    _must_cover(frequency, at, "the noise")
    return math.exp(float(np.interp(math.log(at), np.log(frequency), np.log(np.maximum(density, 1e-300)))))


def integrated_noise(frequency: Real, density: Real) -> float:
    """√∫ density² df (V rms) over the simulated band; exact for densities that are power laws between the points."""
    power = np.maximum(density, 1e-150) ** 2
    ratio = np.log(frequency[1:] / frequency[:-1])
    slope = np.log(power[1:] / power[:-1]) / ratio + 1.0
    # ∫ p0 (f/f0)^(slope−1) df = p0 f0 (r^slope − 1)/slope, and p0 f0 ln r where slope is 0
    ends = power[1:] * frequency[1:] - power[:-1] * frequency[:-1]
    flat = np.abs(slope) < 1e-9
    area = np.where(flat, power[:-1] * frequency[:-1] * ratio, ends / np.where(flat, 1.0, slope))
    return math.sqrt(float(area.sum()))


# time domain


def mean(time: Real, value: Real, start: float, stop: float) -> float:
    """Time average of a waveform between two times (s), on a non-uniform axis."""
    if stop <= start or start < time[0] or stop > time[-1] * (1 + 1e-9):
        raise Unmeasurable("the transient does not cover the averaging window")
    axis = np.unique(np.concatenate([[start], time[(time > start) & (time < stop)], [stop]]))
    return float(np.trapezoid(np.interp(axis, time, value), axis) / (stop - start))


def crossing(
    time: Real, value: Real, threshold: float, *, rising: bool, after: float = -math.inf, before: float = math.inf, last: bool = False
) -> float:
    """The first (or `last`) time (s) from `after` to `before` at which `value` passes `threshold` in the given direction."""
    side = value >= threshold if rising else value <= threshold
    steps = np.flatnonzero(~side[:-1] & side[1:])
    for index in steps[::-1] if last else steps:
        share = (threshold - value[index]) / (value[index + 1] - value[index])
        moment = float(time[index] + share * (time[index + 1] - time[index]))
        if after <= moment <= before:
            return moment
    raise Unmeasurable(f"never {'rises' if rising else 'falls'} through {format_quantity(threshold, 'V')}")


def slew_rate(time: Real, value: Real, low: float, high: float, *, rising: bool, after: float, before: float) -> float:
    """Mean slope (V/s, positive) between 20 % and 80 % of the step from `low` to `high`, of the edge that starts at `after`."""
    first, last = low + 0.2 * (high - low), low + 0.8 * (high - low)
    if not rising:
        first, last = last, first
    start = crossing(time, value, first, rising=rising, after=after, before=before)
    stop = crossing(time, value, last, rising=rising, after=start, before=before)
    if stop <= start:
        raise Unmeasurable("the edge is shorter than the time step")
    return abs(last - first) / (stop - start)


def settling_time(time: Real, value: Real, final: float, band: float, start: float, stop: float) -> float:
    """Time (s) from `start` until |value − final| ≤ band holds up to `stop`; `Censored` where it does not hold there."""
    inside = (time >= start) & (time <= stop)
    axis, error = time[inside], np.abs(value[inside] - final) - band
    if axis.size < 2 or error[-1] > 0:
        raise Censored("not settled", ">", stop - start)
    outside = np.flatnonzero(error > 0)
    if outside.size == 0:
        return 0.0
    index = int(outside[-1])
    share = error[index] / (error[index] - error[index + 1])
    return float(axis[index] + share * (axis[index + 1] - axis[index])) - start


def overshoot(time: Real, value: Real, initial: float, final: float, start: float, stop: float) -> float:
    """Largest excursion past `final`, in % of the step from `initial`; 0 when there is none."""
    if initial == final:
        raise Unmeasurable("the output does not move")
    inside = (time >= start) & (time <= stop)
    past = (value[inside] - final) / (final - initial)
    return max(0.0, 100.0 * float(past.max()))


def harmonic_distortion(time: Real, value: Real, frequency: float, harmonics: int = 9) -> float:
    """√Σ Vₖ² / V₁ over k = 2 … `harmonics`, in %, from the last whole period of a steady sine.

    Amplitudes are Fourier coefficients by the trapezoidal rule on a fine uniform axis.
    """
    stop = float(time[-1])
    axis = np.linspace(stop - 1 / frequency, stop, 2049)
    if axis[0] < time[0]:
        raise Unmeasurable("the transient is shorter than a period")
    sampled = np.interp(axis[:-1], time, value)
    amplitude = np.abs(np.fft.rfft(sampled))[1 : harmonics + 1]
    if amplitude[0] <= 0:
        raise Unmeasurable("the output does not follow the sine")
    return 100.0 * float(np.sqrt(np.sum(amplitude[1:] ** 2)) / amplitude[0])


def rising_edges(time: Real, value: Real, after: float) -> Real:
    """Times (s) after `after` at which a steady oscillation rises through its middle; at least six of them.

    The middle is that of the waveform's own extremes: not every oscillator swings around half of its supply. Raises
    `Unmeasurable` where the swing is below 10 mV or still grows or decays: that is ringing, not oscillation. An oscillation that goes
    on and is too slow for six edges is `Censored`, with a bound on its frequency (Hz).
    """
    _must_be_fast(time, value, after)
    late = time >= (after + time[-1]) / 2
    early = (time >= after) & ~late
    level = float(value[late].max() + value[late].min()) / 2
    swings = float(np.ptp(value[early])), float(np.ptp(value[late]))
    if swings[1] < 0.01:
        raise Unmeasurable("no steady oscillation: the output stands still in the second half of the transient")
    if not 0.8 < swings[1] / swings[0] < 1.25:
        raise Unmeasurable(
            f"no steady oscillation: its swing goes from {format_quantity(swings[0], 'V')} to {format_quantity(swings[1], 'V')} in the second half"
        )
    moments = _rises(time, value, level)
    moments = moments[moments >= after]
    if moments.size < 6:
        raise Unmeasurable("no steady oscillation: fewer than five periods in the second half of the transient")
    return np.asarray(moments)


def _must_be_fast(time: Real, value: Real, after: float) -> None:
    """Raise `Censored` where the whole waveform rises too seldom through its middle, as often at its end as before."""
    moments = _rises(time, value, float(value.max() + value.min()) / 2)
    late = int((moments >= after).sum())
    if moments.size < 2 or late >= 6:
        return
    period, window = float(moments[-1] - moments[-2]), float(time[-1]) - after
    if moments[-1] >= time[-1] - 1.5 * period:
        # five edges at most: six periods are longer than the window
        raise Censored("too few periods", "<", 6 / window, max(7 * period / window, 2.0))


def _rises(time: Real, value: Real, level: float) -> Real:
    rising = np.flatnonzero((value[:-1] < level) & (value[1:] >= level))
    share = (level - value[rising]) / (value[rising + 1] - value[rising])
    return np.asarray(time[rising] + share * (time[rising + 1] - time[rising]))


def period_modulation(edges: Real, frequency: float) -> float:
    """RMS (s) of the sine of a known frequency (Hz) in the periods between edges, fitted by least squares.

    The standard deviation of the periods would depend on where in its cycle the modulation is cut off.
    """
    phase = 2 * math.pi * frequency * (edges[:-1] + edges[1:]) / 2
    terms = np.stack([np.ones_like(phase), np.cos(phase), np.sin(phase)], axis=1)
    found, _, rank, _ = np.linalg.lstsq(terms, np.diff(edges), rcond=1e-3)
    if rank < 3:
        raise Unmeasurable("the ripple cannot be told from the oscillation: another ripple_frequency is needed")
    return float(math.hypot(found[1], found[2]) / math.sqrt(2))


def slope(sweep: Real, output: Real, low: float, high: float) -> float:
    """|Δoutput / Δsweep| between two points of a DC sweep."""
    order = np.argsort(sweep)
    slack = 1e-6 * abs(high - low)
    if min(low, high) < sweep.min() - slack or max(low, high) > sweep.max() + slack or low == high:
        raise Unmeasurable(f"the sweep does not reach from {low:.4g} to {high:.4g}")
    ends = np.interp([low, high], sweep[order], output[order])
    return float(abs(ends[1] - ends[0]) / abs(high - low))


def dropout(supply: Real, output: Real, nominal: float, intended: float | None = None, fall: float = 0.02) -> float:
    """Input minus output (V) where, with a falling input, the output first is `fall` below its value at `nominal` input.

    Raises `Unmeasurable` when the output at `nominal` is not within a tenth of the `intended` voltage, `Censored` when it never falls.
    """
    order = np.argsort(supply)[::-1]
    axis, out = supply[order], output[order]
    if axis[0] < nominal * (1 - 1e-6):
        raise Unmeasurable(f"the sweep does not reach {format_quantity(nominal, 'V')}")
    regulated = float(np.interp(nominal, axis[::-1], out[::-1]))
    if intended is not None and abs(regulated - intended) > 0.1 * abs(intended):
        raise Unmeasurable(f"the output does not regulate: it is {format_quantity(regulated, 'V')} for {format_quantity(intended, 'V')}")
    level = regulated * (1 - fall)
    below = np.flatnonzero((axis <= nominal) & (out < level))
    if below.size == 0:
        raise Censored("the output never drops out in the sweep", "<", float(axis[-1] - out[-1]))
    if below[0] == 0:
        raise Unmeasurable("the output does not regulate")
    index = int(below[0])
    share = (out[index - 1] - level) / (out[index - 1] - out[index])
    return float(axis[index - 1] + share * (axis[index] - axis[index - 1])) - level


def temperature_coefficient(temperature: Real, output: Real) -> float:
    """Box method: (max − min) / (mean · range), in ppm/K."""
    mean_ = float(output.mean())
    if mean_ <= 0:
        raise Unmeasurable("the reference gives no voltage")
    return 1e6 * float(output.max() - output.min()) / (mean_ * float(np.ptp(temperature)))


def linear_range(sweep: Real, output: Real, linearity: float, gain: float = 1.0) -> tuple[float, float]:
    """The ends (low, high, in V of the sweep) of the widest interval where dout/dsweep differs from `gain` by |gain|·(1 − linearity) at most.

    A slope that is too steep counts as little as one that is too flat: where an output that was stuck catches up, nothing is linear.
    """
    order = np.argsort(sweep)
    ends = sweep[order]
    middles = (ends[:-1] + ends[1:]) / 2
    # of each step of the sweep; above 0 inside
    excess = (1 - linearity) - np.abs(np.diff(output[order]) / np.diff(ends) / gain - 1)
    inside = np.concatenate([[False], excess >= 0, [False]])
    starts, stops = np.flatnonzero(~inside[:-1] & inside[1:]), np.flatnonzero(inside[:-1] & ~inside[1:]) - 1
    if starts.size == 0:
        raise Unmeasurable("the loop is linear nowhere in its range")
    widest = int(np.argmax(middles[stops] - middles[starts]))
    first, last = int(starts[widest]), int(stops[widest])
    low = ends[0] if first == 0 else _edge(middles, excess, first, first - 1)
    high = ends[-1] if last == middles.size - 1 else _edge(middles, excess, last, last + 1)
    return float(low), float(high)


def _edge(axis: Real, excess: Real, inside: int, outside: int) -> float:
    """Where `excess` is 0 between a point inside and its neighbour outside."""
    share = excess[inside] / (excess[inside] - excess[outside])
    return float(axis[inside] + share * (axis[outside] - axis[inside]))


def decision_delay(time: Real, clock: Real, difference: Real, level: float, expected: Iterable[tuple[float, float, int]]) -> float:
    """The slowest decision (s) after a rising clock edge.

    `expected`: for each decision (start, stop, sign) of its window in s and the sign that `difference` must take. A decision
    counts when `difference`·sign reaches `level` (V) in the window and is still beyond it at the end of the clock's high half.
    One that goes the right way and has not reached it is `Censored`.
    """
    delays = []
    for start, stop, sign in expected:
        edge = crossing(time, clock, float(clock.max()) / 2, rising=True, after=start, before=stop)
        signed = difference * sign
        try:
            moment = crossing(time, signed, level, rising=True, after=edge, before=stop, last=True)
        except Unmeasurable:
            if float(np.interp(stop, time, signed)) <= 0:
                raise Unmeasurable("the comparator decides the wrong way") from None
            raise Censored("not decided", ">", stop - edge, WIDER) from None
        if float(np.interp(stop, time, signed)) < level:
            raise Unmeasurable("the decision does not hold")
        delays.append(moment - edge)
    return max(delays)


# geometry


def gate_area(devices: Iterable[Mapping[str, float]]) -> float:
    """Σ W·L·m over MOSFETs, in m²; each device maps "w", "l" (m) and optionally "m"."""
    return sum(device["w"] * device["l"] * device.get("m", 1.0) for device in devices)
