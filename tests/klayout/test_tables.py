"""Tables of processes against stand-ins for every published version of their libraries: what is placed and what is
written back is the transistor that is meant.
"""

from __future__ import annotations

import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pya
import pytest

from eda_agent.insight.devices import devices
from eda_agent.klayout import instances, library, lvs, place, planning, same_circuit, writeback
from eda_agent.klayout.layers import terminals
from eda_agent.klayout.table import Device, TableError, read_table
from eda_agent.klayout.table import devices as read_devices
from eda_agent.problem.spec import Problem

from .stand_ins import PUBLISHED, Library, drawn, layers, version
from .test_layout import known

MODELS = {
    "sky130A": {"nmos": "sky130_fd_pr__nfet_01v8_lvt", "pmos": "sky130_fd_pr__pfet_01v8_hvt"},
    "gf180mcuD": {"nmos": "nfet_06v0", "pmos": "pmos_3p3"},
    "ihp-sg13g2": {"nmos": "sg13_hv_nmos", "pmos": "sg13_lv_pmos"},
}
"""One that is not the default of its PCell, where there is one."""
Register = Callable[..., Library]


@pytest.fixture
def register() -> Iterator[Register]:
    kept: list[Library] = []

    def make(facts: dict[str, Any], name: str = "") -> Library:
        kept.append(Library(facts, name))
        return kept[-1]

    yield make
    for one in kept:
        if not one._destroyed():
            one.delete()


@pytest.fixture
def layout() -> pya.Layout:
    layout = pya.Layout()
    layout.dbu = 0.001
    return layout


def of_process(found: dict[str, Any], table: str) -> dict[str, Any]:
    """The devices of a circuit with the models of another process."""
    return {**found, "devices": [{**row, "model": MODELS[table][row["kind"]]} for row in found["devices"]]}


@pytest.mark.parametrize("facts", PUBLISHED, ids=lambda facts: f"{facts['table']}-{facts['date']}")
@pytest.mark.parametrize("circuit", ["ota_5t", "two_stage_miller"])
def test_the_transistors_that_are_meant(
    facts: dict[str, Any], circuit: str, problems: dict[str, Problem], layout: pya.Layout, register: Register
) -> None:
    register(facts)
    table, problem = library.present(read_table(facts["table"])), problems[circuit]
    sizing = known(problem)
    found = of_process(devices(problem, sizing), facts["table"])
    cell = place.place(layout, found["name"], read_devices(found), tuple(found["rails"]), table)
    sized = {device.name: device for device in read_devices(found)}
    for instance, name, values in instances.instances(cell, table):
        device = sized[name.removesuffix(" dummy")]
        assert table.same_model(device, instance.pcell_declaration().name(), values)
        assert table.model(instance.pcell_declaration().name(), values), "the PCell says which model it draws"

    def holds(sizing: dict[str, float]) -> None:
        """Every device has the width of all its units and the length of the schematic, dummies aside."""
        rows = {row["name"]: row for row in devices(problem, sizing)["devices"]}
        width: dict[str, float] = defaultdict(float)
        for instance, device, _ in instances.instances(cell, table):
            if not device.endswith("dummy"):
                found_width, length = drawn(instance, facts["table"])
                width[device] += found_width
                assert length == pytest.approx(rows[device]["l"] * 1e6, abs=0.002), device
        assert set(width) == set(rows)
        for device, row in rows.items():
            assert width[device] == pytest.approx(row["w"] * row["m"] * 1e6, rel=0.02), device

    holds(dict(sizing))
    checked = lvs.check(layout, cell, found, table=table, name=facts["table"])
    # nothing is routed: the labels of the terminals join the nets
    assert checked.devices_match and not checked.match and not checked.routed and checked.rules == facts["table"], (
        checked.differences
    )
    # every length and width a twentieth smaller, written back; a second time there is nothing to write
    space = problem.space
    smaller = {
        one.name: sizing[one.name] if one.unit == "" else one.snap(sizing[one.name] * 0.95) for one in space.parameters
    }
    for _ in range(2):
        plan = planning.plan(layout, cell, read_devices(of_process(devices(problem, smaller), facts["table"])), table)
        assert not plan.missing
        writeback.apply(plan)
    assert not plan.changes
    holds(smaller)
    assert lvs.check(layout, cell, devices(problem, smaller), table=table).devices_match
    assert not lvs.check(layout, cell, found, table=table).devices_match


