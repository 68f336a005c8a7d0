"""Drawn resistors and capacitors in the extraction of a cell, against the values that the schematic gives them."""

from __future__ import annotations

from collections.abc import Iterator

import pya
import pytest

from eda_agent.klayout import extraction, library, mos, place
from eda_agent.klayout.instances import passive_counts
from eda_agent.klayout.passives import Passive
from eda_agent.klayout.steps import finish
from eda_agent.klayout.table import Device, read_table

from .stand_ins import Library, version

MODELS = {
    "demonstration": "",
    "sky130A": "sky130_fd_pr__nfet_01v8",
    "gf180mcuD": "nfet_03v3",
    "ihp-sg13g2": "sg13_lv_nmos",
}


@pytest.fixture
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    mos.library()
    own = None if request.param == "demonstration" else Library(version(request.param))
    yield request.param
    if own is not None:
        own.delete()


@pytest.mark.parametrize("name", MODELS, indirect=True)
def test_each_ideal_device_is_one_with_its_value(name: str) -> None:
    """Strips in series, plates in parallel and copies become one device between the schematic's nets."""
    table = library.present(read_table(name))
    device = Device("m1", "nmos", 4e-6, 1e-6, 1, 1, ("a", "b", "vss", "vss"), model=MODELS[name])
    own = next(iter((table.passives or {})["capacitor"]["models"]))
    meant = [
        Passive("r1", "resistor", ("a", "b"), value=10e3),
        Passive("r2", "resistor", ("b", "vss"), value=250e3),
        Passive("r3", "resistor", ("a", "vss"), value=120e3, m=2),
        Passive("c1", "capacitor", ("a", "b"), value=200e-15),
        Passive("c2", "capacitor", ("a", "vss"), value=6e-12, m=3),
        Passive("x1", "capacitor", ("b", "vss"), model=own, width=10e-6, length=10e-6),
    ]
    layout = pya.Layout()
    layout.dbu = 0.001
    cell = place.place(layout, "top", [device], ("vss", "a"), table, None, ["a", "b", "vss"], meant)
    assert finish(passive_counts(cell, table))["r2"] > 1
    database = extraction.extracted(layout, cell, table, meant)
    circuit = next(iter(database.netlist().each_circuit_top_down()))
    found = {
        one.name: (
            {one.net_for_terminal(end).name for end in ("A", "B")},
            one.parameter("R" if one.device_class().name == "resistor" else "C"),
        )
        for one in circuit.each_device()
        if one.device_class().name in ("resistor", "capacitor")
    }
    assert set(found) == {"r1", "r2", "r3", "c1", "c2"}
    for one in meant[:5]:
        nets, value = found[one.name]
        assert nets == set(one.nets)
        wanted = one.value / one.m if one.kind == "resistor" else one.value * one.m
        assert value == pytest.approx(wanted, rel=0.01), one.name
    assert {net.name for net in circuit.each_net()} == {"a", "b", "vss"}
    assert circuit.pin_count() == 3
