"""A passive role is the function of a resistor, capacitor or inductor, from what stands on its two nets."""

from __future__ import annotations

from eda_agent.problem.structure.circuit import Fet, Passive
from eda_agent.problem.structure.patterns import Patterns

_KINDS = {"r": "resistor", "c": "capacitor", "l": "inductor"}


def passive_role(found: Patterns, passive: Passive) -> str:
    kind = _KINDS[passive.kind]
    ends = [net for net in passive.nets if net not in found.rails]
    if passive.kind == "r" and (role := _resistor_at(found, passive, ends)):
        return f"{role} resistor"
    if len(ends) < 2:
        if passive.kind == "r":
            return "load resistor" if any(net in found.circuit.ports for net in ends) else "series resistor"
        return f"load {kind}" if any(net in found.circuit.ports for net in ends) else f"bypass {kind}"
    reach = _reach(found, passive)
    inputs = {
        port for port in reach if port in found.circuit.ports and found.by_gate[port] and not _follows(found, port)
    }
    outputs = {net for net in reach if found.by_drain[net] and net in found.signal}
    if any(one != other for one in inputs for other in outputs):
        return f"feedback {kind}"
    if len(outputs) >= 2:
        if passive.kind == "c":
            return "compensation capacitor"
        if _with_capacitor(found, passive):
            return "nulling resistor"
    return f"series {kind}"


def _follows(found: Patterns, port: str) -> bool:
    """Whether a port is the output of a follower, which stands at a gate of its pair."""
    return bool(found.by_drain[port]) and any(fet.gate == port for pair in found.pairs for fet in pair)


def _reach(found: Patterns, passive: Passive) -> set[str]:
    """Its nets, and those behind a passive in series with it: a resistor and a capacitor in series act as one."""
    reach = {net for net in passive.nets if net not in found.rails}
    for net in passive.nets:
        for other in () if found.by_drain[net] or found.by_gate[net] else found.by_passive[net]:
            shared = set(other.nets) & set(passive.nets)
            if other is not passive and all(not found.by_drain[end] and not found.by_gate[end] for end in shared):
                reach |= set(other.nets)
    return reach


def _with_capacitor(found: Patterns, passive: Passive) -> bool:
    """Whether a capacitor is in series with it."""
    inner = [net for net in passive.nets if not found.by_drain[net] and not found.by_gate[net]]
    return any(other.kind == "c" for net in inner for other in found.by_passive[net])


def _resistor_at(found: Patterns, passive: Passive, ends: list[str]) -> str:
    """The function that one of its nets gives a resistor, "" if none does."""
    for net in ends:
        others = [other for other in found.by_passive[net] if other is not passive and other.kind == "r"]
        sources, drains, gates = found.by_source[net], found.by_drain[net], found.by_gate[net]
        if gates and others and not drains and not sources and (len(ends) == 1 or _to_rail(found, others)):
            return "divider"
        if sources and not drains and not gates:
            if any(fet in pair for pair in found.pairs for fet in sources):
                return "tail" if net in found.tails else "degeneration"
            if any(_follows_a_diode(found, fet) for fet in sources):
                return "current-setting"
    if len(ends) == 1:
        return _to_one_rail(found, ends[0])
    output = [net for net in ends if net in found.circuit.ports and found.by_drain[net] and not found.by_gate[net]]
    free = [net for net in ends if not (found.by_drain[net] or found.by_gate[net] or found.by_source[net])]
    if output and free and not any(other.kind == "c" for other in found.by_passive[free[0]]):
        return "load"
    return ""


def _to_one_rail(found: Patterns, net: str) -> str:
    """The function of a resistor between a net and a rail."""
    sources, drains, gates = found.by_source[net], found.by_drain[net], found.by_gate[net]
    if not (sources or drains or gates) and any(fet.bulk == net for fet in found.fets):
        return "well"
    if net in found.circuit.ports and (sources or drains):
        return "load"
    if any(fet.diode for fet in drains):
        return "load" if net in found.signal else "bias"
    if drains:
        return "load"
    return "degeneration" if sources else "bias" if gates and net not in found.circuit.ports else ""


def _to_rail(found: Patterns, resistors: list[Passive]) -> bool:
    return any(set(other.nets) & found.rails for other in resistors)


def _follows_a_diode(found: Patterns, fet: Fet) -> bool:
    return any(other.diode and other.type == fet.type for other in found.by_gate[fet.gate])
