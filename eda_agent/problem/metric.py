"""A metric is a named number with a unit; what it is measured from stands in `eda_agent.simulation.measurements`.

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
        Metric("dc_gain", "dB", "linear", 60.0, "differential gain at the lowest frequency"),
        Metric("gbw", "Hz", "log", None, "unity-gain frequency"),
        Metric("phase_margin", "deg", "linear", 90.0, "180° plus the unwrapped phase of the loop at the unity-gain frequency"),
        Metric(
            "gain_margin",
            "dB",
            "linear",
            20.0,
            "attenuation of the loop where its phase has turned by 180°, or at the end of the sweep where it never does",
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
        Metric("delay", "s", "log", None, "time from the 50 % clock edge to a valid decision, the slower of both decisions"),
        Metric("gate_area", "m²", "log", None, "sum of W·L·m over all MOSFETs"),
    )
}
