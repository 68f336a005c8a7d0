"""A measurement is a pure function from a waveform to a number in SI units (dB, deg and % as such).

It raises `Unmeasurable` where the number does not exist (no crossing, wrong decision): a made-up number would be optimised.
Crossings are interpolated, on a logarithmic frequency axis in dB and in degrees.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from eda_agent.simulation.waveform import Waveform

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]


class Unmeasurable(ValueError):
    """The waveform has no such number; the message says why."""


# frequency domain


def dc_gain(transfer: Complex) -> float:
    """|H| at the lowest frequency, in dB."""
    magnitude = abs(transfer[0])
    if magnitude == 0:
        raise Unmeasurable("the output does not respond to the input")
    return 20 * math.log10(magnitude)


def unity_gain_frequency(frequency: Real, transfer: Complex) -> float:
    """The first frequency (Hz) where |H| falls through 1."""
    return _falling(frequency, _decibel(transfer), 0.0, "the gain never falls through 1 in the swept range")


def phase_margin(frequency: Real, transfer: Complex) -> float:
    """180° + ∠H at the unity-gain frequency, in degrees, with ∠H unwrapped from the lowest frequency.

    The phase is referred to the DC sign of H: an amplifier that inverts at DC is no follower, and raises `Unmeasurable`
    instead of gaining 180°. Unwrapping keeps a loop that has turned past 180° negative: no other branch can pass for it.
    """
    phase = _phase_from_dc(transfer)
    crossing = unity_gain_frequency(frequency, transfer)
    return 180.0 + float(np.interp(math.log(crossing), np.log(frequency), phase))


def gain_margin(transfer: Complex) -> float:
    """−20 log |H| in dB where the unwrapped phase first reaches −180°.

    Where it never does, the attenuation at the end of the sweep is returned: the margin is at least that.
    """
    phase = _phase_from_dc(transfer)
    below = np.flatnonzero(phase <= -180.0)
    magnitude = _decibel(transfer)
    if below.size == 0:
        return -float(magnitude[-1])
    index = int(below[0])
    if index == 0:
        return -float(magnitude[0])
    share = (-180.0 - phase[index - 1]) / (phase[index] - phase[index - 1])
    return -float(magnitude[index - 1] + share * (magnitude[index] - magnitude[index - 1]))


def bandwidth(frequency: Real, transfer: Complex) -> float:
    """The first frequency (Hz) where |H| is 20 log √2 = 3.01 dB below its value at the lowest frequency."""
    magnitude = _decibel(transfer)
    return _falling(frequency, magnitude, float(magnitude[0]) - 20 * math.log10(math.sqrt(2)), "the gain never falls by 3 dB")


def rejection(frequency: Real, output: Complex, at: float) -> float:
    """−20 log |output| at a frequency (Hz), in dB: how far a disturbance of 1 is held off."""
    return -float(np.interp(math.log(at), np.log(frequency), _decibel(output)))


def peaking(transfer: Complex) -> float:
    """The largest |H| above that at the lowest frequency, in dB; 0 when there is none."""
    magnitude = _decibel(transfer)
    return max(0.0, float(magnitude.max() - magnitude[0]))


def _decibel(transfer: Complex) -> Real:
    return 20 * np.log10(np.maximum(np.abs(transfer), 1e-300))


def _phase_from_dc(transfer: Complex) -> Real:
    if transfer[0].real <= 0 and abs(transfer[0].imag) < abs(transfer[0].real):
        raise Unmeasurable("the path inverts at low frequency: feedback through it is positive")
    return np.degrees(np.unwrap(np.angle(transfer)))


def _falling(frequency: Real, level: Real, threshold: float, why: str) -> float:
    above = level >= threshold
    falls = np.flatnonzero(above[:-1] & ~above[1:])
    if falls.size == 0:
        raise Unmeasurable(why)
    index = int(falls[0])
    share = (level[index] - threshold) / (level[index] - level[index + 1])
    low, high = math.log(frequency[index]), math.log(frequency[index + 1])
    return math.exp(low + share * (high - low))


# noise


def spot_noise(frequency: Real, density: Real, at: float) -> float:
    """Density (V/√Hz) at a frequency (Hz), interpolated on log axes."""
    if not frequency[0] * (1 - 1e-9) <= at <= frequency[-1] * (1 + 1e-9):
        raise Unmeasurable(f"the noise was not simulated at {at:g} Hz")
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


def crossing(time: Real, value: Real, threshold: float, *, rising: bool, after: float = -math.inf, before: float = math.inf) -> float:
    """The first time (s) at or after `after` at which `value` passes `threshold` in the given direction."""
    side = value >= threshold if rising else value <= threshold
    steps = np.flatnonzero(~side[:-1] & side[1:])
    for index in steps:
        share = (threshold - value[index]) / (value[index + 1] - value[index])
        moment = float(time[index] + share * (time[index + 1] - time[index]))
        if after <= moment <= before:
            return moment
    raise Unmeasurable(f"never {'rises' if rising else 'falls'} through {threshold:.4g} V")


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
    """Time (s) from `start` until |value − final| ≤ band holds up to `stop`."""
    inside = (time >= start) & (time <= stop)
    axis, error = time[inside], np.abs(value[inside] - final) - band
    if axis.size < 2 or error[-1] > 0:
        raise Unmeasurable("the output does not settle within the step")
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


def periods(time: Real, value: Real, level: float, after: float) -> Real:
    """Times (s) between rising crossings of `level` after a time; at least five of them."""
    rising = np.flatnonzero((value[:-1] < level) & (value[1:] >= level))
    share = (level - value[rising]) / (value[rising + 1] - value[rising])
    moments = time[rising] + share * (time[rising + 1] - time[rising])
    result = np.diff(moments[moments >= after])
    if result.size < 5:
        raise Unmeasurable("no steady oscillation: fewer than five periods in the second half of the transient")
    return np.asarray(result)


def slope(sweep: Real, output: Real, low: float, high: float) -> float:
    """|Δoutput / Δsweep| between two points of a DC sweep."""
    order = np.argsort(sweep)
    ends = np.interp([low, high], sweep[order], output[order])
    return float(abs(ends[1] - ends[0]) / abs(high - low))


def dropout(supply: Real, output: Real, nominal: float, fall: float = 0.02) -> float:
    """Input minus output (V) where, with a falling input, the output first is `fall` below its value at `nominal` input.

    Raises `Unmeasurable` when the output does not regulate at `nominal` or never falls.
    """
    order = np.argsort(supply)[::-1]
    axis, out = supply[order], output[order]
    regulated = float(np.interp(nominal, axis[::-1], out[::-1]))
    level = regulated * (1 - fall)
    below = np.flatnonzero((axis <= nominal) & (out < level))
    if below.size == 0 or below[0] == 0:
        raise Unmeasurable("the output never drops out in the sweep")
    index = int(below[0])
    share = (out[index - 1] - level) / (out[index - 1] - out[index])
    return float(axis[index - 1] + share * (axis[index] - axis[index - 1])) - level


def temperature_coefficient(temperature: Real, output: Real) -> float:
    """Box method: (max − min) / (mean · range), in ppm/K."""
    mean_ = float(output.mean())
    if mean_ <= 0:
        raise Unmeasurable("the reference gives no voltage")
    return 1e6 * float(output.max() - output.min()) / (mean_ * float(np.ptp(temperature)))


def linear_range(sweep: Real, output: Real, slope: float) -> float:
    """Width (V) of the output interval around the middle of the sweep where |dout/dsweep| ≥ slope."""
    gradient = np.abs(np.gradient(output, sweep))
    middle = len(sweep) // 2
    if gradient[middle] < slope:
        raise Unmeasurable("the loop is not linear even in the middle of its range")
    outside = gradient < slope
    left, right = np.flatnonzero(outside[:middle]), np.flatnonzero(outside[middle:])
    first = int(left[-1]) + 1 if left.size else 0
    last = middle + int(right[0]) - 1 if right.size else len(sweep) - 1
    return float(abs(output[last] - output[first]))


def decision_delay(time: Real, clock: Real, difference: Real, level: float, expected: Iterable[tuple[float, float, int]]) -> float:
    """The slowest decision (s) after a rising clock edge.

    `expected`: for each decision (start, stop, sign) of its window in s and the sign that `difference` must take. A decision
    counts when `difference`·sign reaches `level` (V) in the window and is still beyond it at the end of the clock's high half.
    """
    delays = []
    for start, stop, sign in expected:
        edge = crossing(time, clock, float(clock.max()) / 2, rising=True, after=start, before=stop)
        signed = difference * sign
        moment = crossing(time, signed, level, rising=True, after=edge, before=stop)
        if float(np.interp(stop, time, signed)) < level:
            raise Unmeasurable("the decision does not hold")
        delays.append(moment - edge)
    return max(delays)


# geometry


def gate_area(devices: Iterable[Mapping[str, float]]) -> float:
    """Σ W·L·m over MOSFETs, in m²; each device maps "w", "l" (m) and optionally "m"."""
    return sum(device["w"] * device["l"] * device.get("m", 1.0) for device in devices)


# from a testbench's waveforms to metrics


def _transfer(wave: Waveform) -> tuple[Real, Complex]:
    return wave.axis, wave.probes["out"].astype(np.complex128) / wave.probes.get("in", 1.0)


def _step_windows(settings: Mapping[str, float]) -> tuple[float, float, float, float]:
    """(low, high, first edge, second edge) of the step template: levels in V, times in s."""
    start = settings["hold"] / 10
    return settings["vcm"] - settings["step"] / 2, settings["vcm"] + settings["step"] / 2, start, start + settings["hold"]


def _slew(wave: Waveform, settings: Mapping[str, float], rising: bool) -> float:
    first, second = _step_windows(settings)[2:]
    time, out = wave.axis, wave.real("out")
    # the output's own levels: an amplifier with an offset still slews
    low, high = float(np.interp(first, time, out)), float(np.interp(second, time, out))
    _must_move(high - low, settings)
    start, stop = (first, second) if rising else (second, second + settings["hold"])
    return slew_rate(time, out, low, high, rising=rising, after=start, before=stop)


def _must_move(moved: float, settings: Mapping[str, float]) -> None:
    if not 0.5 < moved / settings["step"] < 1.5:
        raise Unmeasurable(f"the output moves {moved:.3g} V for a step of {settings['step']:.3g} V")


def _settling(wave: Waveform, settings: Mapping[str, float]) -> float:
    first, second = _step_windows(settings)[2:]
    time, out = wave.axis, wave.real("out")
    final = float(np.interp(second, time, out))
    _must_move(final - float(np.interp(first, time, out)), settings)
    return settling_time(time, out, final, settings["step"] * settings["tolerance"] / 100, first, second)


def _overshoot(wave: Waveform, settings: Mapping[str, float]) -> float:
    first, second = _step_windows(settings)[2:]
    time, out = wave.axis, wave.real("out")
    initial, final = float(np.interp(first, time, out)), float(np.interp(second, time, out))
    _must_move(final - initial, settings)
    return overshoot(time, out, initial, final, first, second)


def _supply(wave: Waveform, settings: Mapping[str, float]) -> float:
    if wave.kind != "tran":
        return float(wave.real("supply")[0])
    return mean(wave.axis, wave.real("supply"), settings["average_from"], settings["average_to"])


def _delay(wave: Waveform, settings: Mapping[str, float]) -> float:
    period = 1 / settings["frequency"]
    # the input's sign turns after the first cycle's clock has fallen; see the comparator template
    windows = [(0.45 * period, 0.98 * period, 1), (1.45 * period, 1.98 * period, -1)]
    difference = wave.real("outp") - wave.real("outn")
    clock = wave.real("clock")
    return decision_delay(wave.axis, clock, difference, settings["vdd"] / 2, windows)


def _load_step(wave: Waveform, settings: Mapping[str, float], rising: bool) -> float:
    """Excursion (V) after the load current rises (falls), from the output's settled value before it."""
    first, second = settings["hold"] / 10, settings["hold"] * 1.1
    start, stop = (first, second) if rising else (second, second + settings["hold"])
    inside = (wave.axis >= start) & (wave.axis <= stop)
    out = wave.real("out")
    before = float(np.interp(start, wave.axis, out))
    after = float(np.interp(min(stop, wave.axis[-1]), wave.axis, out))
    # the settled values before and after differ by the load regulation, which is no over- or undershoot
    if rising:
        return max(min(before, after) - float(out[inside].min()), 1e-9)
    return max(float(out[inside].max()) - max(before, after), 1e-9)


