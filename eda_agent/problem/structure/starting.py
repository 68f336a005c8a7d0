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
        drivers = found.by_drain[gate]
        alone = all(fet in triggers or fet in drivers for fet in found.by_gate[gate])
        senses = any(fet.gate != gate and _carries_bias(found, mirrored, fet) for fet in drivers)
        if alone and senses:
            result |= {fet.name for fet in (*found.by_gate[gate], *drivers)}
            result |= {name for fet in drivers for name in _below(found, fet)}
    return frozenset(result | {name for fet in found.fets for name in _of_loop(found, fet)})


def _of_loop(found: Wiring, trigger: Fet) -> set[str]:
    """The start-up devices around a trigger that draws from sources whose gates an amplifier drives; empty without
    such a circuit.

    Something that is always on pulls the trigger's gate one way, and a device that reads a drain of these sources pulls
    it back.
    """
    node = trigger.gate
    if trigger.source not in found.rails or node in found.rails or node in found.circuit.ports or trigger.diode:
        return set()
    fed = {
        fet.drain
        for fet in found.by_gate[trigger.drain]
        if fet.type != trigger.type and fet.source in found.rails and fet.drain != trigger.drain
    }
    sensing = [fet for fet in found.by_drain[node] if fet.type == trigger.type and fet.gate in fed - found.rails]
    feeding = [fet for fet in found.by_drain[node] if fet.type != trigger.type]
    steady = all((fet.gate in found.rails or fet.diode) and fet.source in found.rails for fet in feeding)
    resistor = any(one.kind == "r" and found.rails & {*one.nets} for one in found.by_passive[node])
    reading = [fet for fet in found.by_gate[node] if not fet.diode and fet.drain != trigger.drain]
    inside = all(fet.source in found.rails for fet in sensing) and len(sensing) + len(feeding) == len(
        found.by_drain[node]
    )
    if len(fed) < 2 or not sensing or not steady or not (feeding or resistor) or reading or not inside:
        return set()
    return {fet.name for fet in (*found.by_gate[node], *sensing, *feeding)}


def _below(found: Wiring, fet: Fet) -> set[str]:
    """The devices in series below a device, on nets where nothing else stands."""
    result: set[str] = set()
    while fet.source not in {*found.rails, *found.circuit.ports} and not found.by_passive[fet.source]:
        below = found.by_drain[fet.source]
        reads = [other for other in found.by_gate[fet.source] if other not in below]
        if len(below) != 1 or reads or found.by_source[fet.source] != [fet] or below[0].name in result:
            break
        fet = below[0]
        result.add(fet.name)
    return result


def _may_trigger(found: Wiring, mirrors: Sequence[Mirror], fet: Fet) -> bool:
    """Whether a device on its rail draws from the gates of a mirror of the other type, or one between the gates of a
    mirror and those of a diode of the other type lets the first current flow.
    """
    own_gate = fet.gate not in found.rails and fet.gate not in found.circuit.ports and not fet.diode
    if not own_gate:
        return False
    gates = {mirror.reference.gate: mirror.reference.type for mirror in mirrors}
    if fet.source in found.rails:
        return gates.get(fet.drain, fet.type) != fet.type
    diodes = {other.gate: other.type for other in found.fets if other.diode} | gates
    ends = {diodes.get(fet.drain), diodes.get(fet.source)}
    return ends == {"nmos", "pmos"} and fet.gate not in diodes.keys() - {
        other.gate for other in found.by_drain[fet.gate]
    }


def _carries_bias(found: Wiring, mirrored: Collection[str], fet: Fet) -> bool:
    return any(other.diode or other.name in mirrored for other in found.by_gate[fet.gate] if other is not fet)
