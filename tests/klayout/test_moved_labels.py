"""After a write-back the labels and pins of a placement still lie on the terminals of their nets."""

from __future__ import annotations

from typing import Any

import pya

from eda_agent.klayout import lvs, passives, place, planning, rules, writeback
from eda_agent.klayout.table import Table
from eda_agent.klayout.table import devices as read_devices
from tests.klayout.test_passives import circuit, named

__all__ = ["named"]
Spot = tuple[int, str, int, int]


def texts(cell: pya.Cell) -> set[Spot]:
    layers = cell.layout().layer_indexes()
    return {
        (layer, one.text_string, one.text.x, one.text.y)
        for layer in layers
        for one in cell.shapes(layer).each(pya.Shapes.STexts)
    }


def devices(cell: pya.Cell) -> list[str]:
    """The instances, with all that they keep."""
    return sorted(
        f"{one.cplx_trans} {one.property('device')} {one.property('nets')} {one.pcell_parameters_by_name()}"
        for one in cell.each_inst()
    )


def boxes(cell: pya.Cell, layer: int) -> list[str]:
    return sorted(one.box.to_s() for one in cell.shapes(layer).each(pya.Shapes.SBoxes))


def placed(layout: pya.Layout, found: dict[str, Any], table: Table) -> pya.Cell:
    rails = (found["rails"][0], found["rails"][1])
    passive = passives.passives(found, table)
    return place.place(layout, "opamp", read_devices(found), rails, table, None, found["ports"], passive)


def test_labels_and_pins_stay_on_their_terminals(named: tuple[str, Table]) -> None:
    """As in a new placement at these sizes; an undo takes them back with the sizes."""
    name, table = named
    # the capacitor has room to grow, the transistors have not
    first, other = circuit(Rz=20e3, L34=1.6e-6), circuit(Rz=20e3, L34=0.8e-6, W12=30e-6, Lb=0.5e-6, W6=20e-6, Cc=2e-12)
    manager = pya.Manager()
    layout = pya.Layout(True, manager)
    layout.dbu = 0.001
    cell = placed(layout, first, table)
    start, sizes = texts(cell), devices(cell)
    process = rules.rules_of(table)
    pins = process.layer(layout, "pin") if process is not None else -1
    before = boxes(cell, pins) if pins >= 0 else []
    plan = planning.plan(layout, cell, read_devices(other), table, passives=passives.passives(other, table))
    assert {"cc", "xm3", "xm6"} <= {change.device for change in plan.changes}
    manager.transaction("write back")
    writeback.apply(plan)
    manager.commit()
    result = lvs.check(layout, cell, other, table=table, name=name)
    assert result.devices_match, result.differences
    now = texts(cell)
    assert len(now) == len(start) and (now == start) == bool(table.nets)
    if process is not None and not table.nets:
        # every label of the first metal lies on it, and every pin inside it
        metal = pya.Region(cell.begin_shapes_rec(process.layer(layout, "metal"))).merged()
        labels = process.layer(layout, "label")
        for layer, text, x, y in now:
            if layer == labels:
                spot = pya.Region(pya.Box(x - 1, y - 1, x + 1, y + 1))
                assert not metal.interacting(spot).is_empty(), (text, x, y)
        drawn = pya.Region(cell.shapes(pins))
        assert not drawn.is_empty() and (drawn - metal).is_empty()
    after = devices(cell)
    assert len(after) == len(sizes) and after != sizes
    manager.undo()
    assert texts(cell) == start and (pins < 0 or boxes(cell, pins) == before)
    assert devices(cell) == sizes
    manager.redo()
    assert devices(cell) == after and texts(cell) == now
