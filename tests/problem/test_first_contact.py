"""Netlists as designers of other repositories write them, in our own words: what the first look must not miss."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.draft.conditions import held_of, supply_of
from eda_agent.problem.draft.flat import conditions_of
from eda_agent.problem.draft.foundry_calls import foundry_calls
from eda_agent.problem.draft.sizable_parameters import places_of
from eda_agent.problem.draft.valued_resistors import with_valued_resistors
from eda_agent.problem.load import load_problem
from eda_agent.problem.pdk import find_pdk
from tests.problem.test_hidden_output import written

IHP, GF = find_pdk("ihp-sg13g2"), find_pdk("gf180mcuD")
NATIVE = "sky130_fd_pr__nfet_03v3_nvt"
FOLLOWER = """.subckt buf out in vdd vss vb
M1 x in t vss nch W=4u L=1u
M2 out out t vss nch W=4u L=1u
M3 x x vdd vdd pch W=8u L=1u
M4 out x vdd vdd pch W=8u L=1u
M5 t vb vss vss nch W=4u L=1u
.ends
"""


def test_a_pair_whose_output_is_a_gate_of_it_is_a_buffer(tmp_path: Path) -> None:
    draft = read_circuit(written(tmp_path, FOLLOWER), tmp_path)
    assert draft.kind.name == "buffer"
    assert (draft.kind.ports["in"], draft.kind.ports["out"]) == ("in", "out")
    assert draft.kind.bias["vb"] == "voltage"


def test_an_output_may_have_diodes_as_loads(tmp_path: Path) -> None:
    text = """.subckt gm vp vn vo ib vdd vss
M1 a vp t vdd pch W=8u L=1u
M2 b vn t vdd pch W=8u L=1u
M3 a a vss vss nch W=4u L=1u
M4 b b vss vss nch W=4u L=1u
M5 t ib vdd vdd pch W=8u L=1u
M6 ib ib vdd vdd pch W=8u L=1u
M7 c a vss vss nch W=4u L=1u
M8 c c vdd vdd pch W=8u L=1u
M9 d c vdd vdd pch W=8u L=1u
M10 vo vo d vdd pch W=8u L=1u
M11 vo vo e vss nch W=4u L=1u
M12 e b vss vss nch W=4u L=1u
.ends
"""
    draft = read_circuit(written(tmp_path, text), tmp_path)
    assert (draft.kind.name, draft.kind.ports["out"]) == ("op-amp", "vo")


@pytest.mark.parametrize("mirror", ["", "M6 n n vss vss nch W=2u L=1u\nM7 p n vss vss nch W=2u L=1u\n"])
def test_a_delay_cell_is_a_gate_with_a_bias(tmp_path: Path, mirror: str) -> None:
    text = f""".subckt cell in out vc vdd vss
