"""A digital-to-analog converter makes an output from a bus of bits: each bit drives a resistor of a ladder (R-2R), or
switches that lead the current of a source to the output (current steering).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from eda_agent.problem.draft.benches import Bench, converter_benches
from eda_agent.problem.draft.port_names import named
from eda_agent.problem.draft.port_roles import biases
from eda_agent.problem.structure import Structure

MOST_BITS = 8
_BIT = re.compile(r"(.*?)[\[<_]?(\d+)[\]>]?")


@dataclass(frozen=True)
class Converter:
    """`ports`: role → port, b0 being the least bit. `bias`: other port → how it is held. `benches`: its testbenches."""

    ports: dict[str, str]
    bias: dict[str, str]
    benches: tuple[Bench, ...]


def converter(structure: Structure, rest: Sequence[str]) -> Converter | None:
    """The converter that a circuit is, None if it is none. `rest`: the ports beside the rails."""
    buses = _buses(rest)
    if not buses or structure.input_pair is not None:
        return None
    bits, *more = buses
    inverse = next((bus for bus in more if len(bus) == len(bits)), ())
    free = [port for port in rest if port not in {*bits, *inverse}]
    ladder = [one for one in structure.passives if one.kind == "r"]
    outs = [port for port in free if any(port in one.nets for one in ladder)]
    currents: list[str] = []
    if len(ladder) >= 2 * len(bits) - 1 and outs and all(_has_leg(structure, bit) for bit in bits):
        benches = converter_benches("voltage", len(bits), "")
    elif currents := [port for port in free if _steered(structure, port, {*bits, *inverse})]:
        sinks = any(fet.type == "nmos" and {fet.drain, fet.source} & {*currents} for fet in structure.fets)
        benches = converter_benches("current", len(bits), "0.8*vdd" if sinks else "0.2*vdd")
        outs = currents
    else:
        return None
    outs.sort(key=lambda port: not (named("out", port) or named("outp", port)))
    ports = {f"b{place}": bit for place, bit in enumerate(bits)}
    ports |= {f"nb{place}": bit for place, bit in enumerate(inverse)} | {"out": outs[0]}
    if currents and len(outs) == 2:
        ports["outb"] = outs[1]
    return Converter(ports, biases(structure, rest, {*ports.values()}), benches)


def _buses(rest: Sequence[str]) -> list[tuple[str, ...]]:
    """The ports that differ by a number alone, in its order: numbers without a gap, two to eight of them."""
    found: dict[str, dict[int, str]] = {}
    for port in rest:
        if match := _BIT.fullmatch(port):
            found.setdefault(match[1], {})[int(match[2])] = port
    whole = {
        name: tuple(bus[number] for number in sorted(bus))
        for name, bus in found.items()
        if 2 <= len(bus) <= MOST_BITS and max(bus) - min(bus) == len(bus) - 1
    }
    # the name of an inverse is longer
    return [whole[name] for name in sorted(whole, key=lambda name: (-len(whole[name]), len(name)))]


def _has_leg(structure: Structure, bit: str) -> bool:
    """Whether a resistor hangs on a bit, or on what the bit's gates switch."""
    nets, rails = {bit}, structure.rails
    for _ in range(3):
        nets |= {net for fet in structure.fets if fet.gate in nets for net in (fet.drain, fet.source)} - rails
    return any(set(one.nets) & nets for one in structure.passives if one.kind == "r")


def _steered(structure: Structure, port: str, bits: set[str]) -> bool:
    """Whether a device that a bit drives, itself or through gates, stands between a port and a mirror's copy."""
    driven = set(bits)
    for _ in range(2):
        driven |= {fet.drain for fet in structure.fets if fet.gate in driven and fet.source in structure.rails}
    copies = {fet.drain for mirror in structure.mirrors for fet in mirror.copies}
    copies |= {fet.drain for fet in structure.fets if fet.gate in structure.ports and fet.gate not in driven}
    doors = [fet for fet in structure.fets if fet.gate in driven and port in (fet.drain, fet.source)]
    return any({fet.drain, fet.source} & copies for fet in doors) and len(doors) > 1
