"""Mutations of the whole cell: polarity and process."""

from __future__ import annotations

import random
from dataclasses import replace

from eda_agent.train.topologies.cell import FETS, OPPOSITE, Cell, Range
from eda_agent.train.topologies.technology import EVERY, Technology

_EXCHANGED = {"vdd": "vss", "vss": "vdd"}
WIDER = 2.0
"""Ratio of a PMOS's width to an NMOS's for the same current."""


def flip(cell: Cell, draw: random.Random) -> Cell | None:
    """Upside down: NMOS and PMOS, and the rails, are exchanged. Only amplifiers still do the same job."""
    del draw
    if cell.kind != "amplifier":
        return None
    parameters = dict(cell.parameters)
    for kind, factor in (("pmos", 1 / WIDER), ("nmos", WIDER)):
        for name in {one.width for one in cell.fets if one.kind == kind} - {
            one.width for one in cell.fets if one.kind != kind
        }:
            old = parameters[name]
            value, high = (float(f"{number * factor:.3g}") for number in (old.value, old.high))
            parameters[name] = replace(old, value=max(value, old.low), high=min(max(high, 2 * old.low), 100.0))
    devices = []
    for one in cell.devices:
        one = one.renamed(_EXCHANGED)
        devices.append(replace(one, kind=OPPOSITE[one.kind]) if one.kind in FETS else one)
    return replace(cell, devices=tuple(devices), parameters=parameters, turned=not cell.turned)


def process(cell: Cell, draw: random.Random) -> Cell | None:
    """The same circuit in another process: lengths and widths in the same proportion to the minimum."""
    other = draw.choice([one for one in EVERY if one is not cell.technology and one != cell.technology])
    parameters = dict(cell.parameters)
    widths, lengths = {one.width for one in cell.fets}, {one.length for one in cell.fets}
    for name, old in cell.parameters.items():
        if name in widths | lengths:
            parameters[name] = _scaled(old, cell.technology, other, other.width if name in widths else other.length)
    return replace(cell, technology=other, parameters=parameters)


def _scaled(old: Range, here: Technology, there: Technology, least: float) -> Range:
    factor = there.scale / here.scale
    # smaller circuits have a finer grid
    step = "0.005u" if there.scale < 1 else "0.01u"
    low = max(least, old.low * factor)
    high = min(max(old.high * factor, 4 * low), 100.0)
    return Range(
        float(f"{min(max(old.value * factor, low), high):.3g}"),
        float(f"{low:.3g}"),
        float(f"{high:.3g}"),
        step,
        old.unit,
    )
