"""The amplifier's check: its input pair carries current, its gain exceeds 1 somewhere, and it does not invert where
feedback would latch.
"""

from __future__ import annotations

from collections.abc import Iterator

from eda_agent.metrics import measure
from eda_agent.problem.off_current import OFF
from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.output import DRIVEN
from eda_agent.simulation.soundness.symptom import Symptom
from eda_agent.units import format_quantity

FAR = -20.0
"""dB: above this gain it is a poor amplifier, which sizing may improve."""
_LOOPS = frozenset({"gbw", "phase_margin", "gain_margin"})


def check(seen: Observation) -> Iterator[Symptom]:
    if seen.pair and seen.metrics & DRIVEN and max(seen.pair.values()) < OFF:
        most = format_quantity(max(seen.pair.values()), "A", 2)
        did = f"the input pair ({' '.join(seen.pair)}) is off: it carries at most {most}"
        yield Symptom(
            "pair off",
            seen.testbench,
            seen.corner,
            did,
            "the bias ports (bias:), an enable that is held at the wrong level, and the common mode (vcm)",
        )
    wave = seen.response
    if wave is None or not _amplifies(seen):
        return
    low, peak = (measure(metric, wave, seen.settings)[0] for metric in ("dc_gain", "peaking"))
    if low is None:
        return
    gain = low + (peak or 0.0)
    if gain < 0:
        did = f"it attenuates: its gain is at most {format_quantity(gain, 'dB', 3)}"
        mild = gain > FAR
        check = "attenuates a little" if mild else "attenuates"
        yield Symptom(check, seen.testbench, seen.corner, did, "the bias, the load and the common mode (vcm)", mild)
    elif _inverts(seen):
        yield Symptom(
            "inverts",
            seen.testbench,
            seen.corner,
            "the path inverts at low frequency: feedback through it is positive",
            "which input is the inverting one (ports:)",
        )


def _amplifies(seen: Observation) -> bool:
    """Whether gain above 1 is required: a unity-gain frequency, a margin, or a gain of more than 0 dB."""
    gains = [spec.minimum for spec in seen.specs if spec.metric.name == "dc_gain" and spec.minimum is not None]
    return bool(seen.metrics & _LOOPS) or any(gain > 0 for gain in gains)


def _inverts(seen: Observation) -> bool:
    return "phase_margin" in seen.metrics and "inverts" in measure("phase_margin", seen.waves["ac"], seen.settings)[1]
