"""Unmoved results are identical to the last digit although the sizes changed: another circuit is simulated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom


def unmoved(one: Sequence[Observation], other: Sequence[Observation]) -> Iterator[Symptom]:
    """Testbenches whose every waveform is the same for two sizings.

    Any change of a size changes at least the last digits of the supply current. One
    pair of sizings is therefore enough. A switch that is off may leak the same at every size: junctions of simple
    models have a saturation current for each device.
    """
    second = {(seen.testbench, seen.corner): seen for seen in other}
    for seen in one:
        twin = second.get((seen.testbench, seen.corner))
        if (
            twin is not None
            and seen.template != "switch_off"
            and seen.waves.keys() == twin.waves.keys()
            and all(_equal(seen, twin, kind) for kind in seen.waves)
        ):
            did = "its results are identical to the last digit although every size changed"
            yield Symptom(
                "unmoved",
                seen.testbench,
                seen.corner,
                did,
                "whether the deck holds the netlist's own devices: a  .param  or a model in it that sets the sizes"
                " again",
            )


def _equal(one: Observation, other: Observation, kind: str) -> bool:
    first, second = one.waves[kind], other.waves[kind]
    same = np.array_equal(first.axis, second.axis) and first.probes.keys() == second.probes.keys()
    return same and all(np.array_equal(array, second.probes[role]) for role, array in first.probes.items())
