"""A start-up circuit brings a self-biased reference out of its zero-current state, and is off or idle afterwards.

It is recognised from connections: a device draws current from the gates of a mirror of the other type, and something
pulls its own gate away as soon as a mirror conducts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from eda_agent.problem.structure.circuit import Fet, Mirror
from eda_agent.problem.structure.wiring import Wiring


def starting_in(found: Wiring, mirrors: Sequence[Mirror], signal: Collection[str]) -> frozenset[str]:
    """Names of the devices that start a reference: the triggering devices, and those that drive their gates. `signal`:
    nets that the inputs reach.
    """
    mirrored = {fet.name for mirror in mirrors for fet in mirror.members}
    triggers = [
        fet
        for fet in found.fets
        if fet.name not in mirrored and not {fet.gate, fet.drain} & set(signal) and _may_trigger(found, mirrors, fet)
    ]
    result: set[str] = set()
    for gate in {fet.gate for fet in triggers}:
        alone = all(fet in triggers for fet in found.by_gate[gate])
        drivers = found.by_drain[gate]
        senses = any(fet.gate != gate and _carries_bias(found, mirrored, fet) for fet in drivers)
        if alone and senses:
            result |= {fet.name for fet in (*found.by_gate[gate], *drivers)}
    return frozenset(result)


def _may_trigger(found: Wiring, mirrors: Sequence[Mirror], fet: Fet) -> bool:
    """Whether a device on its rail draws from the gates of a mirror of the other type."""
    free = fet.source in found.rails and not fet.diode
    own_gate = fet.gate not in found.rails and fet.gate not in found.circuit.ports
    return (
        free
        and own_gate
        and any(mirror.reference.gate == fet.drain and mirror.reference.type != fet.type for mirror in mirrors)
    )


def _carries_bias(found: Wiring, mirrored: Collection[str], fet: Fet) -> bool:
    return any(other.diode or other.name in mirrored for other in found.by_gate[fet.gate] if other is not fet)
