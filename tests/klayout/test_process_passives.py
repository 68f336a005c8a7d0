"""Resistors and capacitors of the processes themselves, as calls of the PDK's devices: drawn by their PCells, compared,
written back, and read back as the calls that they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pya
import pytest

from eda_agent.cli import main
from eda_agent.insight.devices import devices
from eda_agent.klayout import library, lvs, mos, passives, place, planning, same_circuit, title, writeback
from eda_agent.klayout.table import Table, read_table
from eda_agent.klayout.table import devices as read_devices
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem

from .stand_ins import Library, version
from .test_passives import drawn_names

CIRCUITS = {
    "sky130A": """.subckt amp in out vdd vss
XM1 out in vss vss sky130_fd_pr__nfet_01v8 w=4 l=0.5 nf=2
XM2 out out vdd vdd sky130_fd_pr__pfet_01v8 w=4 l=0.5 nf=2
XR1 out x vss sky130_fd_pr__res_high_po_0p69 l=10
XR2 x in vss sky130_fd_pr__res_xhigh_po_0p35 l=60 mult=2
XC1 out in sky130_fd_pr__cap_mim_m3_1 w=10 l=12
XC2 in x sky130_fd_pr__cap_mim_m3_2 w=8 l=9
R3 x vss 20k
C3 x vss 1p
.ends
""",
    "gf180mcuD": """.subckt amp in out vdd vss
XM1 out in vss vss nfet_03v3 w=4u l=0.5u nf=2
XM2 out out vdd vdd pfet_03v3 w=4u l=0.5u nf=2
XR1 out x vss ppolyf_u_1k r_width=1u r_length=10u
XR2 x in vss npolyf_u r_width=1u r_length=60u m=2
XC1 out in cap_mim_2f0_m4m5_noshield c_width=10u c_length=12u
XC2 in x cap_mim_1f5_m2m3_noshield c_width=8u c_length=9u
R3 x vss 20k
C3 x vss 1p
.ends
""",
    "ihp-sg13g2": """.subckt amp in out vdd vss