def _periods(wave: Waveform, settings: Mapping[str, float]) -> Real:
    return periods(wave.axis, wave.real("out"), settings["vdd"] / 2, float(wave.axis[-1]) / 2)


def _jitter(wave: Waveform, settings: Mapping[str, float]) -> float:
    if settings["ripple"] <= 0:
        raise Unmeasurable("the supply has no ripple: set  ripple: 10m  in the testbench")
    return float(_periods(wave, settings).std())


def _positive(value: float) -> float:
    if value <= 0:
        raise Unmeasurable("the supply delivers no power: the circuit is fed from elsewhere")
    return value


Measure = Callable[[Waveform, Mapping[str, float]], float]

MEASURES: dict[str, Measure] = {
    "dc_gain": lambda wave, _: dc_gain(_transfer(wave)[1]),
    "gbw": lambda wave, _: unity_gain_frequency(*_transfer(wave)),
    "phase_margin": lambda wave, _: phase_margin(*_transfer(wave)),
    "gain_margin": lambda wave, _: gain_margin(_transfer(wave)[1]),
    "bandwidth": lambda wave, _: bandwidth(*_transfer(wave)),
    "supply_current": lambda wave, settings: _positive(_supply(wave, settings)),
    "power": lambda wave, settings: _positive(_supply(wave, settings) * settings["vdd"]),
    "input_offset": lambda wave, settings: abs(float(wave.real("out")[0]) - settings["vcm"]),
    "input_noise": lambda wave, settings: spot_noise(wave.axis, wave.real("input"), settings["noise_frequency"]),
    "output_noise": lambda wave, settings: spot_noise(wave.axis, wave.real("output"), settings["noise_frequency"]),
    "integrated_noise": lambda wave, _: integrated_noise(wave.axis, wave.real("input")),
    "slew_rate_up": lambda wave, settings: _slew(wave, settings, True),
    "slew_rate_down": lambda wave, settings: _slew(wave, settings, False),
    "settling_time": _settling,
    "overshoot": _overshoot,
    "output_swing": lambda wave, settings: linear_range(wave.axis, wave.real("out"), settings["linearity"]),
    "delay": _delay,
    "cmrr": lambda wave, settings: rejection(*_transfer(wave), settings["at_frequency"]),
    "psrr_plus": lambda wave, settings: rejection(*_transfer(wave), settings["at_frequency"]),
    "psrr_minus": lambda wave, settings: rejection(*_transfer(wave), settings["at_frequency"]),
    "input_range": lambda wave, settings: linear_range(wave.axis, wave.real("out"), settings["linearity"]),
    "thd": lambda wave, settings: harmonic_distortion(wave.axis, wave.real("out"), settings["frequency"]),
    "line_regulation": lambda wave, settings: slope(wave.axis, wave.real("out"), settings["line_low"], settings["line_high"]),
    "load_regulation": lambda wave, settings: slope(wave.axis, wave.real("out"), settings["load_low"], settings["load_current"]),
    "dropout": lambda wave, settings: dropout(wave.axis, wave.real("out"), settings["vdd"]),
    "load_undershoot": lambda wave, settings: _load_step(wave, settings, True),
    "load_overshoot": lambda wave, settings: _load_step(wave, settings, False),
    "quiescent_current": lambda wave, settings: _positive(_supply(wave, settings) - settings["load_current"]),
    "reference_voltage": lambda wave, _: float(wave.real("out")[0]),
    "temperature_coefficient": lambda wave, _: temperature_coefficient(wave.axis, wave.real("out")),
    "oscillation_frequency": lambda wave, settings: 1 / float(_periods(wave, settings).mean()),
    "period_jitter": _jitter,
    "transimpedance": lambda wave, _: abs(_transfer(wave)[1][0]),
    "peaking": lambda wave, _: peaking(_transfer(wave)[1]),
    "input_noise_current": lambda wave, settings: spot_noise(wave.axis, wave.real("input"), settings["noise_frequency"]),
}
"""Metric → function of the waveform of its analysis and the testbench's settings."""


def measure(metric: str, wave: Waveform, settings: Mapping[str, float]) -> tuple[float | None, str]:
    """(value, "") or (None, why not) of a metric."""
    return measure_with(MEASURES[metric], wave, settings)


def measure_with(function: Measure, wave: Waveform, settings: Mapping[str, float]) -> tuple[float | None, str]:
    """The same with any function."""
    try:
        value = function(wave, settings)
    except Unmeasurable as error:
        return None, str(error)
    except KeyError as error:
        return None, f"the testbench has no probe or setting {error.args[0]!r}"
    if not math.isfinite(value):
        return None, "the number is not finite"
    return value, ""
