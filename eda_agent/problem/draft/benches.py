"""A bench is a testbench of a draft: a template, the settings to write, and the metrics to ask of it.

Each kind of circuit has its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Bench:
    """A testbench template with the settings to write, and its metrics: metric → sense."""

    name: str
    template: str
    settings: Mapping[str, str]
    metrics: Mapping[str, str]


MIN, MAX, NEAR = "minimum", "maximum", "near"
"""`NEAR`: a value to keep, between two bounds."""

OPAMP = (
    Bench(
        "loop",
        "opamp_open_loop",
        {"load": "1p"},
        {"dc_gain": MIN, "gbw": MIN, "phase_margin": MIN, "input_noise": MAX, "power": MAX},
    ),
    Bench("step", "opamp_step", {"load": "1p"}, {"slew_rate_up": MIN, "slew_rate_down": MIN, "settling_time": MAX}),
)
COMPARATOR = (
    Bench("clock", "comparator", {"load": "10f", "frequency": "100M"}, {"delay": MAX, "power": MAX}),
    Bench(
        "kick",
        "comparator_kickback",
        {"load": "10f", "frequency": "100M", "source_resistance": "1k"},
        {"kickback": MAX},
    ),
)
SINGLE_COMPARATOR = (
    Bench("clock", "comparator_single", {"load": "10f", "frequency": "100M"}, {"delay": MAX, "power": MAX}),
)
REGULATOR = (
    Bench("full", "ldo_loop", {"load_current": "1m", "load": "100p"}, {"phase_margin": MIN}),
    Bench("ac", "ldo_ac", {"load_current": "1m", "load": "100p"}, {"psrr_plus": MIN, "quiescent_current": MAX}),
    Bench("load", "ldo_load", {"load_current": "1m"}, {"load_regulation": MAX}),
    Bench("line", "ldo_line", {"load_current": "1m"}, {"line_regulation": MAX, "dropout": MAX}),
)
OWN_DIVIDER = (
    Bench("ac", "regulator_ac", {"load_current": "1m", "load": "100p"}, {"psrr_plus": MIN, "quiescent_current": MAX}),
    Bench("load", "regulator_load", {"load_current": "1m"}, {"load_regulation": MAX}),
    Bench("line", "regulator_line", {"load_current": "1m"}, {"line_regulation": MAX, "dropout": MAX}),
    Bench("step", "regulator_step", {"load_current": "1m", "load": "100p"}, {"load_undershoot": MAX}),
)
TIA = (
    Bench(
        "main",
        "transimpedance",
        {"source": "100f", "load": "20f"},
        {"transimpedance": MIN, "bandwidth": MIN, "peaking": MAX, "input_noise_current": MAX, "power": MAX},
    ),
)
OSCILLATOR = (Bench("run", "oscillator", {"frequency": "500M"}, {"oscillation_frequency": NEAR, "power": MAX}),)
VCO = (Bench("run", "vco", {"frequency": "500M", "control": "vdd/2"}, {"oscillation_frequency": MIN, "power": MAX}),)
REFERENCE = (
    Bench("drift", "reference", {}, {"reference_voltage": NEAR, "temperature_coefficient": MAX, "power": MAX}),
    Bench("line", "reference_line", {}, {"line_regulation": MAX}),
    Bench("start", "reference_startup", {}, {"startup_time": MAX}),
    Bench("supply", "reference_ac", {}, {"psrr_plus": MIN}),
)

CURRENT_REFERENCE = (
    Bench("drift", "current_reference", {}, {"output_current": NEAR, "temperature_coefficient": MAX, "power": MAX}),
    Bench("line", "current_reference_line", {}, {"line_sensitivity": MAX}),
    Bench("compliance", "current_reference_compliance", {}, {"compliance_range": MIN}),
    Bench("start", "current_reference_startup", {}, {"startup_time": MAX}),
)
BUFFER = (
    Bench(
        "drive",
        "buffer",
        {"load": "1p"},
        {"voltage_gain": MIN, "bandwidth": MIN, "level_shift": MAX, "input_noise": MAX, "power": MAX},
    ),
    Bench("output", "buffer_output", {}, {"output_resistance": MAX}),
    Bench("step", "buffer_step", {"load": "1p"}, {"slew_rate_up": MIN, "slew_rate_down": MIN, "settling_time": MAX}),
    Bench("swing", "buffer_swing", {}, {"output_swing": MIN}),
)
GATE = (
    Bench(
        "switch",
        "logic",
        {"load": "10f"},
        {"propagation_delay": MAX, "rise_time": MAX, "fall_time": MAX, "power": MAX},
    ),
    Bench("transfer", "logic_transfer", {}, {"switching_threshold": NEAR}),
)
LEVEL_SHIFTER = (
    Bench(
        "switch",
        "level_shifter",
        {"load": "10f", "low": "vdd/2"},
        {"propagation_delay": MAX, "rise_time": MAX, "fall_time": MAX, "power": MAX},
    ),
)
SCHMITT = (
    Bench("thresholds", "hysteresis", {}, {"threshold_rising": NEAR, "threshold_falling": NEAR, "hysteresis": MIN}),
    Bench("switch", "logic", {"load": "10f"}, {"propagation_delay": MAX, "power": MAX}),
)


def analog_switch_benches(low: str, high: str) -> tuple[Bench, ...]:
    """The testbenches of an analog switch over a signal range; `low` and `high`: its ends, as text of a spec."""
    span = {"signal_low": low, "signal_high": high}
    return (
        Bench("closed", "switch_on", span, {"on_resistance": MAX}),
        Bench("open", "switch_off", span, {"off_leakage": MAX}),
        Bench("hold", "switch_hold", {**span, "load": "1p"}, {"hold_step": MAX}),
    )


SWITCH = analog_switch_benches("0", "vdd")


def charge_pump_benches(load_current: str) -> tuple[Bench, ...]:
    """The testbench of a charge pump; `load_current`: drawn from its output, as text of a spec."""
    settings = {"load": "1p", "frequency": "10M", "load_current": load_current}
    return (Bench("run", "charge_pump", settings, {"pumped_voltage": MIN, "pump_ripple": MAX, "power": MAX}),)


CHARGE_PUMP = charge_pump_benches("1u")


def converter_benches(output: str, bits: int, compliance: str) -> tuple[Bench, ...]:
    """The testbench of a converter; `output`: voltage or current, the latter at `compliance`, as text of a spec."""
    held = {"compliance": compliance} if compliance else {}
    scale = "full_scale_current" if output == "current" else "full_scale"
    wanted = {"inl": MAX, "dnl": MAX, scale: MIN, "power": MAX}
    return (Bench("codes", f"dac_{output}", {"bits": str(bits), **held}, wanted),)


CONVERTER = converter_benches("voltage", 8, "")


def low_noise_benches(fed: bool, open_drain: bool) -> tuple[Bench, ...]:
    """The testbench of a low-noise amplifier.

    Args:
        fed: the input waits for a DC voltage from outside.
        open_drain: the output waits for the supply from outside.
    """
    settings = {"frequency": "2.4G", **({"bias": "vdd/2", "feed": "1"} if fed else {})}
    settings |= {"output_feed": "1"} if open_drain else {}
    wanted = {"s21": MIN, "s11": MAX, "s22": MAX, "noise_figure": MAX, "stability_factor": MIN, "power": MAX}
    return (Bench("ports", "low_noise_amplifier", settings, wanted),)


LOW_NOISE = low_noise_benches(False, False)
FILTER = (
    Bench(
        "band",
        "filter",
        {"load": "10f"},
        {"bandwidth": MIN, "q_factor": NEAR, "peaking": MAX, "output_noise_rms": MAX, "power": MAX},
    ),
)
SRAM = (
    Bench("hold", "sram_hold", {}, {"hold_snm": MIN, "cell_leakage": MAX}),
    Bench("read", "sram_read", {}, {"read_snm": MIN, "read_current": MIN}),
    Bench("write", "sram_write", {}, {"write_snm": MIN}),
)


def reset_benches(threshold: bool) -> tuple[Bench, ...]:
    """The testbenches of a power-on reset; `threshold`: whether the supply's DC voltage decides."""
    wanted = {"trip_rising": NEAR, "trip_falling": NEAR, "trip_hysteresis": MIN, "power": MAX}
    ramps = (
        Bench("fast", "reset_ramp", {"load": "10f"}, {"reset_delay": MIN, "reset_glitch": MAX}),
        Bench("slow", "reset_slow_ramp", {"load": "10f"}, {"reset_glitch_slow": MAX}),
    )
    return (Bench("threshold", "reset_threshold", {"load": "10f"}, wanted), *ramps) if threshold else ramps


