"""The start-up of a reference: how long after the supply's return its output is back at the operating point."""

from __future__ import annotations

from collections.abc import Mapping

from eda_agent.metrics.measurable import Censored, Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.step import settling_time
from eda_agent.metrics.tail import tail
from eda_agent.metrics.waveform import Waveform
from eda_agent.units import format_quantity


def restart(settings: Mapping[str, float]) -> tuple[float, float]:
    """(time at which the supply begins to return, end of the window), both in s: the supply falls over `ramp`, is 0 for
    four `hold`, rises over `ramp`, and stays for one `hold`.
    """
    start = settings["ramp"] + 4 * settings["hold"]
    return start, start + settings["ramp"] + settings["hold"]


@metric(
    "startup_time",
    "s",
    analysis="tran",
    output="held",
    typical=20e-6,
    ask="relax",
    definition="time from the start of the supply's ramp until the output stays within the tolerance of its operating"
    " point",
    window="a lower bound where the output is still on its way at the end of the window",
    second="tests/measurements/test_startup.py",
    aliases=("startup", "start_up_time"),
)
def _startup_time(wave: Waveform, settings: Mapping[str, float]) -> float:
    probe = "out" if "out" in wave.probes else "current"
    time, out = wave.axis, wave.real(probe)
    start, stop = restart(settings)
    point = float(out[0])
    if point == 0:
        raise Unmeasurable("the reference gives nothing at its operating point")
    band = abs(point) * settings["tolerance"] / 100
    end = tail(time, out, start + settings["ramp"], stop, band)
    if end.oscillates:
        raise Unmeasurable("the output oscillates after the restart")
    if end.settled and abs(end.final - point) > band:
        there, here = (format_quantity(level, "V" if probe == "out" else "A", 3) for level in (end.final, point))
        raise Unmeasurable(f"it does not start: the output returns to {there}, the operating point has {here}")
    # the output may be right before the supply is
    try:
        return settling_time(time, out, point, band, start, min(stop, float(time[-1])))
    except Censored as error:
        raise Censored(str(error), error.bound, error.value, end.wanted) from None
