"""Results that are identical to the last digit although the sizes moved: the circuit that is sized is not the one that is simulated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom


def unmoved(one: Sequence[Observation], other: Sequence[Observation]) -> Iterator[Symptom]:
    """Testbenches whose every waveform is the same in two sizings.

    Sizes that do nothing at all to a circuit do not exist: currents through its supply change in the last digits at the least. So one
    pair of sizings is enough.
    """
    second = {(seen.testbench, seen.corner): seen for seen in other}
    for seen in one:
        twin = second.get((seen.testbench, seen.corner))
        if twin is not None and seen.waves.keys() == twin.waves.keys() and all(_equal(seen, twin, kind) for kind in seen.waves):
            did = "its results are identical to the last digit although every size moved"
            yield Symptom("unmoved", seen.testbench, seen.corner, did, "whether the deck holds the netlist's own devices: a  .param  or a model in it that sets the sizes again")  # fmt: skip


def _equal(one: Observation, other: Observation, kind: str) -> bool:
    first, second = one.waves[kind], other.waves[kind]
    same = np.array_equal(first.axis, second.axis) and first.probes.keys() == second.probes.keys()
    return same and all(np.array_equal(array, second.probes[role]) for role, array in first.probes.items())