POWER_ON_RESET = reset_benches(True)
OPEN_COMPARATOR = (
    Bench("step", "comparator_open", {"load": "10f", "overdrive": "20m"}, {"propagation_delay": MAX, "power": MAX}),
)


def differential_benches(error: bool, loop: bool, sign: int = 1) -> tuple[Bench, ...]:
    """The testbenches of a fully differential amplifier.

    Args:
        error: whether the outputs have a wanted common mode.
        loop: whether the loop of the common mode can be probed.
        sign: of the path from the control port to the outputs: −1 where they rise with it.
    """
    settings = {"load": "1p"} | ({"cm_sign": "-1"} if sign < 0 else {})
    amplifies = {"dc_gain": MIN, "gbw": MIN, "phase_margin": MIN, "input_noise": MAX, "power": MAX}
    common = {"cm_gbw": MIN, "cm_phase_margin": MIN}
    return (
        Bench("loop", "differential_loop", settings, amplifies | ({"output_cm_error": MAX} if error else {})),
        *((Bench("common", "common_mode_loop", settings, common),) if loop else ()),
        Bench("step", "differential_step", settings, {"slew_rate_up": MIN, "settling_time": MAX}),
        Bench("swing", "differential_swing", settings, {"output_swing": MIN}),
    )


DIFFERENTIAL = differential_benches(error=True, loop=True)


def sample_hold_benches(low: str, high: str, stored: bool, bare: bool) -> tuple[Bench, ...]:
    """The testbenches of a sample and hold.

    Args:
        low: the lower end of its signal range, as text of a spec.
        high: the upper one.
        stored: whether the capacitor that holds is inside.
        bare: whether the output is the held net itself: no stage is behind it.
    """
    span = {"signal_low": low, "signal_high": high, "load": "10f" if stored and bare else "1p", "frequency": "10M"}
    tracks = {"acquisition_time": MAX, "pedestal": MAX}
    return (
        Bench("sample", "sample_hold", span, {**tracks, **({} if bare else {"tracking_error": MAX, "power": MAX})}),
        Bench("hold", "sample_hold_droop", span, {"droop": MAX}),
        *((Bench("resistance", "sample_hold_resistance", span, {"tracking_resistance": MAX}),) if bare else ()),
    )


SAMPLE_HOLD = sample_hold_benches("vdd/3", "2*vdd/3", stored=False, bare=False)
