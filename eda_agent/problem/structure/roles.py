"""A role is the function of a device in its circuit, in a designer's words: input pair, load mirror, cascode nmos."""

from __future__ import annotations

from eda_agent.problem.structure.circuit import Fet, Mirror
from eda_agent.problem.structure.passive_roles import passive_role
from eda_agent.problem.structure.patterns import Patterns


def roles_of(found: Patterns) -> dict[str, str]:
    result = {fet.name: _role(found, fet) for fet in found.fets}
    for passive in found.circuit.passives:
        result[passive.name] = passive_role(found, passive)
    return result


def _role(found: Patterns, fet: Fet) -> str:
    if fet.gate in found.clocks:
        return (
            "clocked tail"
            if fet.drain in found.tails
            else "precharge switch"
            if fet.source in found.rails
            else "switch"
        )
    for pair in found.cross_pairs:
        if fet in pair:
            return f"latch {fet.type}"
    for pair in found.pairs:
        if (
            found.foot(fet) == found.foot(pair[0])
            and fet.type == pair[0].type
            and fet.gate in {pair[0].gate, pair[1].gate}
        ):
            if _of_ports(found, pair):
                return "input pair"
            if _is_differential(found, pair):
                # an amplifier inside a reference or regulator: its pair is where the loop's signal enters
                return "inner pair" if any(_of_ports(found, other) for other in found.pairs) else "input pair"
    for pair in found.inverters:
        if fet in pair:
            return f"inverter {fet.type}"
    if fet.name in found.enabling:
        return "switch"
    if fet.name in found.starting:
        return "start-up"
    if _starves(found, fet):
        return f"starving {fet.type}"
    mirror = found.mirrored.get(fet.name)
    if mirror is not None:
        return _mirror_role(found, fet, mirror)
    return _single_role(found, fet)


def _of_ports(found: Patterns, pair: tuple[Fet, Fet]) -> bool:
    return pair[0].gate in found.circuit.ports and pair[1].gate in found.circuit.ports


def _is_differential(found: Patterns, pair: tuple[Fet, Fet]) -> bool:
    """Whether a pair has a tail: its common source is no port, and no device below has one of its gates, as in a stack
    of inverters.
    """
    foot, gates = found.foot(pair[0]), {pair[0].gate, pair[1].gate}
    return foot not in found.circuit.ports and not any(fet.gate in gates for fet in found.by_drain[foot])


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
    if fet.diode:
        return "load diode" if _carries(found, fet) and fet.source in found.rails else "bias diode"
    below = [other for other in found.by_drain[fet.source] if other.name != fet.name]
    stacked = [other for other in below if other.gate == fet.gate and other.type == fet.type]
    if stacked and len(stacked) == len(below):
        # devices in series with one gate are one long device
        return _role(found, stacked[0])
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
    if any(other.diode and other.type == fet.type for other in found.by_gate[fet.gate]):
        # a mirror whose two sources stand on different nets: resistors or bipolars are below them
        if fet.gate not in found.signal:
            return "bias source"
        drains = {one.drain for pair in found.pairs for one in pair}
        return "load mirror" if fet.drain in drains else "signal mirror"
    return "device"