def test_wires_of_a_process_are_seen(layout: pya.Layout, register: Register) -> None:
    """Contacts and metal over the terminals route a net; over two nets they are a short."""
    register(version("sky130A"))
    table, here = library.present(read_table("sky130A")), layers("sky130A")
    found = {
        "name": "pair",
        "ports": ["d", "e", "g", "s", "b"],
        "others": [],
        "pdk": "sky130A",
        "devices": [
            {
                "name": name,
                "kind": "nmos",
                "w": 2e-6,
                "l": 1e-6,
                "nf": 2,
                "m": 1,
                "nets": [drain, "g", "s", "b"],
                "block": None,
                "role": "",
            }
            for name, drain in (("xm1", "d"), ("xm2", "e"))
        ],
    }
    cell = place.place(layout, "pair", read_devices(found), ("b", "vdd"), table)
    at = {
        net: [one.at for one in terminals(cell, table, here) if one.net == net and one.on == "active" and one.at]
        for net in "des"
    }

    def wire(points: list[pya.Point]) -> None:
        (lower, _), (upper, _) = here.metals[:2]
        for point in points:
            cut = pya.Box(-80, -80, 80, 80).moved(point.x, point.y)
            for layer in (here.contact, here.vias[0]):
                cell.shapes(layout.layer(*layer)).insert(cut)
            cell.shapes(layout.layer(*lower)).insert(cut.enlarged(40, 40))
        cell.shapes(layout.layer(*upper)).insert(pya.Polygon([*points, points[0]]).bbox())

    assert len(at["d"]) == len(at["e"]) == 1 and len(at["s"]) == 4
    wire(at["s"])
    checked = lvs.check(layout, cell, found, table=table)
    assert checked.devices_match and "s" in checked.routed and "g" in checked.unrouted
    wire([*at["d"], *at["e"]])
    assert not lvs.check(layout, cell, found, table=table).devices_match


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_model_of_a_table_is_drawn_by_the_newest_library(
    name: str, layout: pya.Layout, register: Register
) -> None:
    """The stand-in refuses a choice that its library does not have."""
    register(version(name))
    table = library.present(read_table(name))
    here = pya.Library.library_by_name(table.library)
    for kind, entry in table.cells.items():
        for model in entry["models"]:
            device = Device("m1", kind, 4e-6, 1e-6, 2, 1, ("d", "g", "s", "b"), model=model)
            values = table.values(device, 2)
            assert library.draw(layout, here, table.cell(device), values, values, "m1").bbox().width() > 0
            assert table.kind(table.cell(device), values) == kind
    with pytest.raises(TableError, match=r"m1: the PCells of \w+ draw no other_fet; they draw "):
        table.values(Device("m1", "nmos", 4e-6, 1e-6, 2, 1, ("d", "g", "s", "b"), model="other_fet"), 2)


def test_a_library_goes_by_the_name_of_any_version(problems: dict[str, Problem], register: Register) -> None:
    """SKY130's is `skywater130`; one that calls itself otherwise is found too, and one that is not there is named."""
    table, problem = read_table("sky130A"), problems["two_stage_miller"]
    found = devices(problem, known(problem))
    layouts: list[pya.Layout] = []

    def placed() -> pya.Cell:
        layout = pya.Layout()
        layout.dbu = 0.001
        # the cell lives as long as its layout
        layouts.append(layout)
        return place.place(layout, found["name"], read_devices(found), tuple(found["rails"]), table)

    newest = version("sky130A")
    usual = register(newest)
    assert {instance.cell.library().name() for instance in placed().each_inst()} == {"skywater130"}
    usual.delete()
    register(version("gf180mcuD"))
    with pytest.raises(
        ValueError, match=r"no library skywater130 or SKY130 with nfet and pfet is registered.*gf180mcu"
    ):
        placed()
    older = register(newest, "SKY130")
    cell = placed()
    assert {instance.cell.library().name() for instance in cell.each_inst()} == {"SKY130"}
    # and its PCells are written back into
    assert not planning.plan(layouts[-1], cell, read_devices(found), table).missing
    older.delete()
    register({**newest, "pcells": {"nmos": newest["pcells"]["nfet"], "pfet": {"w": 1.0, "nf": 1}}}, "SKY130")
    with pytest.raises(
        ValueError, match=r"the library SKY130 has no PCells nfet and pfet with l, nf, w; it has pfet \(nf, w\)"
    ):
        placed()


def test_a_size_that_a_pcell_does_not_draw_is_refused(layout: pya.Layout, register: Register) -> None:
    """GF180's newest draws 0.36 µm for 0.3 and keeps the 0.3 that was written: placed it is refused, written back it is
    a conflict and stays.
    """
    register(version("gf180mcuD"))
    table = library.present(read_table("gf180mcuD"))

    def fet(width: float) -> list[Device]:
        return [Device("xm1", "nmos", width, 0.5e-6, 1, 1, ("d", "g", "s", "b"), model="nfet_03v3")]

    with pytest.raises(
        ValueError,
        match=r"xm1: the PCell nfet of the library gf180mcu does not draw this size: w_gate 0.3 becomes 0.36",
    ):
        place.place(layout, "one", fet(0.3e-6), ("b", "vdd"), table)
    cell = place.place(layout, "one", fet(2e-6), ("b", "vdd"), table)
    plan = planning.plan(layout, cell, fet(0.3e-6), table)
    assert not plan.changes and ["w_gate 0.3 becomes 0.36" in text for text, _ in plan.conflicts] == [True]
    # and another model is another circuit
    other = [Device("xm1", "nmos", 2e-6, 0.5e-6, 1, 1, ("d", "g", "s", "b"), model="nfet_06v0")]
    with pytest.raises(ValueError, match="xm1 is nfet_03v3 in the layout, nfet_06v0 in the run"):
        same_circuit.refuse_another(cell, other, table, None, "one")


