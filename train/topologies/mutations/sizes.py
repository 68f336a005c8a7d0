"""Sizes of new devices: separate parameters, around values that suit the technology."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from eda_agent.train.topologies.cell import Cell, Device, Range

SPREAD = 0.25
"""Standard deviation of ln(size) around the given value, as in the composer."""
WIDEST = 100.0
"""In µm; every process allows it."""


def fet(
    cell: Cell,
    draw: random.Random,
    kind: str,
    drain: str,
    gate: str,
    source: str,
    width: float,
    length: float,
    copies: str = "",
) -> tuple[Cell, Device]:
    """The cell with parameters for a new MOSFET, and the MOSFET, which is not in the cell yet. `width`, `length` in µm;
    PMOS are made wider.
    """
    tech = cell.technology
    wide = (2.0 if kind == "pmos" else 1.0) * width * tech.scale
    long = max(length * tech.scale, tech.length)
    name = cell.new_parameter("Wx")
    cell = cell.with_parameter(
        name, _range(draw, wide, max(tech.width, 0.42 * tech.scale), max(12 * wide, 10.0 * tech.scale), "u", "0.01u")
    )
    other = cell.new_parameter("Lx")
    cell = cell.with_parameter(
        other, _range(draw, long, tech.length, max(8 * long, tech.scale), "u", "0.01u" if tech.scale == 1 else "0.005u")
    )
    return cell, Device(
        cell.new_name(kind), kind, (drain, gate, source, cell.rail(kind)), width=name, length=other, copies=copies
    )


def twin(cell: Cell, device: Device, drain: str, gate: str, source: str) -> Device:
    """A MOSFET with the sizes of another, and its copies."""
    return replace(device, name=cell.new_name(device.kind), nets=(drain, gate, source, device.nets[3]))


def copies(cell: Cell, draw: random.Random, value: float, high: float) -> tuple[Cell, str]:
    """A parameter for a number of copies."""
    name = cell.new_parameter("mx")
    start = min(max(round(value * math.exp(draw.gauss(0.0, SPREAD))), 1), int(high))
    return cell.with_parameter(name, Range(start, 1, high, "1", "")), name


def passive(
    cell: Cell, draw: random.Random, kind: str, one: str, other: str, value: float, shared: str = ""
) -> tuple[Cell, Device]:
    """A resistor (Ω) or capacitor (F) with a parameter of its own, not in the cell yet."""
    name = cell.new_parameter("Rx" if kind == "r" else "Cx")
    cell = cell.with_parameter(name, _range(draw, value, value / 20, value * 20, "Ohm" if kind == "r" else "F", ""))
    return cell, Device(cell.new_name(kind), kind, (one, other), value=name, shared=shared)


def _range(draw: random.Random, value: float, low: float, high: float, unit: str, step: str) -> Range:
    high = min(high, WIDEST) if unit == "u" else high
    start = float(f"{min(max(value * math.exp(draw.gauss(0.0, SPREAD)), low), high):.3g}")
    return Range(start, float(f"{low:.3g}"), float(f"{high:.3g}"), step, unit)
