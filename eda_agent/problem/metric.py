"""A metric is a named number with a unit; what it is measured from stands in `eda_agent.simulation.metrics`.

`ramp` says how partial success is graded (`eda_agent.agent.score`): "log" for what spans decades, "linear" with `span` (in the
metric's unit) between the target and the worst value, or, where `span` is None, the target's own size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LOG_SPAN = 100.0
"""A log-scaled metric scores 0 when it misses its target by this factor."""


@dataclass(frozen=True)
class Metric:
    name: str
    unit: str
    ramp: Literal["log", "linear"]
    span: float | None
    description: str


METRICS = {
    metric.name: metric
    for metric in (
        Metric("dc_gain", "dB", "linear", 60.0, "gain at the lowest frequency: of the loop where the testbench has a loop probe"),
        Metric("gbw", "Hz", "log", None, "unity-gain frequency"),
        Metric(
            "phase_margin",
            "deg",
            "linear",
            90.0,
            "angle between the loop gain and −1 where its magnitude is 1; negative where the loop is unstable",
        ),
        Metric(
            "gain_margin",
            "dB",
            "linear",
            20.0,
            "change of the loop gain that makes it unstable; the attenuation at the end of the sweep where its phase never turns by 180°",
        ),
        Metric("bandwidth", "Hz", "log", None, "frequency where the gain is 3 dB below its low-frequency value"),
        Metric("supply_current", "A", "log", None, "mean current out of the supply"),
        Metric("power", "W", "log", None, "mean power out of the supply"),
        Metric("slew_rate_up", "V/s", "log", None, "slope of the rising edge between 20 % and 80 %"),
        Metric("slew_rate_down", "V/s", "log", None, "slope of the falling edge between 80 % and 20 %, as a positive number"),
        Metric("settling_time", "s", "log", None, "time from the rising input edge until the output stays within the tolerance"),
        Metric("overshoot", "%", "linear", 50.0, "largest excursion past the final value, of the step"),
        Metric("output_swing", "V", "linear", None, "range of output voltage over which the closed loop stays linear"),
        Metric("input_offset", "V", "log", None, "magnitude of the systematic input-referred offset in unity feedback"),
        Metric("input_noise", "V/√Hz", "log", None, "input-referred noise density at the spot frequency"),
        Metric("output_noise", "V/√Hz", "log", None, "output noise density at the spot frequency"),
        Metric("integrated_noise", "V", "log", None, "input-referred rms noise over the noise band"),
        Metric("cmrr", "dB", "linear", 40.0, "common-mode rejection at a frequency"),
        Metric("psrr_plus", "dB", "linear", 40.0, "rejection of the positive supply at a frequency"),
        Metric("psrr_minus", "dB", "linear", 40.0, "rejection of the negative supply at a frequency"),
        Metric("input_range", "V", "linear", None, "input common-mode range over which a follower follows"),
        Metric("thd", "%", "log", None, "total harmonic distortion up to the ninth harmonic"),
        Metric("line_regulation", "V/V", "log", None, "change of the output per change of the supply"),
        Metric("load_regulation", "Ohm", "log", None, "fall of the output per rise of the load current"),
        Metric("dropout", "V", "log", None, "input above output where the output has fallen by 2 %"),
        Metric("load_undershoot", "V", "log", None, "fall of the output below its settled value when the load rises"),
        Metric("load_overshoot", "V", "log", None, "rise of the output above its settled value when the load falls"),
        Metric("quiescent_current", "A", "log", None, "supply current less the load's"),
        Metric("reference_voltage", "V", "linear", None, "the reference's output"),
        Metric("temperature_coefficient", "ppm/K", "log", None, "box method: (max − min) / mean per kelvin of the range"),
        Metric("output_current", "A", "log", None, "the reference's current into its compliance voltage"),
        Metric("line_sensitivity", "%/V", "log", None, "relative change of the reference's current per change of the supply"),
        Metric(
            "compliance_range", "V", "linear", None, "range of output voltage over which the reference's current stays within the tolerance"
        ),
        Metric("oscillation_frequency", "Hz", "log", None, "mean frequency once the oscillation is steady"),
        Metric("period_jitter", "s", "log", None, "rms deviation of the period that the supply's ripple causes"),
        Metric("transimpedance", "Ohm", "log", None, "output voltage per input current at the lowest frequency"),
        Metric("peaking", "dB", "linear", 20.0, "largest gain above that at the lowest frequency"),
        Metric("input_noise_current", "A/√Hz", "log", None, "input-referred noise density at the spot frequency"),
        Metric("delay", "s", "log", None, "time from the 50 % clock edge to a valid decision, the slower of both decisions"),
        Metric("gate_area", "m²", "log", None, "sum of W·L·m over all MOSFETs"),
    )
}