def test_a_pcell_that_fails_is_not_placed_as_nothing(layout: pya.Layout, register: Register) -> None:
    facts = version("sky130A")
    broken = register(facts)

    def fail() -> None:
        raise RuntimeError("a package has another version")

    broken.layout().pcell_declaration("nfet").produce_impl = fail
    with pytest.raises(ValueError, match=r"xm1: the PCell nfet of the library skywater130 draws nothing with .*w=2"):
        place.place(
            layout,
            "one",
            [Device("xm1", "nmos", 2e-6, 0.5e-6, 1, 1, ("d", "g", "s", "b"))],
            ("b", "vdd"),
            read_table("sky130A"),
        )


def test_a_pcell_that_fails_while_sizes_are_written_is_an_error(layout: pya.Layout, register: Register) -> None:
    """It drew for the plan, and draws nothing in the layout itself: the window takes all changes back."""
    there = register(version("sky130A"))
    table = library.present(read_table("sky130A"))

    def fet(width: float) -> list[Device]:
        return [Device("xm1", "nmos", width, 0.5e-6, 1, 1, ("d", "g", "s", "b"))]

    cell = place.place(layout, "one", fet(2e-6), ("b", "vdd"), table)
    plan = planning.plan(layout, cell, fet(3e-6), table)
    assert len(plan.changes) == 1

    def fail() -> None:
        raise RuntimeError("not here")

    # what the plan drew in the library is forgotten with its layout
    plan.changes[0].after["w"] = 3.5
    there.layout().pcell_declaration("nfet").produce_impl = fail
    with pytest.raises(ValueError, match="xm1: its PCell does not draw in this layout what it drew for the preview"):
        writeback.apply(plan)


def test_a_layout_of_a_library_that_is_not_here_says_so(
    tmp_path: Path, problems: dict[str, Problem], register: Register
) -> None:
    """The file has the PCells; without their library they are only shapes."""
    from eda_agent.cli.layout import write_layout
    from eda_agent.errors import InputError

    problem = problems["two_stage_miller"]
    found = devices(problem, known(problem))
    there = register(version("sky130A"))
    write_layout(found, tmp_path / "a.oas", None, "sky130A", None)
    assert write_layout(found, tmp_path / "b.oas", tmp_path / "a.oas", "sky130A", None)["changes"] == []
    there.delete()
    with pytest.raises(InputError, match="no library skywater130 or SKY130"):
        write_layout(found, tmp_path / "c.oas", tmp_path / "a.oas", "sky130A", None)


READING = """
import sys
import pya
from eda_agent.klayout import library, place, planning, writeback
from eda_agent.klayout.table import Device, read_table
from tests.klayout.stand_ins import Transistor, version

class Reading(Transistor):
    def produce_impl(self):
        self.layout.read(path)
        super().produce_impl()

path = "empty.gds"
pya.Layout().write(path)
facts = version("sky130A")
kept = pya.Library()
for cell in facts["pcells"]:
    kept.layout().register_pcell(cell, Reading(facts, cell))
kept.register(facts["library"])
fet = lambda width: [Device("xm1", "nmos", width, 0.5e-6, 1, 1, ("d", "g", "s", "b"), model="sky130_fd_pr__nfet_01v8")]
table = library.present(read_table("sky130A"))
layout = pya.Layout()
layout.dbu = 0.001
cell = place.place(layout, "one", fet(3e-6), ("vss", "vdd"), table)
plan = planning.plan(layout, cell, fet(4e-6), table)
print("conflicts", plan.conflicts)
print("written", writeback.apply(plan))
print("left", planning.plan(layout, cell, fet(4e-6), table).changes)
"""


@pytest.mark.skipif(shutil.which("klayout") is None, reason="KLayout is installed by make test")
def test_pcells_that_read_a_file_as_they_draw_are_placed_and_resized(tmp_path: Path) -> None:
    """As those of SKY130 of 2024 do: KLayout 0.28 refuses to read into a layout whose updates are held back."""
    root = str(Path(__file__).parent.parent.parent)
    # KLayout 0.30 of Debian 13 does not read PYTHONPATH
    (tmp_path / "reading.py").write_text(f"import sys\nsys.path.insert(0, {root!r})\n{READING}")
    done = subprocess.run(
        ["klayout", "-b", "-r", "reading.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout.splitlines()[-3:]
    assert said == ["conflicts []", "written 1", "left []"], done.stdout[-1000:] + done.stderr[-1000:]


def test_a_table_without_its_keys_names_them(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text("{}")
    with pytest.raises(TableError, match=r"own\.json: .*\(without library, cells, parameters, unit\)"):
        read_table(str(path))
    path.write_text('{"library": "mine", "cells": {}, "unit": 1e-6}')
    with pytest.raises(TableError, match=r"\(without parameters\)"):
        read_table(str(path))
    path.write_text("[]")
    with pytest.raises(TableError, match=r"\(it is not an object with keys\)"):
        read_table(str(path))
