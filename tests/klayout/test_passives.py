"""Resistors and capacitors in a layout: drawn with their values, compared by LVS, written back and read back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pya
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.cli.layout import write_layout
from eda_agent.insight.devices import devices
from eda_agent.klayout import (
    instances,
    library,
    lvs,
    mos,
    passive_values,
    passives,
    place,
    planning,
    same_circuit,
    title,
    writeback,
)
from eda_agent.klayout.table import Table, read_table
from eda_agent.klayout.table import devices as read_devices
from eda_agent.problem.load import load_problem
from tests.conftest import CIRCUITS

from .stand_ins import Library, version

PROBLEM = load_problem(CIRCUITS / "two_stage_miller" / "spec.yaml")
KNOWN = json.loads((CIRCUITS / "two_stage_miller" / "known.json").read_text())["sizing"]


def circuit(**sizes: float) -> dict[str, Any]:
    """Its transistors fit every process."""
    found = devices(PROBLEM, {**KNOWN, **sizes})
    return {**found, "devices": [{**row, "model": ""} for row in found["devices"]]}


@pytest.fixture(params=["demonstration", "sky130A", "gf180mcuD", "gf180mcuD 1", "gf180mcuD 2", "ihp-sg13g2"])
def named(request: pytest.FixtureRequest) -> Iterator[tuple[str, Table]]:
    """A table, and the version of its library."""
    mos.library()
    name, _, number = request.param.partition(" ")
    kept = Library(version(name, int(number or 0))) if name != "demonstration" else None
    yield name, library.present(read_table(name))
    if kept is not None:
        kept.delete()


def placed(found: dict[str, Any], name: str, table: Table) -> tuple[pya.Layout, pya.Cell]:
    layout = pya.Layout()
    layout.dbu = 0.001
    rails = (found["rails"][0], found["rails"][1])
    passive = passives.passives(found, table)
    cell = place.place(layout, "opamp", read_devices(found), rails, table, None, found["ports"], passive)
    title.put(cell, found, name, mos.LIBRARY)
    return layout, cell


def cards(text: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"^(rz|cc) \S+ \S+ (\S+)", text, re.M)}


def test_what_is_drawn_agrees_and_another_value_is_named(named: tuple[str, Table]) -> None:
    name, table = named
    found = circuit(Rz=20e3)
    layout, cell = placed(found, name, table)
    result = lvs.check(layout, cell, found, table=table, name=name)
    assert result.devices_match, result.differences
    assert (result.resistors, result.capacitors, result.missing) == (("rz",), ("cc",), ())
    assert "8 transistors, 1 resistor and 1 capacitor agree" in result.headline
    for other, device in ((circuit(Rz=21e3), "RZ"), (circuit(Rz=20e3, Cc=1.2e-12), "CC")):
        result = lvs.check(layout, cell, other, table=table, name=name)
        assert not result.devices_match and any(f"device {device}" in row for row in result.differences)


def test_nets_of_a_resistor_that_are_not_those_of_the_run_are_refused(named: tuple[str, Table]) -> None:
    name, table = named
    _, cell = placed(circuit(Rz=20e3), name, table)
    other = circuit(Rz=20e3)
    passive = [replace(one, nets=("n1", "nz")) if one.label == "rz" else one for one in passives.passives(other, table)]
    with pytest.raises(ValueError, match="rz is connected to n2 nz in the layout, to n1 nz in the run"):
        same_circuit.refuse_another(cell, read_devices(other), table, None, "opamp", passive)


def test_a_write_back_resizes_them_and_the_netlist_comes_back(named: tuple[str, Table]) -> None:
    name, table = named
    layout, cell = placed(circuit(Rz=20e3), name, table)
    assert cards(title.netlist(circuit(Rz=20e3), cell, table)) == {"rz": 20e3, "cc": KNOWN["Cc"]}
    other = circuit(Rz=13e3, Cc=0.8e-12)
    plan = planning.plan(layout, cell, read_devices(other), table, passives=passives.passives(other, table))
    assert sorted(change.device for change in plan.changes) == ["cc", "rz"] and not plan.missing
    writeback.apply(plan)
    result = lvs.check(layout, cell, other, table=table, name=name)
    assert result.devices_match, result.differences
    # the title is still the old one: what is drawn counts
    drawn = cards(title.netlist(circuit(Rz=20e3), cell, table))
    assert drawn == {"rz": pytest.approx(13e3, rel=2e-3), "cc": pytest.approx(0.8e-12, rel=2e-3)}
    larger = circuit(Rz=80e3, Cc=0.8e-12)
    plan = planning.plan(layout, cell, read_devices(larger), table, passives=passives.passives(larger, table))
    assert [change.device for change in plan.changes] == ["rz"]
    # GF180MCU's strips run along their row
    assert name == "gf180mcuD" or any("overlap" in text for text, _ in plan.conflicts)


@settings(max_examples=60, deadline=None)
@given(st.floats(2e3, 2e6), st.floats(2e-14, 4e-11))
def test_the_pcells_have_the_value_of_the_schematic(ohms: float, farads: float) -> None:
    """To the grid: a strip of so many squares, plates of so much area."""
    for name in ("demonstration", "sky130A", "gf180mcuD", "ihp-sg13g2"):
        table = read_table(name)
        assert table.passives is not None
        grid = max(0.005e-6, table.step * table.unit)
        for kind, value in (("resistor", ohms), ("capacitor", farads)):
            one = passives.Passive("x1", kind, ("a", "b"), value=value)
            pieces = passives.parts(one, table)
            assert max(max(part.width, part.length) for part in pieces) <= table.passives[kind]["longest"] * 1e-6 + grid
            sizes = [(part.width, part.length) for part in pieces]
            drawn = passive_values.value_of(table, kind, sizes, 1)
            least = min(sizes[0]) if kind == "capacitor" else sizes[0][1]
            assert drawn == pytest.approx(value, rel=1.1 * grid / least + 1e-6)
            # in series from the first net to the last, in parallel between both
            ends = [part.nets for part in pieces]
            if kind == "resistor":
                assert ends[0][0] == "a" and ends[-1][1] == "b"
                assert all(here[1] == there[0] for here, there in pairwise(ends))
            else:
                assert set(ends) == {("a", "b")}


def test_strips_in_series_are_one_resistor(named: tuple[str, Table]) -> None:
    name, table = named
    found = circuit(Rz=300e3)
    layout, cell = placed(found, name, table)
    count = sum(label == "rz" for label in drawn_names(cell, table))
    assert count > 1
    result = lvs.check(layout, cell, found, table=table, name=name)
    assert result.devices_match, result.differences
    less = circuit(Rz=150e3)
    plan = planning.plan(layout, cell, read_devices(less), table, passives=passives.passives(less, table))
    writeback.apply(plan)
    assert lvs.check(layout, cell, less, table=table, name=name).devices_match
    assert cards(title.netlist(less, cell, table))["rz"] == pytest.approx(150e3, rel=1e-3)


def drawn_names(cell: pya.Cell, table: Table) -> list[str]:
    reader = instances.Reader(cell, table, None)
    return [one[1] for instance in cell.each_inst() if (one := reader.passive(instance)) is not None]


def test_a_value_that_no_pcell_draws_is_listed(named: tuple[str, Table]) -> None:
    name, table = named
    found = circuit(Rz=100.0)
    layout, cell = placed(found, name, table)
    assert "rz" not in drawn_names(cell, table)
    result = lvs.check(layout, cell, found, table=table, name=name)
    assert result.devices_match and result.missing == ("rz",) and not result.match


def test_a_device_that_is_not_drawn_is_listed_with_its_new_value(named: tuple[str, Table]) -> None:
    """It is kept in the cell's circuit, which a write-back changes as well."""
    name, table = named
    _, cell = placed(circuit(Rz=100.0), name, table)
    assert title.undrawn(cell, circuit(Rz=100.0), table) == []
    assert title.undrawn(cell, circuit(Rz=120.0), table) == ["rz: 100 → 120 (not drawn; kept in the layout's circuit)"]


def test_export_resizes_them_in_a_layout_file(tmp_path: Path) -> None:
    """`export --gds B --into A` writes the new value of the capacitor, as the window does."""
    mos.library()
    write_layout(circuit(), tmp_path / "a.gds", None, "demonstration", None)
    result = write_layout(circuit(Cc=0.8e-12), tmp_path / "b.gds", tmp_path / "a.gds", "demonstration", None)
    assert [line.partition(":")[0] for line in result["changes"]] == ["cc"]
    assert result["lvs"]["devices_match"], result["lvs"]["differences"]
    layout = pya.Layout()
    layout.read(str(tmp_path / "b.gds"))
    back = title.netlist(circuit(), layout.cell("opamp"), read_table("demonstration"))
    assert cards(back)["cc"] == pytest.approx(0.8e-12, rel=2e-3)
