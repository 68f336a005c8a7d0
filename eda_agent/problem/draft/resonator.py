"""A resonator's amplifier waits for a crystal or a ceramic resonator outside, between two ports: an odd number of
inverting stages whose input is a port, with resistors back to it. Without the resonator it holds its own bias point,
so that it is neither a gate nor a ring (Vittoz et al., IEEE JSSC 23, 1988).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from eda_agent.problem.structure import Structure
from eda_agent.problem.structure.switching import ring

_NAMED = re.compile(r"x(?:tal)?_?(?:in|out|i|o|[12ab])|(?:xtal|osc|xosc)\w*", re.IGNORECASE)


def resonator_ports(structure: Structure, rest: Sequence[str]) -> tuple[str, str] | None:
    """(input, output) of an amplifier that waits for a resonator between them; None for another circuit.

    A single stage, or one without further ports, is a transimpedance amplifier as well: the names of its ports decide.

    Args:
        structure: the circuit.
        rest: the ports beside the rails.
    """
    drains = {fet.drain for fet in structure.fets}
    gates = {kind: {fet.gate for fet in structure.fets if fet.type == kind} for kind in ("nmos", "pmos")}
    for source in rest:
        behind = behind_resistors(structure, source)
        out = next((port for port in rest if port in behind and port != source), "")
        stage = {fet.drain for fet in structure.fets if fet.gate == source} - structure.rails
        if not out or source not in gates["nmos"] & gates["pmos"] or not behind & drains:
            continue
        if all(_NAMED.fullmatch(port) for port in (source, out)):
            able = bool(behind & stage) or _closes(structure, behind, source)
        else:
            able = len(rest) > 2 and _closes(structure, behind, source)
        if able:
            return source, out
    return None


def words_of(ports: tuple[str, str]) -> str:
    """What a draft says of such an amplifier. `ports`: its input and its output."""
    source, out = (port.upper() for port in ports)
    return (
        f"how to test it: an amplifier between {source} and {out} with a resistor back to its input waits for a"
        " crystal outside, and no template has one; write a testbench with the crystal's R, L and C, or --kind names"
        " another purpose"
    )


def _closes(structure: Structure, behind: set[str], source: str) -> bool:
    """Whether resistors alone close a ring of three or more stages at the amplifier's input."""
    cut = tuple(one for one in structure.passives if one.kind != "r" or not {*one.nets} <= behind)

    def joined(net: str) -> str:
        return source if net in behind else net

    fets = tuple(
        replace(fet, drain=joined(fet.drain), gate=joined(fet.gate), source=joined(fet.source), bulk=joined(fet.bulk))
        for fet in structure.fets
    )
    looped = replace(structure, fets=fets, passives=cut)
    return source in ring(looped, (source,)) and not ring(replace(structure, passives=cut))


def behind_resistors(structure: Structure, net: str) -> set[str]:
    """The nets that resistors join to a net, rails aside, itself included."""
    found, waiting = {net}, [net]
    while waiting:
        here = waiting.pop()
        for passive in structure.passives:
            if passive.kind == "r" and here in passive.nets:
                fresh = {*passive.nets} - found - structure.rails
                found |= fresh
                waiting += fresh
    return found
