"""The check of a filter and of a low-noise amplifier: it does not oscillate by itself."""

from __future__ import annotations

from collections.abc import Iterator

from eda_agent.metrics.own_oscillation import in_feedback, why_not_stable
from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom


def check(seen: Observation) -> Iterator[Symptom]:
    """A symptom if a natural mode grows, or its AC response is not that of a stable circuit."""
    if why := why_not_stable(seen.waves.get("ac"), seen.mode):
        look = "loops with positive feedback: a negative resistance, a pair with gates on each other's drain"
        if "feedback" in seen.settings:
            look += "; feedback, if the amplifier is made for more gain"
        did = in_feedback(why, seen.settings)
        yield Symptom("oscillates by itself", seen.testbench, seen.corner, did, look, mild=True)
