"""An analog switch joins two ports by channels at one level of its controls and separates them at the opposite one:
transmission gates, pass devices, and switches with their inverter or a shunt inside.

The switch-level model (`structure.switching`) tells at which levels the ports are joined.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from eda_agent.problem.draft.benches import Bench, analog_switch_benches
from eda_agent.problem.draft.port_names import named
from eda_agent.problem.load_testbench import NO_PORT
from eda_agent.problem.structure import Structure
from eda_agent.problem.structure.switching import levels


@dataclass(frozen=True)
class AnalogSwitch:
    """`ports`: role → port, among them `en` and its complement `enb`. `passes`: types of the devices in the path."""

    ports: Mapping[str, str]
    passes: frozenset[str]

    @property
    def benches(self) -> tuple[Bench, ...]:
        """Its testbenches; a switch of one type alone passes half of the supply's range."""
        return analog_switch_benches(
            "vdd/2" if self.passes == {"pmos"} else "0", "vdd/2" if self.passes == {"nmos"} else "vdd"
        )


def analog_switch(structure: Structure) -> AnalogSwitch | None:
    """The switch that a circuit is, None if it is none."""
    if structure.mirrors or any(fet.diode for fet in structure.fets) or _loaded(structure):
        return None
    rest = [port for port in structure.ports if port not in structure.rails]
    gates = {fet.gate for fet in structure.fets}
    channels = {net for fet in structure.fets for net in (fet.drain, fet.source)}
    sides = [port for port in rest if port in channels - gates]
    controls = [port for port in rest if port in gates - channels]
    wells = {fet.bulk for fet in structure.fets}
    # gates of dummies alone: the structure leaves dummies out
    dummies = [port for port in rest if port not in gates | channels | wells]
    if len(sides) != 2 or not controls or len(controls) + len(dummies) > 2:
        return None
    if len(sides) + len(controls) + len(dummies) != len(rest):
        return None
    sides.sort(key=lambda port: (named("out", port), not named("in", port)))
    for bits in itertools.product((1, 0), repeat=len(controls)):
        if sum(bits) * 2 == len(bits) or len(bits) == 1:
            at, opposite = (dict(zip(controls, way, strict=True)) for way in (bits, [1 - bit for bit in bits]))
            passes, left = _path(structure, at, sides), _path(structure, opposite, sides)
            if passes and left == frozenset():
                told = {"en" if level else "enb": port for port, level in at.items()}
                spare = dict.fromkeys({"en", "enb"} - {*told}, dummies[0] if dummies else NO_PORT)
                rails = {"vdd": structure.vdd or NO_PORT, "vss": structure.vss or NO_PORT}
                return AnalogSwitch({"in": sides[0], "out": sides[1], **told, **spare, **rails}, passes)
    return None


def _loaded(structure: Structure) -> bool:
    """Whether a resistor or an inductor joins a net to a rail: a stage with a load."""
    return any(one.kind in "rl" and set(one.nets) & structure.rails for one in structure.passives)


def _path(structure: Structure, given: Mapping[str, int], sides: list[str]) -> frozenset[str] | None:
    """Types of the conducting devices that join the two sides, none if they are apart; None if a side has a level."""
    known = levels(structure, given)
    if set(sides) & set(known):
        return None
    on = [fet for fet in structure.fets if known.get(fet.gate) == (1 if fet.type == "nmos" else 0)]
    links = [({fet.drain, fet.source}, fet.type) for fet in on]
    links += [(set(one.nets), "") for one in structure.passives if one.kind == "r"]
    links = [(ends, kind) for ends, kind in links if not ends & structure.rails]
    reached = {sides[0]}
    for _ in links:
        reached |= {net for ends, _ in links if ends & reached for net in ends}
    if sides[1] not in reached:
        return frozenset()
    return frozenset(kind for ends, kind in links if kind and ends <= reached)
