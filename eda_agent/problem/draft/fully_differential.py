"""A fully differential amplifier has two outputs whose difference it amplifies. Their common mode is set by a feedback
inside, by loads, or by whoever drives its control port.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eda_agent.problem.draft.benches import Bench, differential_benches
from eda_agent.problem.draft.port_names import named
from eda_agent.problem.draft.port_roles import biases
from eda_agent.problem.load_testbench import NO_PORT
from eda_agent.problem.structure import Structure, polarity

NAME = "fully differential amplifier"
INNER = "cmfb"
"""The role of a net inside."""


@dataclass(frozen=True)
class FullyDifferential:
    """`ports`: role → port, and the net `cmfb` inside. `bias`: other port → how it is held."""

    ports: dict[str, str]
    bias: dict[str, str]
    benches: tuple[Bench, ...]
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class CommonMode:
    """What sets the common mode of the outputs.

    Attributes:
        vocm: the port with the wanted value, "" without one.
        control: the port that sets it where the circuit has no feedback, "" without one.
        cmfb: the net that the whole feedback inside passes, "" if there is none such.
        held: whether the circuit holds it by itself: a feedback, or loads.
    """

    vocm: str = ""
    control: str = ""
    cmfb: str = ""
    held: bool = False


def fully_differential(
    structure: Structure, gates: Sequence[str], outputs: Sequence[str], rest: Sequence[str]
) -> FullyDifferential | None:
    """The amplifier between two inputs and the outputs of a circuit, None if they are not balanced.

    Args:
        structure: the circuit.
        gates: its two inputs.
        outputs: the ports that devices drive.
        rest: the ports beside the rails.
    """
    one, other = gates
    if named("inn", one) or named("inp", other):
        one, other = other, one
    if (outs := output_pair(structure, outputs, (one, other))) is None:
        return None
    return with_common_mode(structure, {"inp": one, "inn": other, "outp": outs[0], "outn": outs[1]}, rest)


def with_common_mode(structure: Structure, ports: Mapping[str, str], rest: Sequence[str]) -> FullyDifferential:
    """The amplifier with these ports, completed by what sets the common mode; `vocm` and `control` may be given."""
    signals = {role: port for role, port in ports.items() if role in {"inp", "inn", "outp", "outn"}}
    outs, inputs = [signals["outp"], signals["outn"]], [signals["inp"], signals["inn"]]
    found = common_mode(structure, outs, inputs, rest)
    given = {role: port for role, port in ports.items() if role in {"vocm", "control"} and port != NO_PORT}
    vocm, control = given.get("vocm", found.vocm), given.get("control", found.control)
    sign = -1 if control and polarity(structure, control, outs[0]) > 0 else 1
    inner = {INNER: found.cmfb} if found.cmfb and not control else {}
    taken = {**signals, "vocm": vocm or NO_PORT, "control": control or NO_PORT, **inner}
    free = [port for port in rest if port not in outs + inputs]
    bias = biases(structure, free, {vocm, control})
    bias |= {port: "open" for port in bias if any(fet.drain == port != fet.gate for fet in structure.fets)}
    if not (found.held or control):
        doubt = "what sets the common mode of the outputs: no feedback was found inside, and no port that controls it"
        return FullyDifferential(taken, bias, (), (f"{doubt} (--port control=…)",))
    return FullyDifferential(taken, bias, differential_benches(bool(vocm or control), bool(inner or control), sign))


def output_pair(structure: Structure, outputs: Sequence[str], gates: Sequence[str]) -> tuple[str, str] | None:
    """(positive, negative) output for the first of the two inputs; None without such a pair."""
    if len(outputs) > 2:
        outputs = [port for port in outputs if named("outp", port) or named("outn", port)]
    if len(outputs) != 2:
        return None
    one, other = outputs
    signs = [[polarity(structure, gate, out) for out in outputs] for gate in gates]
    if signs in ([[1, -1], [-1, 1]], [[1, 0], [0, 1]]):
        return one, other
    return (other, one) if signs in ([[-1, 1], [1, -1]], [[0, 1], [1, 0]]) else None


def common_mode(structure: Structure, outs: Sequence[str], inputs: Sequence[str], rest: Sequence[str]) -> CommonMode:
    """What sets the common mode of two outputs. `rest`: the ports beside the rails."""
    wires = [set(one.nets) for one in structure.passives if one.kind == "r"]
    near = set(outs)
    for _ in wires:
        near |= {net for ends in wires if ends & near and not near & structure.rails for net in ends - structure.rails}
    loaded = any(ends & near and ends & structure.rails for ends in wires)
    links = _links(structure, inputs)
    sensed = _reached(links, near, set())
    loop = any(net in links[seen] for seen in sensed for net in outs)
    free = [port for port in rest if port not in {*outs, *inputs}]
    if not loop:
        control = "" if loaded else _control(structure, outs, free)
        return CommonMode(control=control, held=loaded)
    vocm = _reference(structure, sensed, free)
    return CommonMode(vocm, cmfb=_cut(structure, links, near, outs).removeprefix("xdut."), held=True)


def _links(structure: Structure, inputs: Sequence[str]) -> dict[str, set[str]]:
    """Net → nets that follow it; the inputs are held."""
    links: dict[str, set[str]] = defaultdict(set)
    for fet in structure.fets:
        if fet.gate not in inputs:
            links[fet.gate] |= {fet.drain, fet.source}
        links[fet.source].add(fet.drain)
    for one in structure.passives:
        if one.kind == "r":
            for net, other in (one.nets, one.nets[::-1]):
                links[net].add(other)
    return defaultdict(set, {net: ends - structure.rails for net, ends in links.items() if net not in structure.rails})


def _reached(links: Mapping[str, set[str]], start: set[str], without: set[str]) -> list[str]:
    """The nets that follow some nets, themselves first, in the order of their distance."""
    found, waiting = dict.fromkeys(sorted(start)), sorted(start)
    while waiting:
        after = sorted({net for one in waiting for net in links.get(one, ())} - found.keys() - without)
        found |= dict.fromkeys(after)
        waiting = after
    return list(found)


def _cut(structure: Structure, links: Mapping[str, set[str]], near: set[str], outs: Sequence[str]) -> str:
    """The net inside that every way from the outputs back to them passes: the last one with a gate, else the first."""
    sensed = _reached(links, near, set())
    inside = [net for net in sensed if net not in near and net not in structure.ports]
    # the way from the wires at the outputs to an output, without the wires themselves
    back = {net: {end for end in ends if net not in near or end not in near} for net, ends in links.items()}
    cuts = [
        net
        for net in inside
        if not any(out in back.get(seen, ()) for seen in _reached(back, near, {net}) for out in outs)
    ]
    gates = {fet.gate for fet in structure.fets}
    return next((net for net in reversed(cuts) if net in gates), cuts[0] if cuts else "")


def _reference(structure: Structure, sensed: Sequence[str], free: Sequence[str]) -> str:
    """The port that is compared with what the outputs drive: its device shares the source with one of those."""
    followers = [fet for fet in structure.fets if fet.gate in sensed]
    found = [
        port
        for port in free
        if any(
            fet.gate == port
            and fet.source not in structure.rails
            and any(one.source == fet.source for one in followers)
            for fet in structure.fets
        )
    ]
    return next((port for port in found if named("vocm", port)), found[0] if len(found) == 1 else "")


def _control(structure: Structure, outs: Sequence[str], free: Sequence[str]) -> str:
    """The port that moves both outputs: by its name, else the only one whose gates carry their currents."""
    gates = [
        port
        for port in free
        if any(fet.gate == port and not fet.diode for fet in structure.fets)
        and not any(port in (fet.drain, fet.source) for fet in structure.fets)
        and all(polarity(structure, port, out) for out in outs)
    ]
    told = [port for port in gates if named("control", port)]
    rails = [port for port in gates if all(fet.source in structure.rails for fet in structure.fets if fet.gate == port)]
    return told[0] if len(told) == 1 else rails[0] if len(rails) == 1 else ""
