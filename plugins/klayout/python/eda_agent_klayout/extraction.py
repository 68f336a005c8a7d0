"""An extraction is the netlist of a drawn cell for a simulator: every finger with its junctions, the ideal resistors
and capacitors of the schematic as they are drawn, and for every net the capacitance of its wires to the substrate.

The capacitance of a wire is area × a + perimeter × p, with a and p of its layer from the table (`wires`): what a wire
far from others has. What it has to a neighbour is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pya

from . import extracted_passives, recognition
from .layers import DEMONSTRATION, of_table
from .layers import terminals as terminals_of
from .passives import Passive
from .table import Table

CLASS = "WIRE"
"""Device class of the capacitors."""


def extracted(
    layout: pya.Layout, cell: pya.Cell, table: Table, passives: Sequence[Passive] = ()
) -> pya.LayoutVsSchematic:
    """The netlist of a cell, finger by finger, with a capacitor for every net that has wires, and of `passives`, those
    of the schematic, the ideal ones that are drawn. Keep it as long as its netlist is used.
    """
    layers = of_table(table) or DEMONSTRATION
    terminals = list(terminals_of(cell, table, layers)) if table.layers else []
    database = recognition.extract(layout, cell, layers, terminals, combine=False, passives=bool(passives))
    netlist = database.netlist()
    circuit = next(iter(netlist.each_circuit_top_down()), None)
    if circuit is not None and passives:
        extracted_passives.combine(circuit, cell, table, passives)
    if circuit is None or not table.wires:
        return database
    substrate = _substrate(circuit)
    found = dict(_wires(database, circuit, table))
    kind = pya.DeviceClassCapacitor()
    kind.name = CLASS
    netlist.add(kind)
    for net in list(circuit.each_net()):
        value = found.get(net.cluster_id, 0.0)
        if value > 0 and substrate is not None and net.cluster_id != substrate.cluster_id:
            device = circuit.create_device(kind, f"wire_{net.expanded_name()}")
            device.connect_terminal("A", net)
            device.connect_terminal("B", substrate)
            device.set_parameter("C", value)
    return database


def write(database: pya.LayoutVsSchematic, path: Path, words: str) -> None:
    """The netlist as SPICE, as KLayout writes it."""
    writer = pya.NetlistSpiceWriter()
    writer.use_net_names = True
    database.netlist().write(str(path), writer, words)


def _substrate(circuit: pya.Circuit) -> pya.Net | None:
    """The net of the substrate: where the bulks of the NMOS are."""
    for device in circuit.each_device():
        if device.device_class().name == "nmos":
            return device.net_for_terminal("B")
    return None


def _wires(database: pya.LayoutVsSchematic, circuit: pya.Circuit, table: Table) -> Iterator[tuple[int, float]]:
    """(cluster of a net, F of its wires)."""
    assert table.wires is not None
    dbu = database.internal_layout().dbu
    # a gate's own capacitance is the transistor's
    active = database.layer_by_name("active")
    rows: list[tuple[pya.Region, Sequence[float], bool]] = [(database.layer_by_name("poly"), table.wires["poly"], True)]
    for number, values in enumerate(table.wires["metals"]):
        region = database.layer_by_name(f"metal{number + 1}")
        if region is not None:
            rows.append((region, values, False))
    for net in circuit.each_net():
        total = 0.0
        for region, (area, edge), above in rows:
            shapes = database.shapes_of_net(net, region, True).merged()
            shapes = shapes - active if above else shapes
            total += shapes.area() * dbu**2 * area + shapes.perimeter() * dbu * edge
        yield net.cluster_id, total * 1e-18


def totals(database: pya.LayoutVsSchematic) -> Mapping[str, float]:
    """Net → F of its wires, of an extraction."""
    circuit = next(iter(database.netlist().each_circuit_top_down()))
    return {
        str(device.net_for_terminal("A").expanded_name()): device.parameter("C")
        for device in circuit.each_device()
        if device.device_class().name == CLASS
    }
