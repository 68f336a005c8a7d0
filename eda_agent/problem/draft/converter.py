"""A digital-to-analog converter makes an output from a bus of bits: each bit drives a resistor of a ladder (R-2R), or
switches that lead the current of a source to the output (current steering).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eda_agent.problem.draft.benches import Bench, converter_benches
from eda_agent.problem.draft.bit_switches import driven_by, has_foot, is_ladder, is_steered
from eda_agent.problem.draft.port_names import named
from eda_agent.problem.draft.port_roles import biases
from eda_agent.problem.load_testbench import NO_PORT
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
    driven = [
        driven_by(structure, pair) for pair in ((bit, *inverse[place : place + 1]) for place, bit in enumerate(bits))
    ]
    currents: list[str] = []
    if outs := [port for port in free if is_ladder(structure, driven, port)]:
        benches = converter_benches("voltage", len(bits), "")
    elif currents := [port for port in free if is_steered(structure, driven, port)]:
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


def unnamed_bits(structure: Structure, rest: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """(output, its bits) of a ladder of resistors whose bits the names do not order, None if there is none."""
    for out in rest:
        bits = tuple(port for port in rest if port != out and has_foot(structure, driven_by(structure, [port])))
        if len(bits) > 1 and is_ladder(structure, [driven_by(structure, [bit]) for bit in bits], out):
            return out, bits
    return None


def with_bits(ports: Mapping[str, str]) -> tuple[dict[str, str], tuple[Bench, ...]]:
    """(the ports without bits that no port has, the testbenches) of a converter whose ports are given."""
    absent = {f"b{place}" for place in range(MOST_BITS) if ports.get(f"b{place}", NO_PORT) == NO_PORT}
    kept = {role: port for role, port in ports.items() if role not in absent}
    return kept, converter_benches("voltage", MOST_BITS - len(absent), "")


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
