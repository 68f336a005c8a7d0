"""A low-noise amplifier has inductors, a port that leads to a gate through reactances alone, and a port that a drain
drives through them; a pair that holds itself (an oscillator) is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eda_agent.problem.draft.benches import Bench, low_noise_benches
from eda_agent.problem.draft.cross_coupled import crossed
from eda_agent.problem.draft.port_names import named
from eda_agent.problem.draft.port_roles import biases
from eda_agent.problem.structure import Structure


@dataclass(frozen=True)
class LowNoise:
    """`ports`: role → port. `bias`: other port → how it is held. `benches`: its testbench."""

    ports: dict[str, str]
    bias: dict[str, str]
    benches: tuple[Bench, ...]


def low_noise_amplifier(structure: Structure, rest: Sequence[str]) -> LowNoise | None:
    """The low-noise amplifier that a circuit is, None if it is none. `rest`: the ports beside the rails."""
    coils = [one for one in structure.passives if one.kind == "l"]
    if not coils or crossed(structure) or structure.input_pair is not None or not structure.fets:
        return None
    gates, drains = ({getattr(fet, end) for fet in structure.fets} for end in ("gate", "drain"))
    sources = {fet.source for fet in structure.fets}
    near = {port: _reached(structure, port, "lc") for port in rest}
    # a source on the way makes it the input of a common gate
    outs = [port for port in rest if near[port] & drains and not near[port] & (gates | sources)]
    # a reactance of a bias port leads to ground
    ins = [port for port in rest if port not in outs and near[port] & (gates | sources) and _signal(structure, port)]
    if not ins or not outs:
        return None
    ins.sort(key=lambda port: not named("in", port))
    outs.sort(key=lambda port: not named("out", port))
    if near[ins[0]] & near[outs[0]]:
        return None
    inside = _reached(structure, ins[0], "lr")
    biased = bool(inside & (structure.rails | drains | {*rest} - {ins[0]}))
    # a coupling capacitor, or a resistor from a bias
    alone = not inside & (gates | sources) or biased
    open_drain = not _reached(structure, outs[0], "lr") - {outs[0]} and outs[0] in drains
    ports = {"in": ins[0], "out": outs[0]}
    return LowNoise(ports, biases(structure, rest, {*ports.values()}), low_noise_benches(not alone, open_drain))


def _signal(structure: Structure, port: str) -> bool:
    """Whether a coil or a capacitor stands between a port and a net inside, or a gate right on a port named so."""
    inner = [set(one.nets) - {port} for one in structure.passives if one.kind in "lc" and port in one.nets]
    return any(not ends & structure.rails for ends in inner) or named("in", port)


def _reached(structure: Structure, start: str, kinds: str) -> set[str]:
    """The nets that passives of these kinds join to a net; rails end a way."""
    reached, waiting = {start}, [start]
    while waiting:
        net = waiting.pop()
        for one in structure.passives:
            if one.kind in kinds and net in one.nets:
                other = one.nets[1] if one.nets[0] == net else one.nets[0]
                if other not in reached:
                    reached.add(other)
                    waiting += [] if other in structure.rails else [other]
    return reached
