"""A cross-coupled oscillator is a pair of devices, each of whose gates is on the other's drain, that no state can hold:
inductors join its drains at DC (LC oscillator), or a capacitor alone joins its sources (multivibrator).
"""

from __future__ import annotations

from collections.abc import Sequence

from eda_agent.problem.draft.port_names import named
from eda_agent.problem.draft.port_roles import biases
from eda_agent.problem.structure import Structure
from eda_agent.problem.structure.circuit import Fet, Passive


def cross_coupled(
    structure: Structure, rest: Sequence[str], outputs: Sequence[str]
) -> tuple[str, dict[str, str], dict[str, str]] | None:
    """(kind, role → port, port → how it is held) of a cross-coupled oscillator; None if the circuit is none.

    Args:
        structure: the circuit.
        rest: the ports beside the rails.
        outputs: those that devices drive.
    """
    sides = next((pair for pair in crossed(structure) if _is_restless(structure, *pair)), None)
    if sides is None or not outputs:
        return None
    drains = {one.drain for one in sides}
    buffered = [port for port in outputs if port not in drains] or list(outputs)
    out = next((port for port in buffered if named("out", port) or named("outp", port)), buffered[0])
    moved = [port for port in rest if port != out and (port in outputs or port in drains)]
    bias = {**biases(structure, rest, {out}), **dict.fromkeys(moved, "open")}
    # a varactor is no device of the structure, so its port is not among those that do something
    tuned = [port for port in structure.ports if port not in {*outputs, *structure.rails} and named("vctrl", port)]
    if len(tuned) == 1:
        bias.pop(tuned[0], None)
        return "voltage-controlled oscillator", {"out": out, "vctrl": tuned[0]}, bias
    return "oscillator", {"out": out}, bias


def crossed(structure: Structure) -> list[tuple[Fet, Fet]]:
    """The pairs of devices of one type, each with its gate on the other's drain."""
    fets = structure.fets
    return [
        (one, other)
        for number, one in enumerate(fets)
        for other in fets[number + 1 :]
        if one.type == other.type and one.gate == other.drain != one.drain == other.gate
    ]


def _is_restless(structure: Structure, one: Fet, other: Fet) -> bool:
    """Whether neither side can stay on: both drains have one DC voltage, or the sources are apart at DC."""
    coils = [set(passive.nets) for passive in structure.passives if passive.kind == "l" or _is_loss(structure, passive)]
    joined = {one.drain}
    for _ in coils:
        joined |= {net for ends in coils if ends & joined for net in ends}
    if other.drain in joined:
        return True
    apart = one.source != other.source and not {one.source, other.source} & structure.rails
    caps = [set(passive.nets) for passive in structure.passives if passive.kind == "c"]
    return apart and {one.source, other.source} in caps


def _is_loss(structure: Structure, one: Passive) -> bool:
    """Whether a resistor is the loss of a coil: nothing but the two stands on a net between them, capacitors aside."""
    if one.kind != "r":
        return False
    taken = {net for fet in structure.fets for net in (fet.drain, fet.gate, fet.source, fet.bulk)} | {*structure.ports}
    for net in {*one.nets} - taken:
        beside = [other.kind for other in structure.passives if net in other.nets and other is not one]
        if [kind for kind in beside if kind != "c"] == ["l"]:
            return True
    return False
