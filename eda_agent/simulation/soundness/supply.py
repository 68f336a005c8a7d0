"""The supply's check: a circuit takes power from it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom
from eda_agent.units import format_quantity

_ASKED = frozenset({"power", "supply_current"})


def check(seen: Observation) -> Iterator[Symptom]:
    asked = {spec.metric.name for spec in seen.specs} & _ASKED
    wave = seen.wave("tran", "supply") or seen.wave("op", "supply")
    if not asked or wave is None:
        return
    current = wave.real("supply")
    mean = float(np.trapezoid(current, wave.axis) / np.ptp(wave.axis)) if wave.kind == "tran" else float(current[0])
    if mean <= 0:
        did = f"the supply delivers {format_quantity(mean, 'A', 3)}" if mean < 0 else "the supply delivers no current"
        yield Symptom(
            "no power", seen.testbench, seen.corner, did, "the probe  supply:  and other sources that feed the circuit"
        )
