"""A digital-to-analog converter makes an output from a bus of bits: each bit drives a resistor of a ladder (R-2R), or
switches that lead the current of a source to the output (current steering).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from eda_agent.errors import Finding, InputError
from eda_agent.problem.draft.benches import Bench, converter_benches
from eda_agent.problem.draft.bit_switches import driven_by, has_foot, is_ladder, is_steered
from eda_agent.problem.draft.port_names import named
from eda_agent.problem.draft.port_roles import biases
from eda_agent.problem.load_testbench import NO_PORT
from eda_agent.problem.structure import Structure

MOST_BITS = 8
_ROLE = re.compile(r"b\d")
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
        benches = _steering(structure, len(bits), currents)
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


def with_bits(
    structure: Structure, ports: Mapping[str, str], said: Collection[str]
) -> tuple[dict[str, str], tuple[Bench, ...]]:
    """(the ports without roles that no port has, the testbenches) of a converter whose ports are given.

    Args:
        ports: role → port.
        said: the roles that the user named.

    Raises:
        InputError: a second output of a ladder.
    """
    kept = {role: port for role, port in ports.items() if port != NO_PORT}
    bits = [role for role in kept if _ROLE.fullmatch(role)]
    driven = [driven_by(structure, [kept[role], *([kept[f"n{role}"]] if f"n{role}" in kept else [])]) for role in bits]
    outs = [kept[role] for role in ("out", "outb") if role in kept]
    ladder = is_ladder(structure, driven, kept["out"])
    if not ladder and ("outb" in said or is_steered(structure, driven, kept["out"])):
        return kept, _steering(structure, len(bits), outs)
    if "outb" in said:
        raise InputError(
            Finding(
                "a ladder of resistors has one output: no testbench has the role outb",
                where="--port",
                fix=f"leave out outb={kept['outb']}, and hold that port with --bias",
            )
        )
    kept.pop("outb", "")
    return kept, converter_benches("voltage", len(bits), "")


def _steering(structure: Structure, bits: int, outs: Collection[str]) -> tuple[Bench, ...]:
    """The testbenches of a converter that steers currents to these outputs."""
    sinks = any(fet.type == "nmos" and {fet.drain, fet.source} & {*outs} for fet in structure.fets)
    return converter_benches("current", bits, "0.8*vdd" if sinks else "0.2*vdd")


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