M1 out in s vdd pch W=4u L=0.5u
M2 out in r vss nch W=2u L=0.5u
M3 s p vdd vdd pch W=4u L=1u
M4 r {"n" if mirror else "vc"} vss vss nch W=2u L=1u
M5 p p vdd vdd pch W=4u L=1u
M8 {"n" if mirror else "p"} vc {"vdd vdd pch" if mirror else "vss vss nch"} W=2u L=1u
{mirror}.ends
"""
    draft = read_circuit(written(tmp_path, text), tmp_path)
    assert (draft.kind.name, draft.kind.ports["in"], draft.kind.ports["out"]) == ("gate", "in", "out")
    assert draft.kind.bias["vc"] == "voltage"


MIRROR = """* a mirror as it is simulated
Vdd v_dd 0 2.5
Ibias v_dd g 20u
Vo o 0 0.6
M1 g g 0 0 nch W=1u L=2u
M2 o g 0 0 nch W=2u L=2u
.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05
.end
"""


def test_a_bias_from_the_supply_alone_keeps_its_value(tmp_path: Path) -> None:
    """Nothing but the bias source stands on the supply, so it is no port; its voltage and the current are known."""
    assert dict(conditions_of(MIRROR.splitlines()).amps) == {"g": pytest.approx(20e-6)}
    (tmp_path / "c.spice").write_text(MIRROR)
    draft = read_circuit(tmp_path / "c.spice", tmp_path)
    assert draft.kind.name == "current reference"
    assert supply_of(draft) == 2.5
    held = held_of(draft, "g", draft.kind.bias["g"])
    assert (held.kind, held.amount, held.guess) == ("current", "20u", "")


def test_a_current_out_of_the_circuit_into_the_supply_is_counted_so() -> None:
    """A source from a net to ground draws current out of it, one from a net to a held supply too."""
    for line in ("I1 a 0 3u", "I1 a vdd 3u"):
        assert conditions_of(["* t", "V1 vdd 0 1", line, "M1 a a vdd vdd p"]).amps == {"a": pytest.approx(-3e-6)}


def test_a_resistor_without_its_substrate_gets_ground() -> None:
    """xschem's older symbols of IHP have two pins."""
    notes: list[str] = []
    assert foundry_calls(["XR1 a b rppd w=0.5e-6 l=30e-6 m=1 b=0"], [IHP], notes) == [
        "XR1 a b 0 rppd w=0.5e-6 l=30e-6 m=1 b=0"
    ]
    assert "ground" in notes[0]
    assert foundry_calls(["XR1 a b s rppd w=0.5e-6 l=30e-6"], [IHP], []) == ["XR1 a b s rppd w=0.5e-6 l=30e-6"]


def test_a_resistor_of_a_netlist_for_lvs_is_a_call() -> None:
    """It has no value, since LVS compares the drawn sizes."""
    line = "R1 vss a vss ppolyf_u W=0.8e-6 L=260e-6 m=1"
    assert with_valued_resistors([line], [GF], []) == ["XR1 vss a vss ppolyf_u r_width=8e-07 r_length=0.00026 m=1"]
    kept = ["R1 a b 1k", "R2 a b mine W=1u L=2u", "R3 a b ppolyf_u"]
    assert with_valued_resistors(kept, [GF], []) == kept


def test_native_devices_keep_their_drawn_size(tmp_path: Path) -> None:
    """Their models exist for a few sizes: another one stops the simulation."""
    text = f""".subckt amp inp inn out ib vdd vss
XM1 a inp t vss {NATIVE} L=0.6 W=1 m=2
XM2 out inn t vss {NATIVE} L=0.6 W=1 m=2
XM3 a a vdd vdd sky130_fd_pr__pfet_g5v0d10v5 L=0.5 W=2
XM4 out a vdd vdd sky130_fd_pr__pfet_g5v0d10v5 L=0.5 W=2
XM5 t ib vss vss sky130_fd_pr__nfet_g5v0d10v5 L=1 W=2
XM6 ib ib vss vss sky130_fd_pr__nfet_g5v0d10v5 L=1 W=2
.ends
"""
    (tmp_path / "c.spice").write_text(text)
    draft = read_circuit(tmp_path / "c.spice", tmp_path, "sky130A")
    names = {name for name, _ in places_of(draft)}
    assert "XM1.m" in names and not names & {"XM1.W", "XM1.L", "XM1.w", "XM1.l"}


def test_a_regulator_may_have_a_follower_as_its_pass_device(tmp_path: Path) -> None:
    text = """.subckt reg vref ib out vdd vss
M1 a vref t vss nch W=8u L=1u
M2 g tap t vss nch W=8u L=1u
M3 a a vdd vdd pch W=8u L=1u
M4 g a vdd vdd pch W=8u L=1u
M5 t ib vss vss nch W=4u L=1u
M6 ib ib vss vss nch W=4u L=1u
M7 vdd g out vss nch W=500u L=0.5u
R1 out tap 100k
R2 tap vss 100k
.ends
"""
    draft = read_circuit(written(tmp_path, text), tmp_path)
    assert (draft.kind.name, draft.kind.ports["out"]) == ("regulator with its divider", "out")


