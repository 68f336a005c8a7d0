"""An enable is a port that switches the bias on and off. Its level is a condition, and its switches are not sized.

It is recognised from connections. Every gate that the port drives, directly or through inverters, must belong to one of
these:

- a killer: a device from its rail to the gates of devices on the same rail, or to a port. The circuit is on while it is
  off.
- a series switch: a device that feeds other devices, as a power switch or between a mirror and a diode. The circuit is
  on while it is on.

All of them must agree on the level. One killer must remove the voltage of a diode or of a mirror's reference, or two
devices must hold the output and stop what drives it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eda_agent.problem.structure.circuit import Enable, Fet
from eda_agent.problem.structure.wiring import Wiring

OPPOSITE = {"low": "high", "high": "low"}
_MOST_INVERTERS = 2
"""Maximum number of inverters between a port and its switches."""


@dataclass(frozen=True)
class _Gate:
    """One device in the path of an enable. `level` of the port at which the circuit is on, "" if the device does not
    determine it.
    """

    fet: Fet
    level: str
    kills: bool
    sure: bool


def enables_in(found: Wiring) -> tuple[Enable, ...]:
    """The enables among a circuit's ports."""
    result = []
    for port in found.circuit.ports:
        # a port on a diode supplies a current
        biased = any(fet.diode for fet in found.by_gate[port])
        gates = [] if port in found.rails or biased else _gates(found, port)
        if gates is None or not _switches(found, gates):
            continue
        levels = {gate.level for gate in gates if gate.level}
        if len(levels) == 1:
            killers = dict.fromkeys(gate.fet.name for gate in gates if gate.kills)
            members = dict.fromkeys(gate.fet.name for gate in gates)
            result.append(Enable(port, next(iter(levels)), tuple(killers), tuple(members)))
    return tuple(result)


def _switches(found: Wiring, gates: Sequence[_Gate]) -> bool:
    """Whether these devices together switch a circuit off."""
    ways = (_switches_supply, _switches_bias, _switches_output)
    return any(gate.sure for gate in gates) or any(way(found, gates) for way in ways)


def _switches_supply(found: Wiring, gates: Sequence[_Gate]) -> bool:
    """Whether the gates are power switches from a rail and devices that hold an output meanwhile, not the clock of a
    latch, which has both as well.
    """
    rails = {found.circuit.vdd, found.circuit.vss}
    power = [gate for gate in gates if gate.level and not gate.kills and gate.fet.source in rails]
    held = [gate for gate in gates if gate.kills]
    crossed = any(
        one.gate == other.drain and other.gate == one.drain and one.type == other.type and not one.diode
        for one in found.fets
        for other in found.by_drain[one.gate]
        if other is not one
    )
    opposite = {gate.fet.type for gate in power} & {gate.fet.type for gate in held}
    return bool(power and held) and not crossed and not opposite


def _switches_bias(found: Wiring, gates: Sequence[_Gate]) -> bool:
    """Whether a switch between a port and a diode is off while another device holds a port at a rail."""
    ports = {*found.circuit.ports} - found.rails
    feeding = [gate.fet for gate in gates if gate.level and not gate.kills and gate.fet.drain in ports]
    diodes = [fet for fet in feeding if any(one.diode and one.type == fet.type for one in found.by_drain[fet.source])]
    return bool(diodes) and any(gate.kills and gate.fet.drain in ports for gate in gates)


def _switches_output(found: Wiring, gates: Sequence[_Gate]) -> bool:
    """Whether one device takes the gate of another to its rail, and a second one takes the drain of that, a port, to
    the other rail, as in a regulator.
    """
    killers = [gate.fet for gate in gates if gate.kills]
    pulled = {fet.drain: fet.type for fet in killers if fet.drain in found.circuit.ports}
    return any(
        pulled.get(held.drain, fet.type) != fet.type
        for fet in killers
        for held in found.by_gate[fet.drain]
        if held.type == fet.type and held.source == fet.source
    )


def _gates(found: Wiring, net: str, depth: int = 0) -> list[_Gate] | None:
    """The devices that a net drives; None if one of them cannot belong to an enable."""
    result: list[_Gate] = []
    on = found.by_gate[net]
    inverted = _inverted(found, on) if depth < _MOST_INVERTERS else set()
    for output in sorted(inverted):
        behind = _gates(found, output, depth + 1)
        if behind is None:
            return None
        result += [_Gate(gate.fet, OPPOSITE.get(gate.level, ""), gate.kills, gate.sure) for gate in behind]
    for fet in on:
        gate = _Gate(fet, "", False, False) if fet.drain in inverted else _switch(found, fet)
        if gate is None:
            return None
        result.append(gate)
    return result


def _inverted(found: Wiring, gates: Sequence[Fet]) -> set[str]:
    """Nets that a pair of these devices, one of each type and each on its rail, drives, or one of them against a load
    that always conducts, and that drive gates only.
    """
    vdd, vss = found.circuit.vdd, found.circuit.vss
    loads = [fet for fet in found.by_gate[vss] if fet.type == "pmos" and fet.source == vdd]
    low = {fet.drain for fet in gates if fet.type == "nmos" and fet.source == vss}
    both = low & {fet.drain for fet in [*gates, *loads] if fet.type == "pmos" and fet.source == vdd}
    return {net for net in both if found.by_gate[net] and not any(fet.diode for fet in found.by_drain[net])}


def _switch(found: Wiring, fet: Fet) -> _Gate | None:
    conducts = "high" if fet.type == "nmos" else "low"
    rail = found.circuit.vss if fet.type == "nmos" else found.circuit.vdd
    if fet.source == rail:
        held = [other for other in found.by_gate[fet.drain] if other.type == fet.type and other.source == rail]
        if held or fet.drain in found.circuit.ports:
            sure = any(other.gate in found.tops(other) for other in held)
            return _Gate(fet, OPPOSITE[conducts], kills=True, sure=sure)
    feeds = [other for other in found.by_source[fet.drain] if other.type == fet.type]
    between = fet.source != rail and any(
        other.type == fet.type for other in found.by_drain[fet.source] if other is not fet
    )
    if feeds or between:
        return _Gate(fet, conducts, kills=False, sure=False)
    return None
