"""Drawn passives are the resistors and capacitors of the schematic that a layout has. All others there are wires."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from eda_agent.problem.extracted.matching import Groups, Match
from eda_agent.problem.flat import FlatDevice

ALIKE = 0.3
"""A drawn resistor or capacitor of the schematic is identified by its value within this share."""


def short(net: str) -> str:
    """A net's name inside the circuit: without the testbench's instance."""
    return net.removeprefix("xdut.")


def drawn_resistors(found: Sequence[FlatDevice], flat: Sequence[FlatDevice]) -> tuple[dict[str, FlatDevice], Groups]:
    """The resistors of the schematic, label → device of the layout, and the nets that the wires' resistors join.

    A resistor of the schematic is identified by its value, and by ends without a common name.
    """
    drawn: dict[str, FlatDevice] = {}
    groups = Groups()
    left = {
        device.label: device.values.get("resistance", 0.0)
        for device in flat
        if device.kind == "r" and not device.library
    }
    for device in found:
        if device.kind != "r":
            continue
        value = device.values.get("resistance", 0.0)
        same_name = _base(device.nodes[0]) == _base(device.nodes[1])
        own = None if same_name else next((name for name, meant in left.items() if _alike(value, meant)), None)
        if own is None:
            groups.join(*device.nodes[:2])
        else:
            del left[own]
            drawn[own] = device
    return drawn, groups


def with_nets_of_resistors(
    match: Match, drawn: Mapping[str, FlatDevice], flat: Sequence[FlatDevice], groups: Groups
) -> Match:
    """A match with the nets that only a resistor of the schematic reaches. `drawn`: label → device of the layout."""
    nets = dict(match.nets)
    for name, device in drawn.items():
        own = next(one for one in flat if one.label == name)
        mine, theirs = [groups.of(net) for net in device.nodes[:2]], [short(net) for net in own.nodes[:2]]
        for one, other in ((0, 1), (1, 0)):
            if nets.get(mine[one]) in theirs and mine[other] not in nets:
                nets[mine[other]] = theirs[1 - theirs.index(nets[mine[one]])]
    return Match(nets, match.devices)


def drawn_capacitors(
    found: Sequence[FlatDevice], flat: Sequence[FlatDevice], groups: Groups, nets: Mapping[str, str]
) -> dict[str, str]:
    """The capacitors of the schematic, label in the layout → label: between the same nets, the largest there, and at
    least a part `ALIKE` of the schematic's value. `nets`: of the layout → of the schematic.
    """
    drawn: dict[str, str] = {}
    for own in flat:
        if own.kind != "c" or own.library:
            continue
        ends = {short(net) for net in own.nodes[:2]}
        value = own.values.get("capacitance", 0.0)
        there = [
            device
            for device in found
            if device.kind == "c"
            and device.label not in drawn
            and {nets.get(groups.of(net), "") for net in device.nodes[:2]} == ends
        ]
        best = max(there, key=lambda device: device.values.get("capacitance", 0.0), default=None)
        if best is not None and best.values.get("capacitance", 0.0) >= ALIKE * value:
            drawn[best.label] = own.label
    return drawn


def _base(net: str) -> str:
    """A net's name without the number of its piece: out.t3, out.n1."""
    head, dot, tail = net.rpartition(".")
    return head if dot and tail[:1] in "tn" and tail[1:].isdigit() else net


def _alike(value: float, meant: float) -> bool:
    return value > 0 and meant > 0 and abs(math.log(value / meant)) <= math.log(1 + ALIKE)