def test_a_selecting_pin_is_at_a_rail(tmp_path: Path) -> None:
    """It drives an inverter: half of the supply would turn both of its transistors on."""
    text = FOLLOWER.replace(".subckt buf out in vdd vss vb", ".subckt buf out in vdd vss vb pick").replace(
        ".ends",
        "M6 np pick vdd vdd pch W=2u L=0.5u\nM7 np pick vss vss nch W=1u L=0.5u\nM8 t np t2 vss nch W=1u L=0.5u\n"
        "M9 t2 vb vss vss nch W=4u L=1u\n.ends",
    )
    draft = read_circuit(written(tmp_path, text), tmp_path)
    assert draft.kind.name == "buffer" and draft.kind.bias["pick"] == "low"


def test_a_regulator_may_compare_its_output_itself(tmp_path: Path) -> None:
    """A follower inside the loop: nothing pulls the output down, and no divider stands before the amplifier."""
    text = """.subckt reg vin out vref ib vss
M1 a out t vin pch W=8u L=1u
M2 g vref t vin pch W=8u L=1u
M3 a a vss vss nch W=4u L=1u
M4 g a vss vss nch W=4u L=1u
M5 t ib vin vin pch W=8u L=1u
M6 ib ib vin vin pch W=8u L=1u
M7 o2 g vss vss nch W=8u L=1u
M8 o2 ib vin vin pch W=8u L=1u
M9 vin o2 out vss nch W=100u L=0.5u
.ends
"""
    draft = read_circuit(written(tmp_path, text), tmp_path)
    assert draft.kind.name == "regulator with its divider"
    assert draft.kind.ports["out"] == "out" and draft.kind.bias == {"vref": "voltage", "ib": "sink"}
    assert any("the output is compared itself" in said for said in draft.noticed)


def test_a_size_keeps_within_the_models_of_what_follows_it(tmp_path: Path) -> None:
    """A mirror of two flavours: the length of a 1.8 V device is that of a 5 V one, whose models begin higher."""
    low, high = "sky130_fd_pr__pfet_01v8", "sky130_fd_pr__pfet_g5v0d10v5"
    text = f"""simulator lang=spice
.subckt bias ib out vdd vss
XM1 ib ib vdd vdd {low} w=4 l=2
XM2 a ib vdd vdd {high} w=4 l=2
XM3 a a vss vss sky130_fd_pr__nfet_01v8 w=2 l=2
XM4 out a vss vss sky130_fd_pr__nfet_01v8 w=2 l=2
.ends
"""
    path = tmp_path / "c.spice"
    path.write_text("* c\n" + text)
    draft = read_circuit(path, tmp_path)
    (tmp_path / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    problem = load_problem(tmp_path / "spec.yaml")
    assert {"xm1", "xm2"} <= {name for group in draft.structure.matched for name in group}
    (length,) = [one for one in problem.space.parameters if one.name == "XM1.l"]
    assert length.minimum == pytest.approx(0.5e-6)


def test_a_switched_current_is_no_gate(tmp_path: Path) -> None:
    """A source, its cascode and two switches: with both biases low a switch-level model sees an inverter."""
    text = """.subckt cell vdd vss pbias pcbias sw out outn
M1 a pbias vdd vdd pch W=6u L=1u
M2 b pcbias a vdd pch W=12u L=1u
M3 out sw b vdd pch W=4u L=1u
M4 outn swn b vdd pch W=4u L=1u
M5 swn sw vss vss nch W=1u L=1u
M6 swn sw vdd vdd pch W=2u L=1u
M7 out sw vss vss nch W=1u L=1u
M8 outn swn vss vss nch W=1u L=1u
.ends
"""
    assert read_circuit(written(tmp_path, text), tmp_path).kind.name != "gate"
    as_logic = text.replace("pbias", "en1").replace("pcen1", "en2").replace("pcbias", "en2")
    assert read_circuit(written(tmp_path, as_logic), tmp_path).kind.name == "gate"
