"""A port role is what a port does, read from the devices on it: an output, a bias, the input of a ring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eda_agent.problem.draft.port_names import named
from eda_agent.problem.structure import Structure

_TYPES = ("nmos", "pmos")
RESISTORS = frozenset({"resistor", "resistor to vdd"})
"""How a port is held that waits for a resistor outside, between it and vss or vdd."""


def outputs_of(structure: Structure, ports: Sequence[str]) -> list[str]:
    """The ports that devices drive."""
    return [
        port
        for port in ports
        if _drives(structure, port)
        and (_is_stage(structure, port) or _behind_switch(structure, port) not in {"source", "sink"})
    ]


def loaded_stages(structure: Structure, ports: Sequence[str]) -> list[str]:
    """The ports where drains of both types meet, diodes as loads among them."""
    return [port for port in ports if _is_stage(structure, port)]


def gives_current(structure: Structure, port: str) -> bool:
    """Whether only drains of one type are on a port, and nothing that converts their current to a voltage."""
    fets = [fet for fet in structure.fets if port in (fet.drain, fet.gate, fet.source)]
    loads = [passive for passive in structure.passives if passive.kind != "c" and port in passive.nets]
    return (
        bool(fets)
        and not loads
        and len({fet.type for fet in fets}) == 1
        and all(fet.drain == port != fet.gate for fet in fets)
    )


def mirror_bank(structure: Structure, rest: Sequence[str]) -> tuple[str, dict[str, str]] | None:
    """(the first port that gives a current, other port → how it is held) of mirrors with several ports.

    The others take the reference current, give a current too, show a bias voltage that a current inside makes, or wait
    for the resistor outside that sets the current. None if a port is something else.
    """
    outputs = [port for port in rest if gives_current(structure, port) and not _foot(structure, port)]
    held: dict[str, str] = {}
    for port in rest:
        on = [fet for fet in structure.fets if port in (fet.drain, fet.gate, fet.source)]
        gates = [fet for fet in on if fet.gate == port]
        diodes = {fet.type for fet in gates if port == fet.drain}
        diodes |= {mirror.reference.type for mirror in structure.mirrors if mirror.reference.gate == port}
        feeding = {fet.type for fet in on if fet.drain == port and fet.gate != port} - diodes
        if port in outputs:
            held[port] = "voltage"
        elif foot := _foot(structure, port):
            held[port] = foot
        elif len(diodes) != 1:
            return None
        else:
            held[port] = "open" if feeding else "source" if diodes == {"nmos"} else "sink"
    ways = set(held.values())
    if not outputs or ways <= {"voltage"} or not _has_rails(structure, held):
        return None
    if ways & {"source", "sink"} and any(how in RESISTORS for how in ways):
        # a current from outside sets the mirror: what stands on its source port is no resistor's place
        return None
    return outputs[0], {port: how for port, how in held.items() if port != outputs[0]}


def _foot(structure: Structure, port: str) -> str:
    """Between which rail and a port a resistor sets the current: sources of one type alone stand on it. "" if none.

    A device whose other end is a diode of the other type stands on its source too, however it was oriented: a start-up
    device beside the diode makes that end look near to the rail.
    """
    on = [fet for fet in structure.fets if port in (fet.drain, fet.gate, fet.source)]
    diodes = {(fet.gate, fet.type) for fet in structure.fets if fet.diode}
    other = {"nmos": "pmos", "pmos": "nmos"}
    feet = [fet for fet in on if fet.source == port or (fet.source, other[fet.type]) in diodes]
    alone = on and len(feet) == len(on) and len({(fet.type, fet.gate) for fet in on}) == 1 and on[0].gate != port
    bare = not any(port in passive.nets and passive.kind != "c" for passive in structure.passives)
    return ("resistor" if on[0].type == "nmos" else "resistor to vdd") if alone and bare else ""


def _has_rails(structure: Structure, held: Mapping[str, str]) -> bool:
    """Whether a mirror has the rails that it needs: those that its devices stand on, both if its current is its own."""
    there = {*structure.ports, "0"}
    present = {rail in there for rail in (structure.vdd, structure.vss)}
    fed = bool(set(held.values()) & {"source", "sink"})
    return present == {True} or (fed and True in present and len({fet.type for fet in structure.fets}) == 1)


def _is_stage(structure: Structure, port: str) -> bool:
    """Whether drains of both types meet on a port, from different nets: a stage and no switch."""
    ends = {kind: {fet.source for fet in structure.fets if fet.drain == port and fet.type == kind} for kind in _TYPES}
    return all(ends.values()) and not ends["nmos"] & ends["pmos"]


def _drives(structure: Structure, port: str) -> bool:
    """Whether devices drive a port: a drain that is not also the diode of a bias. The diode of an input pair is a
    follower's.
    """
    drains = [fet for fet in structure.fets if fet.drain == port]
    return bool(drains) and not any(fet.diode and structure.roles.get(fet.name) != "input pair" for fet in drains)


def has_no_sink(structure: Structure, out: str) -> bool:
    # what discharges an output that is off
    off = {name for enable in structure.enables for name in enable.switches}
    fets = [fet for fet in structure.fets if out in (fet.drain, fet.source) and fet.name not in off]
    # a pair with resistive loads is an amplifier
    loaded = any(structure.roles.get(fet.name) == "input pair" for fet in fets)
    return not loaded and bool(fets) and all(fet.type == "pmos" and fet.drain == out for fet in fets)


def biases(structure: Structure, rest: Sequence[str], taken: set[str]) -> dict[str, str]:
    """Port → how it is held: "source" (a current into the port), "sink" (out of it), "voltage", "low" or "high" (at a
    rail), or "open".
    """
    held = {port: _held(structure, port) for port in rest if port not in taken and port not in structure.clocks}
    return {port: "low" if how == "voltage" and _is_logic(structure, port) else how for port, how in held.items()}


def levels_of(structure: Structure, ports: Sequence[str]) -> dict[str, str]:
    """Port → "low" or "high", for those that connections or names put at a rail, whatever the circuit is."""
    held = {port: _held(structure, port) for port in ports if port not in structure.clocks}
    return {port: how for port, how in held.items() if how in {"low", "high"}}


def _is_logic(structure: Structure, port: str) -> bool:
    """Whether a port drives inverters alone, or switches beside an inverter for its complement: it has no level between
    the rails.
    """
    on = [fet for fet in structure.fets if port in (fet.gate, fet.drain, fet.source)]
    inverters = [fet for fet in on if structure.roles.get(fet.name, "").startswith("inverter")]
    driven = {fet.gate for fet in structure.fets}
    complements = {one.drain for one in inverters for two in inverters if (one.drain, one.type) < (two.drain, two.type)}
    alone = len(inverters) == len(on) or bool(complements & driven)
    return bool(inverters) and alone and all(fet.gate == port for fet in on)


def _held(structure: Structure, port: str) -> str:
    on = [fet for fet in structure.fets if port in (fet.drain, fet.gate, fet.source, fet.bulk)]
    if not on and not any(port in passive.nets for passive in structure.passives):
        # nothing stands on it
        return "low"
    gates = [fet for fet in structure.fets if fet.gate == port]
    # an input of a pair at the output of its own stage is a follower's
    diodes = [fet for fet in gates if fet.drain == port and structure.roles.get(fet.name) != "input pair"]
    tops = [mirror.reference for mirror in structure.mirrors if mirror.reference.gate == port]
    if found := next(iter(diodes + tops), None):
        return "source" if found.type == "nmos" else "sink"
    if gates and _is_driven(structure, port):
        return "open"
    if gates:
        # what a channel ends on is no control pin, whatever its name: `on` is also a negative output
        control = not any(port in (fet.drain, fet.source) for fet in on)
        return next((level for level in ("low", "high") if control and named(level, port)), "voltage")
    wells = {fet.type for fet in structure.fets if fet.bulk == port}
    if len(wells) == 1 and not _is_driven(structure, port):
        # a second supply, or the substrate; a driven well is that of a follower
        return "high" if wells == {"pmos"} else "low"
    for role, level in (("vss", "low"), ("vdd", "high")):
        if named(role, port):
            # a rail beside the rails
            return level
    return _behind_switch(structure, port) or _current(structure, port) or "voltage"


def _is_driven(structure: Structure, port: str) -> bool:
    """Whether a device inside sets the voltage of a port: a drain that is no switch's, start-up device's or diode's.

    A source of the testbench there would fight it.
    """
    idle = {"switch", "start-up", "precharge switch"}
    return _drives(structure, port) and any(
        fet.drain == port and structure.roles.get(fet.name, "") not in idle for fet in structure.fets
    )


def _behind_switch(structure: Structure, port: str) -> str:
    """How a port without a gate is held: as the diode behind a switch asks; "open" if a drain drives it; else ""."""
    ends = {
        fet.drain if fet.source == port else fet.source for fet in structure.fets if port in (fet.source, fet.drain)
    } - structure.rails
    diodes = [fet for fet in structure.fets if fet.diode and fet.gate in ends]
    if diodes and all(port in (fet.source, fet.drain) for fet in diodes):
        return ""
    if diodes:
        return "source" if diodes[0].type == "nmos" else "sink"
    return "open" if any(fet.drain == port for fet in structure.fets) else ""


def _current(structure: Structure, port: str) -> str:
    """The current that a port needs whose only device stands on it with its source: a resistor outside sets it."""
    feet = [fet for fet in structure.fets if fet.source == port]
    alone = len({(fet.type, fet.gate, fet.drain) for fet in feet}) == 1
    others = any(port in passive.nets for passive in structure.passives)
    others = others or any(port == fet.drain for fet in structure.fets)
    return "" if not alone or others else "sink" if feet[0].type == "nmos" else "source"
