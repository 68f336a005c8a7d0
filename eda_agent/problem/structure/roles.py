"""A role is what one device does in its circuit, in a designer's words: input pair, load mirror, cascode nmos."""

from __future__ import annotations

from eda_agent.problem.structure.circuit import Fet, Mirror, Passive
from eda_agent.problem.structure.patterns import Patterns


def roles_of(found: Patterns) -> dict[str, str]:
    result = {fet.name: _role(found, fet) for fet in found.fets}
    for passive in found.circuit.passives:
        result[passive.name] = _passive_role(found, passive)
    return result


def _role(found: Patterns, fet: Fet) -> str:
    if fet.gate in found.clocks:
        return "clocked tail" if fet.drain in found.tails else "precharge switch" if fet.source in found.rails else "switch"
    for pair in found.cross_pairs:
        if fet in pair:
            return f"latch {fet.type}"
    for pair in found.pairs:
        if found.foot(fet) == found.foot(pair[0]) and fet.type == pair[0].type and fet.gate in {pair[0].gate, pair[1].gate}:
            return "input pair" if pair[0].gate in found.circuit.ports and pair[1].gate in found.circuit.ports else "inner pair"
    for pair in found.inverters:
        if fet in pair:
            return f"inverter {fet.type}"
    if _starves(found, fet):
        return f"starving {fet.type}"
    mirror = found.mirrored.get(fet.name)
    if mirror is not None:
        return _mirror_role(found, fet, mirror)
    return _single_role(found, fet)


def _mirror_role(found: Patterns, fet: Fet, mirror: Mirror) -> str:
    if fet.drain in found.tails:
        return "tail source"
    signal = mirror.reference.gate in found.signal
    if not signal:
        if fet is mirror.reference:
            return "bias diode"
        above = {other for net in found.tops(fet) for other in found.by_drain[net] if other.name != fet.name}
        if any(other.diode and not _carries(found, other) for other in above):
            return "bias source"
        return "current source"
    pair_drains = {one.drain for pair in found.pairs for one in pair}
    below = found.tops(mirror.reference) | {top for copy in mirror.copies for top in found.tops(copy)}
    reached = pair_drains | {other.drain for net in pair_drains for other in found.by_source[net]}
    return "load mirror" if below & reached else "signal mirror"


def _starves(found: Patterns, fet: Fet) -> bool:
    above = [other for other in found.by_source.get(fet.drain, ()) if other.type == fet.type]
    return fet.source in found.rails and any(other in pair for pair in found.inverters for other in above)


def _carries(found: Patterns, fet: Fet) -> bool:
    return fet.drain in found.signal


def _single_role(found: Patterns, fet: Fet) -> str:
    if any(other.source == fet.drain and other.drain == fet.source and other.type != fet.type for other in found.fets):
        return "class-AB mesh"
    if _switches(found, fet):
        return "switch"
    if fet.diode:
        return "load diode" if _carries(found, fet) and fet.source in found.rails else "bias diode"
    below = [other for other in found.by_drain[fet.source] if other.name != fet.name]
    if fet.source not in found.rails and below and fet.gate not in found.signal:
        return f"cascode {fet.type}"
    if fet.drain in found.tails:
        return "tail source"
    if fet.gate in found.signal and fet.source in found.rails:
        return "output device" if fet.drain in found.circuit.ports else "gain device"
    if fet.gate not in found.signal and fet.source in found.rails:
        return "current source"
    if fet.gate in found.signal and fet.drain in found.rails:
        return "follower"
    if any(other.type == fet.type for other in below):
        return f"cascode {fet.type}"
    return "device"


def _switches(found: Patterns, fet: Fet) -> bool:
    """Whether a port turns a device on that takes a diode's voltage away: an enable."""
    alike = [other for other in found.by_gate.get(fet.drain, ()) if other.type == fet.type and other.source == fet.source]
    at_a_port = fet.gate in found.circuit.ports and fet.gate not in found.rails
    return fet.source in found.rails and at_a_port and not fet.diode and any(other.diode for other in alike)


def _passive_role(found: Patterns, passive: Passive) -> str:
    kind = {"r": "resistor", "c": "capacitor", "l": "inductor"}[passive.kind]
    ends = [net for net in passive.nets if net not in found.rails]
    if len(ends) < 2:
        return f"load {kind}" if any(net in found.circuit.ports for net in ends) else f"bypass {kind}"
    reach = set(ends)
    for net in passive.nets:
        for other in () if found.by_drain[net] or found.by_gate[net] else found.by_passive[net]:
            # a resistor and a capacitor in series act as one
            shared = set(other.nets) & set(passive.nets)
            if other is not passive and all(not found.by_drain[end] and not found.by_gate[end] for end in shared):
                reach |= set(other.nets)
    inputs = {port for port in reach if port in found.circuit.ports and found.by_gate[port]}
    outputs = {net for net in reach if found.by_drain[net] and net in found.signal}
    if inputs and outputs:
        return f"feedback {kind}"
    if len(outputs) >= 2:
        return "compensation capacitor" if passive.kind == "c" else "nulling resistor"
    return f"series {kind}"
