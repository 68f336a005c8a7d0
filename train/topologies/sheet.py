"""A sheet is a circuit being drawn: devices in groups of one size, the parameters that those sizes become, and the spec around them."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from eda_agent.units import spice_number


@dataclass(frozen=True)
class Technology:
    """What differs between the PDKs: names, supply (V), smallest W and L (µm), and how a width is written."""

    pdk: str
    nmos: str
    pmos: str
    supply: float
    width: float
    length: float
    diffusion: float
    micro: bool


TECHNOLOGIES = (
    Technology("sky130A", "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8", 1.8, 0.42, 0.15, 0.29, False),
    Technology("gf180mcuD", "nmos_3p3", "pmos_3p3", 3.3, 0.3, 0.28, 0.44, True),
)


@dataclass
class _Parameter:
    value: float
    low: float
    high: float
    step: str
    unit: str


@dataclass
class Sheet:
    """`turned`: drawn upside down, so that what is written for an NMOS pair becomes one with a PMOS pair. Rails are `lo`, where the sources
    of the own type stand, and `hi`; types are "own" and "other".

    `spread`: standard deviation of ln(size) around what a block asks for. `one_length`: every device has the same length.
    """  # fmt: skip

    technology: Technology
    draw: random.Random
    turned: bool = False
    spread: float = 0.25
    one_length: bool = False
    devices: list[str] = field(default_factory=list)
    parameters: dict[str, _Parameter] = field(default_factory=dict)
    subcircuits: list[str] = field(default_factory=list)
    match: list[list[str]] = field(default_factory=list)
    _count: dict[str, int] = field(default_factory=dict)

    @property
    def lo(self) -> str:
        return "vdd" if self.turned else "vss"

    @property
    def hi(self) -> str:
        return "vss" if self.turned else "vdd"

    @property
    def tall(self) -> bool:
        """Whether the supply carries a stack of five."""
        return self.technology.supply > 3

    def vary(self, value: float) -> float:
        return value * math.exp(self.draw.gauss(0.0, self.spread))

    def number(self, name: str, value: float, low: float, high: float, unit: str, step: str = "") -> str:
        """A parameter, made when it is first asked for; its name in braces."""
        if name not in self.parameters:
            # ranges differ from circuit to circuit, but hold the value
            high = min(high * self.draw.choice((0.6, 1.0, 1.0, 1.6)), 100.0 if unit == "u" else math.inf)
            start = min(max(self.vary(value), low), high)
            start = round(start) if step == "1" else float(f"{start:.3g}")
            self.parameters[name] = _Parameter(start, low, round(high) if step == "1" else float(f"{high:.3g}"), step, unit)
        return f"{{{name}}}"

    def ratio(self, name: str, value: float, high: float) -> str:
        return self.number(name, value, 1, high, "", "1")

    def fet(self, type: str, drain: str, gate: str, source: str, group: str, *, width: float, length: float, m: str = "") -> str:
        """A transistor of a group that shares W and L. `width`, `length` in µm; PMOS are drawn wider. Gives its name."""
        tech = self.technology
        pmos = (type == "own") == self.turned
        rail = self.lo if type == "own" else self.hi
        longest = max(8 * length, 1.0)
        wide = 2.0 if pmos else 1.0
        w = self.number(f"W{group}", width * wide, max(tech.width, 0.42), max(12 * width * wide, 10.0), "u", "0.01u")
        long = self.number("L" if self.one_length else f"L{group}", length, tech.length, longest, "u", "0.01u")
        model = tech.pmos if pmos else tech.nmos
        name = self._name("M")
        d = tech.diffusion
        suffix = "u" if tech.micro else ""
        inner = w[1:-1]
        parts = [f"ad={{{d}{suffix}*{inner}}} as={{{d}{suffix}*{inner}}}", f"pd={{2*({inner}+{d}{suffix})}} ps={{2*({inner}+{d}{suffix})}}"]
        self.devices.append(f"X{name} {drain} {gate} {source} {rail} {model} w={w} l={long}{f' m={m}' if m else ''} {' '.join(parts)}")
        return name

    def capacitor(self, one: str, other: str, name: str, value: float) -> None:
        self.devices.append(f"{self._name('C')} {one} {other} {self.number(name, value, value / 20, value * 10, 'F', '')}")

    def resistor(self, one: str, other: str, name: str, value: float) -> None:
        self.devices.append(f"{self._name('R')} {one} {other} {self.number(name, value, value / 20, value * 20, 'Ohm', '')}")

    def _name(self, letter: str) -> str:
        self._count[letter] = self._count.get(letter, 0) + 1
        return f"{letter}{self._count[letter]}"

    def netlist(self, title: str, name: str, ports: tuple[str, ...]) -> str:
        micro = self.technology.micro
        values = [f"{key}={_value(entry, micro)}" for key, entry in self.parameters.items()]
        lines = [f"* {title}", *[f".param {value}" for value in values], "", f".subckt {name} {' '.join(ports)}", *self.devices]
        return "\n".join([*lines, f".ends {name}", *self.subcircuits, ".end", ""])

    def parameter_lines(self) -> list[str]:
        lines = []
        for name, entry in self.parameters.items():
            unit = "u" if entry.unit == "u" else ""
            ends = (
                (f"{entry.low:g}{unit}", f"{entry.high:g}{unit}")
                if unit or entry.step == "1"
                else (spice_number(entry.low), spice_number(entry.high))
            )
            step = f"step: {entry.step}, " if entry.step else ""
            lines.append(f"  {name}: {{min: {ends[0]}, max: {ends[1]}, {step}scale: log}}")
        return lines


def _value(entry: _Parameter, micro: bool) -> str:
    if entry.unit == "u":
        return f"{entry.value:g}{'u' if micro else ''}"
    return f"{entry.value:g}"


def spec_text(sheet: Sheet, name: str, subckt: str, testbenches: Mapping[str, str], specs: Mapping[str, str], bias: str = "") -> str:
    """The spec.yaml of a sheet. `testbenches`: name → settings as YAML. `specs`: name → the rest of its line."""
    lines = [
        f"name: {name}",
        f"circuit: {name}.spice",
        f"subckt: {subckt}",
        f"pdk: {sheet.technology.pdk}",
        "parameters:",
        *sheet.parameter_lines(),
    ]
    if bias:
        lines.append(f"bias: {bias}")
    lines += ["testbenches:", *[f"  {key}: {value}" for key, value in testbenches.items()]]
    lines += ["specs:", *[f"  {key}: {value}" for key, value in specs.items()]]
    lines += ["corners:", f"  nominal: {{process: tt, vdd: {sheet.technology.supply}, temperature: 27}}", ""]
    return "\n".join(lines)
