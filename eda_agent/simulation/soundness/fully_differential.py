"""The check of a fully differential amplifier: its outputs stay between the rails and near each other, and its
common-mode feedback is negative.
"""

from __future__ import annotations

from collections.abc import Iterator

from eda_agent.metrics import measure
from eda_agent.simulation.soundness.observation import RAIL, Observation
from eda_agent.simulation.soundness.symptom import Symptom
from eda_agent.units import format_quantity

LATCHED = 0.5
"""Share of the supply: outputs that differ by more without an input hold a decision."""
FEEDBACK = "the common-mode feedback (ports vocm and control), the bias, and what loads the outputs"


def check(seen: Observation) -> Iterator[Symptom]:
    """A symptom if the outputs stand at a rail, hold a decision, or have a common mode of positive feedback."""
    if seen.template == "common_mode_loop" and (loop := seen.wave("ac", "loop")) is not None:
        why = measure("cm_phase_margin", loop, seen.settings).why
        if "inverts" in why:
            did = "the common-mode feedback is positive: the outputs go to a rail together"
            yield Symptom("positive common-mode feedback", seen.testbench, seen.corner, did, FEEDBACK)
            return
    wave = seen.wave("op", "ocm")
    if wave is None:
        return
    level = float(wave.real("ocm")[0])
    if min(level, seen.vdd - level) < RAIL * seen.vdd:
        did = f"the common mode of the outputs stands at {format_quantity(level, 'V', 3)}, at a rail"
        yield Symptom("common mode at a rail", seen.testbench, seen.corner, did, FEEDBACK)
    elif "out" in wave.probes and abs(apart := float(wave.real("out")[0])) > LATCHED * seen.vdd:
        if "step" in seen.settings:
            return
        did = f"the outputs differ by {format_quantity(apart, 'V', 3)} without an input"
        look = "which output and which input are the positive ones (ports:)"
        yield Symptom("outputs apart", seen.testbench, seen.corner, did, look)