XM1 out in vss vss sg13_lv_nmos w=4u l=0.5u ng=2
XM2 out out vdd vdd sg13_lv_pmos w=4u l=0.5u ng=2
XR1 out x vss rppd w=1u l=10u b=0
XR2 x in vss rhigh w=1u l=60u m=2
XC1 out in cap_cmim w=10u l=12u
XC2 in x cap_cmim w=8u l=9u
R3 x vss 20k
C3 x vss 1p
.ends
""",
}
NAMES = {"gf180mcuD": ("r_length", "c_width")}
"""A resistor's length and a capacitor's width, where they are not l and w."""


def drafted(folder: Path, text: str, pdk: str = "") -> Problem:
    (folder / "amp.spice").write_text(text, encoding="utf-8")
    answers = ["--no-sim", "--yes", "--force", "--kind", "buffer", *(["--pdk", pdk] if pdk else [])]
    assert main(["init", str(folder / "amp.spice"), *answers]) == 0
    return load_problem(folder / "spec.yaml")


@pytest.fixture(params=list(CIRCUITS))
def drawn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Table, Problem]]:
    mos.library()
    kept = Library(version(request.param))
    yield request.param, library.present(read_table(request.param)), drafted(tmp_path, CIRCUITS[request.param])
    kept.delete()


def placed(found: dict[str, Any], name: str, table: Table) -> tuple[pya.Layout, pya.Cell]:
    layout = pya.Layout()
    layout.dbu = 0.001
    rails = (found["rails"][0], found["rails"][1])
    cell = place.place(
        layout, "amp", read_devices(found), rails, table, None, found["ports"], passives.passives(found, table)
    )
    title.put(cell, found, name, mos.LIBRARY)
    return layout, cell


def test_the_devices_of_a_process_are_drawn_resized_and_read_back(
    drawn: tuple[str, Table, Problem], tmp_path: Path
) -> None:
    name, table, problem = drawn
    start = problem.space.initial
    found = devices(problem, start)
    layout, cell = placed(found, name, table)
    # two copies of two strips each
    assert sorted(drawn_names(cell, table)) == ["c3", "r3", "xc1", "xc2", "xr1", *["xr2"] * 4]
    # two small transistors below: the block is no column
    assert cell.bbox().height() < 5 * cell.bbox().width()
    result = lvs.check(layout, cell, found, table=table, name=name)
    assert result.devices_match, result.differences
    assert result.missing == () and "2 transistors, 3 resistors and 3 capacitors agree" in result.headline
    length, width = NAMES.get(name, ("l", "w"))
    wanted = {**start, f"XR1.{length}": start[f"XR1.{length}"] * 0.8, f"XC1.{width}": start[f"XC1.{width}"] * 0.8}
    other = devices(problem, wanted)
    assert not lvs.check(layout, cell, other, table=table, name=name).devices_match
    plan = planning.plan(layout, cell, read_devices(other), table, passives=passives.passives(other, table))
    assert sorted(change.device for change in plan.changes) == ["xc1", "xr1"]
    writeback.apply(plan)
    result = lvs.check(layout, cell, other, table=table, name=name)
    assert result.devices_match, result.differences
    # the same process, ports, devices and sizes come back
    again = drafted(tmp_path, title.netlist(found, cell, table))
    assert again.pdk.name == name
    assert [row["nf"] for row in devices(again, again.space.initial)["devices"]] == [2, 2]
    sizes = {key.lower(): value for key, value in again.space.initial.items()}
    copies = {"xm1.m": 1.0, "xm2.m": 1.0}
    assert sizes == {**copies, **{key.lower(): pytest.approx(value, rel=1e-6) for key, value in wanted.items()}}


def test_a_resistor_of_another_kind_is_refused(drawn: tuple[str, Table, Problem]) -> None:
    """Its size alone would be written, and it would be compared by its squares."""
    name, table, problem = drawn
    found = devices(problem, problem.space.initial)
    _, cell = placed(found, name, table)
    there = passives.passives(found, table)
    models = {one.label: one.model for one in there}
    other = [replace(one, model=models["xr1"]) if one.label == "xr2" else one for one in there]
    with pytest.raises(ValueError, match=rf"xr2 is another \w+ in the layout, {models['xr1']} in the run"):
        same_circuit.refuse_another(cell, read_devices(found), table, None, "amp", other)
    same_circuit.refuse_another(cell, read_devices(found), table, None, "amp", there)


def test_what_a_library_would_draw_otherwise_is_listed() -> None:
    """SG13G2's PCells draw the least size without a word, and a strip with bends otherwise than its netlist says."""
    mos.library()
    kept = Library(version("ihp-sg13g2"))
    try:
        table = library.present(read_table("ihp-sg13g2"))

        def card(model: str, **values: float) -> dict[str, Any]:
            nets = ["a", "b"]
            return {"name": "x1", "nets": nets, "model": model, "value": "", "transistor": False, "scale": 1.0} | {
                "values": values
            }

        def parts(model: str, **values: float) -> int:
            """How many PCells draw a device, 0 for one that is not drawn."""
            found = passives.passives({"cards": [card(model, **values)], "others": ["x1"]}, table)
            try:
                return sum(len(passives.parts(one, table)) for one in found)
            except ValueError as error:
                assert "too small" in str(error)
                return 0

        assert parts("rhigh", w=0.5e-6, l=0.96e-6) == 1 and parts("rhigh", w=0.5e-6, l=0.9e-6) == 0
        assert parts("rppd", w=1e-6, l=10e-6, b=0.0) == 1 and parts("rppd", w=1e-6, l=10e-6, b=2.0) == 0
        assert parts("cap_cmim", w=5e-6, l=5e-6) == 1 and parts("cap_cmim", w=1e-6, l=5e-6) == 0
    finally:
        kept.delete()
