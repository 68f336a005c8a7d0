"""A wiring is a circuit with its devices by net."""

from __future__ import annotations

from collections import defaultdict

from eda_agent.problem.structure.circuit import Fet, Passive, Structure


class Wiring:
    """The devices of a circuit by the net of each terminal."""

    def __init__(self, circuit: Structure):
        self.circuit = circuit
        self.fets = circuit.fets
        self.rails = circuit.rails
        self.by_drain: dict[str, list[Fet]] = defaultdict(list)
        self.by_source: dict[str, list[Fet]] = defaultdict(list)
        self.by_gate: dict[str, list[Fet]] = defaultdict(list)
        self.by_passive: dict[str, list[Passive]] = defaultdict(list)
        for passive in circuit.passives:
            for net in set(passive.nets):
                self.by_passive[net].append(passive)
        for fet in self.fets:
            self.by_drain[fet.drain].append(fet)
            self.by_source[fet.source].append(fet)
            self.by_gate[fet.gate].append(fet)

    def tops(self, fet: Fet) -> set[str]:
        """The drain of a device, and those of the cascodes on top of it."""
        nets, top = {fet.drain}, fet
        for _ in range(3):
            above = [other for other in self.by_source[top.drain] if other.type == fet.type and other.gate != fet.gate]
            if len(above) != 1 or top.drain in self.rails:
                break
            top = above[0]
            nets.add(top.drain)
        return nets

    def foot(self, fet: Fet) -> str:
        """The net below a source: its own, or the net behind a resistor that belongs to it alone (degeneration)."""
        behind = [passive for passive in self.circuit.passives if fet.source in passive.nets]
        alone = len(self.by_source[fet.source]) == 1 and not self.by_drain[fet.source] and not self.by_gate[fet.source]
        if fet.source in self.rails or not alone or len(behind) != 1 or behind[0].kind != "r":
            return fet.source
        one, other = behind[0].nets
        return other if one == fet.source else one
