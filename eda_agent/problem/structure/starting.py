"""A start-up circuit brings a self-biased reference out of its state without current, and is off or idle once the reference works.

It is told from connections: a device that draws current from the gates of a mirror of the other type, on a gate of its own that something
pulls away as soon as a mirror carries current.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eda_agent.problem.structure.circuit import Fet

if TYPE_CHECKING:
    from eda_agent.problem.structure.patterns import Patterns


def starting_in(found: Patterns) -> frozenset[str]:
    """Names of the devices that start a reference: those that trigger it, and what drives their gates."""
    triggers = [fet for fet in found.fets if _may_trigger(found, fet)]
    result: set[str] = set()
    for gate in {fet.gate for fet in triggers}:
        alone = all(fet in triggers for fet in found.by_gate[gate])
        drivers = found.by_drain[gate]
        senses = any(fet.gate != gate and _carries_bias(found, fet) for fet in drivers)
        if alone and senses:
            result |= {fet.name for fet in (*found.by_gate[gate], *drivers)}
    return frozenset(result)


def _may_trigger(found: Patterns, fet: Fet) -> bool:
    """A device on its rail that draws from the gates of a mirror of the other type, and is itself in no mirror and on no way of a signal."""
    free = fet.source in found.rails and not fet.diode and fet.name not in found.mirrored
    own_gate = fet.gate not in found.rails and fet.gate not in found.circuit.ports
    draws = any(mirror.reference.gate == fet.drain and mirror.reference.type != fet.type for mirror in found.mirrors)
    return free and own_gate and draws and not {fet.gate, fet.drain} & set(found.signal)


def _carries_bias(found: Patterns, fet: Fet) -> bool:
    return any(other.diode or found.mirrored.get(other.name) is not None for other in found.by_gate[fet.gate] if other is not fet)
