"""Extracted passives are the ideal resistors and capacitors of the schematic in an extraction, each one device with the
value, Ω or F, of what is drawn of it.

What is drawn for an ideal device is known from the table (`passives`, `ideal`). A foundry's own device is left out: its
value is its model's, and a simulation takes it from the schematic.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import sqrt

import pya

from .boxes import Boxes
from .instances import Reader
from .passive_devices import CAPACITOR, RESISTOR
from .passive_values import value_of
from .passives import Passive, parts
from .table import Table, key

PARAMETER = {RESISTOR: "R", CAPACITOR: "C"}


def combine(circuit: pya.Circuit, cell: pya.Cell, table: Table, meant: Sequence[Passive]) -> None:
    """Replace the pieces of each ideal device, strips in series or plates in parallel, by one device with its value,
    and remove all other recognised resistors and capacitors.
    """
    ideal = {one.name: one for one in meant if not one.model}
    groups: dict[str, list[pya.Device]] = defaultdict(list)
    where = _Names(cell, table)
    for device in list(circuit.each_device()):
        if device.device_class().name in PARAMETER:
            groups[where.name(device)].append(device)
    for name, devices in groups.items():
        if name in ideal:
            _replace(circuit, devices, ideal[name], table)
    for device in [one for devices in groups.values() for one in devices]:
        circuit.remove_device(device)


class _Names:
    """The passive whose PCell stands where a device was recognised."""

    def __init__(self, cell: pya.Cell, table: Table):
        reader = Reader(cell, table, None)
        found = [one for instance in cell.each_inst() if (one := reader.passive(instance)) is not None]
        self._names = [key(name) for _, name, _ in found]
        self._boxes = Boxes(instance.bbox() for instance, _, _ in found)
        self._dbu = cell.layout().dbu

    def name(self, device: pya.Device) -> str:
        point = (device.trans * pya.DPoint()).to_itype(self._dbu)
        there = self._boxes.touching(pya.Box(point, point))
        return self._names[there[0]] if there else ""


def _replace(circuit: pya.Circuit, devices: Sequence[pya.Device], passive: Passive, table: Table) -> None:
    kind = devices[0].device_class()
    ends = _ends(devices)
    if len(ends) != 2:
        # pieces that are not in one chain: it is not in the netlist, and post-layout takes it from the schematic
        return
    one = circuit.create_device(kind, passive.name)
    for terminal, net in zip("AB", ends, strict=True):
        one.connect_terminal(terminal, net)
    value = value_of(table, passive.kind, [_size(device, passive, table) for device in devices], 1)
    # strips of a copy are in series, copies in parallel: the sum is that of all copies' strips
    copies = passive.m if passive.kind == RESISTOR else 1
    one.set_parameter(PARAMETER[passive.kind], value / copies**2)
    _drop(circuit, devices, ends)


def _ends(devices: Sequence[pya.Device]) -> list[pya.Net]:
    """The two nets at which a chain of pieces begins and ends: an inner net has twice as many."""
    count: Counter[int] = Counter()
    nets: dict[int, pya.Net] = {}
    for device in devices:
        for terminal in ("A", "B"):
            net = device.net_for_terminal(terminal)
            if net is None:
                return []
            count[net.cluster_id] += 1
            nets[net.cluster_id] = net
    fewest = min(count.values())
    return [nets[number] for number, times in count.items() if times == fewest]


def _drop(circuit: pya.Circuit, devices: Sequence[pya.Device], ends: Sequence[pya.Net]) -> None:
    """Join the nets between strips, with the wires on them, to the first end."""
    kept = {net.cluster_id for net in ends}
    inner = {}
    for device in devices:
        for terminal in ("A", "B"):
            net = device.net_for_terminal(terminal)
            if net is not None and net.cluster_id not in kept:
                inner[net.cluster_id] = net
    name = ends[0].name
    for net in inner.values():
        for pin in [one.pin() for one in net.each_pin()]:
            circuit.remove_pin(pin.id())
        circuit.join_nets(ends[0], net)
    ends[0].name = name


def _size(device: pya.Device, passive: Passive, table: Table) -> tuple[float, float]:
    """Width and length of a piece, m."""
    micron = 1e-6
    if passive.kind == RESISTOR:
        beyond = parts(passive, table)[0].beyond
        return device.parameter("W") * micron, device.parameter("L") * micron - beyond
    area, half = device.parameter("A"), device.parameter("P") / 2
    apart = sqrt(max(half**2 / 4 - area, 0.0))
    return (half / 2 + apart) * micron, (half / 2 - apart) * micron
