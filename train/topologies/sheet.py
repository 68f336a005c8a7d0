"""A sheet is a circuit under construction: devices in groups of one size, the parameters of those sizes, and the
spec.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from eda_agent.train.topologies.cell import Cell, Device, Range
from eda_agent.train.topologies.technology import Technology


@dataclass
class Sheet:
    """`turned`: upside down, so that a block for an NMOS pair becomes one for a PMOS pair. Rails are `lo`, the rail of
    the own type's
    sources, and `hi`; types are "own" and "other".

    `spread`: standard deviation of ln(size) around a block's value. `one_length`: every device has the same length.
    """

    technology: Technology
    draw: random.Random
    turned: bool = False
    spread: float = 0.25
    one_length: bool = False
    devices: list[Device] = field(default_factory=list)
    parameters: dict[str, Range] = field(default_factory=dict)
    _count: dict[str, int] = field(default_factory=dict)

    @property
    def lo(self) -> str:
        return "vdd" if self.turned else "vss"

    @property
    def hi(self) -> str:
        return "vss" if self.turned else "vdd"

    @property
    def tall(self) -> bool:
        """Whether the supply is high enough for a stack of five."""
        return self.technology.supply > 3

    def vary(self, value: float) -> float:
        return value * math.exp(self.draw.gauss(0.0, self.spread))

    def number(self, name: str, value: float, low: float, high: float, unit: str, step: str = "") -> str:
        """The name of a parameter, created on first use."""
        if name not in self.parameters:
            # ranges differ from circuit to circuit, but contain the value
            high = min(high * self.draw.choice((0.6, 1.0, 1.0, 1.6)), 100.0 if unit == "u" else math.inf)
            start = min(max(self.vary(value), low), high)
            start = round(start) if step == "1" else float(f"{start:.3g}")
            self.parameters[name] = Range(start, low, round(high) if step == "1" else float(f"{high:.3g}"), step, unit)
        return name

    def ratio(self, name: str, value: float, high: float) -> str:
        return self.number(name, value, 1, high, "", "1")

    def fet(
        self, type: str, drain: str, gate: str, source: str, group: str, *, width: float, length: float, m: str = ""
    ) -> str:
        """A transistor of a group that shares W and L. `width`, `length` in µm; PMOS are drawn wider. Gives its
        name.
        """
        tech = self.technology
        pmos = (type == "own") == self.turned
        rail = self.lo if type == "own" else self.hi
        longest = max(8 * length, 1.0)
        wide = 2.0 if pmos else 1.0
        w = self.number(f"W{group}", width * wide, max(tech.width, 0.42), max(12 * width * wide, 10.0), "u", "0.01u")
        long = self.number("L" if self.one_length else f"L{group}", length, tech.length, longest, "u", "0.01u")
        name = self._name("M")
        self.devices.append(
            Device(name, "pmos" if pmos else "nmos", (drain, gate, source, rail), width=w, length=long, copies=m)
        )
        return name

    def capacitor(self, one: str, other: str, name: str, value: float) -> None:
        self.devices.append(
            Device(self._name("C"), "c", (one, other), value=self.number(name, value, value / 20, value * 10, "F", ""))
        )

    def resistor(self, one: str, other: str, name: str, value: float) -> None:
        self.devices.append(
            Device(
                self._name("R"), "r", (one, other), value=self.number(name, value, value / 20, value * 20, "Ohm", "")
            )
        )

    def _name(self, letter: str) -> str:
        self._count[letter] = self._count.get(letter, 0) + 1
        return f"{letter}{self._count[letter]}"

    def cell(self, kind: str, ports: tuple[str, ...]) -> Cell:
        """The drawn circuit as data."""
        return Cell(kind, self.technology, ports, tuple(self.devices), dict(self.parameters), self.turned)
