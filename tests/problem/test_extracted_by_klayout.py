"""What KLayout's extraction writes is read as it was drawn: a substrate beside ground, merged fingers, and resistors of
the PDK.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.draft import Draft, read_circuit, write_draft
from eda_agent.problem.draft.bulks import wrong_bulks
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem

# sources and drains in any order, the substrate apart from vss, W of all fingers together
OTA = r"""* Extracted by KLayout with GF180 LVS runset on : 17/02/2023 20:34
.SUBCKT OTA vss vout vin2 vin1 vdd ib chip_gnd
R$1 \$7 vout chip_gnd 220 ppolyf_u L=25U W=4U
C$1 \$7 \$13 1p
M$2 vss ib ib chip_gnd nfet_03v3 L=1U W=20U AS=8.8P AD=8.8P PS=40.88U PD=40.88U
M$3 vss ib \$14 chip_gnd nfet_03v3 L=1U W={tail}U AS=10P AD=10P PS=44U PD=44U
M$4 vss ib vout chip_gnd nfet_03v3 L=1U W=40U AS=10P AD=10P PS=44U PD=44U
M$5 \$14 vin2 \$13 chip_gnd nfet_03v3 L=1U W=30U AS=10P AD=10P PS=44U PD=44U
M$6 \$14 vin1 \$59 chip_gnd nfet_03v3 L=1U W=30U AS=10P AD=10P PS=44U PD=44U
M$7 vdd \$13 vout vdd pfet_03v3 L=0.7U W=50U AS=10P AD=10P PS=44U PD=44U
M$8 vdd \$59 \$13 vdd pfet_03v3 L=2U W=25U AS=10P AD=10P PS=44U PD=44U
M$9 vdd \$59 \$59 vdd pfet_03v3 L=2U W=25U AS=10P AD=10P PS=44U PD=44U
.ENDS OTA
"""


def drafted(folder: Path, text: str) -> tuple[Draft, Problem]:
    (folder / "ota.cir").write_text(text)
    draft = read_circuit(folder / "ota.cir", folder, "gf180mcuD")
    (folder / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    return draft, load_problem(folder / "spec.yaml")


def test_ground_feeds_the_channels_and_the_substrate_is_a_well(tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, OTA.format(tail="40"))
    assert (draft.kind.name, draft.structure.vss, draft.structure.vdd) == ("op-amp", "vss", "vdd")
    assert {"inp": "vin2", "inn": "vin1", "out": "vout"}.items() <= draft.kind.ports.items()
    pair = draft.structure.input_pair
    assert pair is not None and {fet.name for fet in pair} == {"xm$5", "xm$6"}
    assert not wrong_bulks(draft.structure)
    # a resistor of the PDK is drawn, not a wire
    assert draft.structure.roles["xr$1"] == "nulling resistor"
    assert any(name.startswith("XR$1.") for name in problem.space.names)


@pytest.mark.parametrize("width", [101.0, 3600.0])
def test_merged_fingers_become_units_of_the_same_whole_width(tmp_path: Path, width: float) -> None:
    draft, problem = drafted(tmp_path, OTA.format(tail=width))
    (said,) = (note for note in draft.changed if note.startswith("M$3 is") or note.startswith("XM$3 is"))
    assert "units of" in said
    device = draft.netlist.subcircuits["ota"].device("xm$3")
    assert device is not None
    unit, count = float(device.params["w"]), float(device.params["m"])
    assert unit * count == pytest.approx(width * 1e-6, rel=1e-9) and unit <= 100e-6
    assert float(device.params["as"]) * count == pytest.approx(10e-12, rel=1e-5)
    assert problem.space.initial["XM$3.m"] == count


def test_a_width_that_the_models_cover_stays(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, OTA.format(tail="100"))
    assert not any("units of" in note for note in draft.changed)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("vout chip_gnd nfet", "vout vdd nfet", "the bulk of XM$4 (NMOS) is on vdd, so its junctions conduct"),
        ("vout vdd pfet", "vout vss pfet", "the bulk of XM$7 (PMOS) is on vss, so its junctions conduct"),
        ("vout vdd pfet", r"vout \$99 pfet", "nothing holds the net \\$99, the bulk of XM$7: it floats"),
    ],
)
def test_wrong_bulks_are_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    draft, _ = drafted(tmp_path, OTA.format(tail="40").replace(old, new))
    (found,) = wrong_bulks(draft.structure)
    assert said in found
