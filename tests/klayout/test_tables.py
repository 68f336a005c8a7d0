"""Tables of processes against stand-ins for their libraries: what is placed and what is written back is the transistor that is meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pya
import pytest

from eda_agent.insight.devices import devices
from eda_agent.klayout import place, writeback
from eda_agent.klayout.table import devices as read_devices
from eda_agent.klayout.table import read_table
from eda_agent.problem.spec import Problem

from .stand_ins import Library, Sky130, drawn, libraries
from .test_layout import known


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    kept = libraries()
    yield
    for name, library in kept.items():
        if name != "sky130A":
            # the last test takes that one away itself
            library.delete()


@pytest.mark.parametrize("name", ["sky130A", "gf180mcuD", "ihp-sg13g2"])
@pytest.mark.parametrize("circuit", ["ota_5t", "two_stage_miller"])
def test_the_transistors_that_are_meant(name: str, circuit: str, problems: dict[str, Problem], tmp_path: Path) -> None:
    table, problem = read_table(name), problems[circuit]
    sizing = known(problem)
    found = devices(problem, sizing)
    layout = pya.Layout()
    layout.dbu = 0.001
    cell = place.place(layout, found["name"], read_devices(found), tuple(found["rails"]), table)

    def holds(sizing: dict[str, float]) -> None:
        """Every device has the width of all its units and the length of the schematic, dummies aside."""
        rows = {row["name"]: row for row in devices(problem, sizing)["devices"]}
        width: dict[str, float] = defaultdict(float)
        for instance, device, _ in writeback.instances(cell, table):
            if not device.endswith("dummy"):
                found_width, length = drawn(instance)
                width[device] += found_width
                assert length == pytest.approx(rows[device]["l"] * 1e6, abs=0.002), device
        assert set(width) == set(rows)
        for device, row in rows.items():
            assert width[device] == pytest.approx(row["w"] * row["m"] * 1e6, rel=0.02), device

    holds(dict(sizing))
    # every length and width a fifth larger, written back; a second time there is nothing to write
    space = problem.space
    larger = {one.name: sizing[one.name] if one.unit == "" else one.snap(sizing[one.name] * 1.2) for one in space.parameters}
    for _ in range(2):
        plan = writeback.plan(layout, cell, read_devices(devices(problem, larger)), table)
        assert not plan.missing
        writeback.apply(plan)
    assert not plan.changes
    holds(larger)


def test_a_library_goes_by_the_name_of_any_version(problems: dict[str, Problem], registered: None) -> None:
    """SKY130's is `skywater130`; one that calls itself otherwise is found too, and one that is not there is named."""
    table, problem = read_table("sky130A"), problems["ota_5t"]
    found = devices(problem, known(problem))

    def placed() -> pya.Cell:
        layout = pya.Layout()
        layout.dbu = 0.001
        # the cell lives as long as its layout
        layouts.append(layout)
        return place.place(layout, found["name"], read_devices(found), tuple(found["rails"]), table)

    layouts: list[pya.Layout] = []
    assert {instance.cell.library().name() for instance in placed().each_inst()} == {"skywater130"}
    pya.Library.library_by_name("skywater130").delete()
    with pytest.raises(ValueError, match=r"no library skywater130 or SKY130 with .fet is registered.*gf180mcu"):
        placed()
    older = Library("SKY130", ("nfet", "pfet"), Sky130)
    try:
        cell = placed()
        assert {instance.cell.library().name() for instance in cell.each_inst()} == {"SKY130"}
        # and its PCells are written back into
        assert not writeback.plan(layouts[-1], cell, read_devices(found), table).missing
    finally:
        older.delete()
    poor = Library("SKY130", ("nmos",), Sky130)
    try:
        with pytest.raises(ValueError, match=r"the library SKY130 has no PCell .fet; it has nmos"):
            placed()
    finally:
        poor.delete()
