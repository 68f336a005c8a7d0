"""Ways of writing that public netlists have: each gives the circuit that its author meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.draft import Draft, read_circuit, write_draft
from eda_agent.problem.draft.dialect import to_spice
from eda_agent.problem.draft.simulation_cards import first_variant, measured_nets, without_simulation
from eda_agent.problem.draft.sizable_parameters import places_of
from eda_agent.problem.draft.valued_resistors import with_valued_resistors
from eda_agent.problem.load import load_problem
from eda_agent.problem.pdk import find_pdk

from .test_what_designers_bring import OTA, N, P, measured, same

CELL = "sky130_fd_sc_hd__"


def draft_of(text: str, folder: Path, pdk: str | None = None) -> Draft:
    (folder / "c.spice").write_text(text)
    return read_circuit(folder / "c.spice", folder, pdk)


def test_a_hspice_deck_keeps_its_circuit_alone() -> None:
    notes: list[str] = []
    deck = [
        ".prot",
        ".lib 'fab.l' TT",
        ".unprot",
        ".temp=25",
        ".option post acct",
        "M1 d g s b nch w=1u l=1u",
        "+ m=2",
        ".print v(d)",
        "+ v(g)",
        ".data sizes w1",
        "1u",
        "2u",
        ".enddata",
        ".subckt a x",
        ".ic v(x)=0",
        ".ends",
        ".ic v(d)=0",
        ".alter",
        "M1 d g s b nch w=9u l=1u",
        ".end",
    ]
    kept = [".lib 'fab.l' TT", "M1 d g s b nch w=1u l=1u", "+ m=2", ".subckt a x", ".ic v(x)=0", ".ends"]
    assert without_simulation(deck, notes) == kept
    assert any(".alter" in note for note in notes) and any(".data" in note for note in notes)


def test_the_nets_that_a_deck_prints() -> None:
    text = ".control\nplot vdb(out) v(a,b)\n.endc\n.meas tran t when v(Q)=0.5\n.print ac vp(o1) i(v1)\nv(no) here\n"
    assert measured_nets(text) == {"out", "a", "b", "q", "o1"}


def test_a_subcircuit_without_its_end_is_closed(tmp_path: Path) -> None:
    draft = draft_of(OTA.replace(".ends\n", "**.ends\n.end\n"), tmp_path)
    assert draft.kind.name == "op-amp" and any("its .ends is missing" in note for note in draft.changed)
    # one that is open in the middle is no such case
    assert to_spice(OTA.replace(".ends\n", ".subckt b x\n.ends\n"), [])[1] != ()
    assert not any("closed" in note for note in to_spice(OTA, [])[1])


def test_sizes_of_foundry_calls_in_metres_become_micrometres(tmp_path: Path) -> None:
    metres = OTA
    for number in ("5", "4", "2", "1", "0.5"):
        metres = metres.replace(f"W={number} ", f"W={number}u ").replace(
            f"L={number} ", f"L={float(number) * 1000:g}n "
        )
    draft = draft_of(metres, tmp_path)
    assert "w=5 l=0.5" in draft.netlist_text.lower() and any("in metres" in note for note in draft.changed)


@pytest.mark.parametrize("marks", ["''", "{}"])
def test_sizes_in_quotes_are_in_metres_too(marks: str, tmp_path: Path) -> None:
    metres = re.sub(r"\b([WL])=([\d.]+) ", lambda size: f"{size[1]}={marks[0]}{size[2]}u{marks[1]} ", OTA)
    assert f"W={marks[0]}" in metres
    draft = draft_of(metres, tmp_path)
    assert "w=5 l=0.5" in draft.netlist_text.lower() and any("in metres" in note for note in draft.changed)


def test_a_bipolar_with_a_substrate_node_that_the_pdk_lacks() -> None:
    device = "sky130_fd_pr__pnp_05v5_W3p40L3p40"
    text = f"* t\n.subckt a e vss\nXQ1 vss vss e vss {device} m=2\nXQ2 vss vss e {device}\n.ends\n"
    plain, notes = to_spice(text, [find_pdk("sky130A")])
    assert f"XQ1 vss vss e {device} m=2" in plain and f"XQ2 vss vss e {device}" in plain
    assert any("has 3 nodes" in note for note in notes)


FLAT = f"""* two stages, simulated with a split supply
V1 vdd 0 0.9
V2 vss 0 -0.9
V3 a 0 dc 0 ac 1 sin(0 1m 1k)
V4 b 0 pulse(0 0.1 0 1n 1n 1u 2u)
I1 vdd ib 10u
XM1 d1 a t vss {N} W=5 L=0.5
XM2 x b t vss {N} W=5 L=0.5
XM3 d1 d1 vdd vdd {P} W=4 L=0.5
XM4 x d1 vdd vdd {P} W=4 L=0.5
XM5 t ib vss vss {N} W=2 L=1 m=4
XM6 ib ib vss vss {N} W=2 L=1
XM7 y x vdd vdd {P} W=8 L=0.5
XM8 y ib vss vss {N} W=2 L=1 m=4
C1 x y 1p
CL y 0 2p
.op
.end
"""


def test_a_flat_schematic_with_compensation_and_a_split_supply(tmp_path: Path) -> None:
    draft = draft_of(FLAT, tmp_path)
    ports = draft.netlist.subcircuits[draft.subckt].ports
    assert ports == ("vdd", "a", "b", "y", "vss", "gnd")[: len(ports)] and draft.kind.name == "op-amp"
    assert (draft.kind.ports["out"], draft.structure.vdd, draft.structure.vss) == ("y", "vdd", "vss")
    text = write_draft(draft, draft.source.name)
    # counted from the negative rail: 1.8 V of supply, inputs in its middle
    assert "vdd: 1.8" in text and "vcm: 900m" in text and "load: 2p" in text
    (tmp_path / "spec.yaml").write_text(text)
    values = measured(load_problem(tmp_path / "spec.yaml"))
    assert values["dc_gain"] is not None and values["dc_gain"] > 40


def test_an_output_is_the_net_that_the_deck_prints_if_the_devices_do_not_show_it() -> None:
    flat = f"* t\nV1 vdd 0 1.8\nXM1 n n vdd vdd {P} W=4 L=1\nXM2 m n vdd vdd {P} W=4 L=1\nR1 m vref 1k\nR2 vref 0 9k\n"
    flat += f"XM3 n m q 0 {N} W=4 L=1\nR3 q 0 1k\nR4 out2 m 1k\nR5 out2 0 1k\n.control\nplot v(vref)\n.endc\n"
    assert ".subckt circuit vdd vref vss" in to_spice(flat, [])[0]


def test_an_ammeter_is_a_wire(tmp_path: Path) -> None:
    """Sources of 0 V in series with the branches, as designers place them to read currents."""
    plain = draft_of(OTA, tmp_path)
    metered = OTA.replace("XM2 out", "Vm1 out o2 0\nXM2 o2").replace("XM5 t ib", "Vm2 t t2 dc 0\nXM5 t2 ib")
    draft = draft_of(metered, tmp_path)
    assert draft.kind.name == "op-amp" and draft.kind.ports == plain.kind.ports
    assert draft.structure.roles == plain.structure.roles
    (tmp_path / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    values = measured(load_problem(tmp_path / "spec.yaml"))
    (tmp_path / "spec.yaml").write_text(write_draft(plain, plain.source.name))
    (tmp_path / "c.spice").write_text(OTA)
    same(values, measured(load_problem(tmp_path / "spec.yaml")))


def test_what_never_conducts_is_not_sized(tmp_path: Path) -> None:
    """A dummy beside the pair, a clamp between the rails, a decoupling MOSFET: none hides the pair, none is a size."""
    more = (
        f"XMD1 d1 vss t vss {N} W=5 L=0.5\nXMD2 vdd vss vss vss {N} W=10 L=0.5\n"
        f"XMD3 vss vdd vss vss {N} W=10 L=5\nXMD4 out out out vss {N} W=5 L=0.5\n.ends"
    )
    draft = draft_of(OTA.replace(".ends", more), tmp_path)
    roles = draft.structure.roles
    assert draft.kind.name == "op-amp" and roles["xmd3"] == "decoupling capacitor"
    assert {roles[name] for name in ("xmd1", "xmd2", "xmd4")} == {"dummy"}
    assert not any("XMD" in name for name, _ in places_of(draft))


def test_a_native_device_below_the_supply_is_no_dummy(tmp_path: Path) -> None:
    """The upper device of a two-transistor reference has its gate at ground and conducts."""
    text = f"* t\n.subckt ref out vdd vss\nXM1 vdd vss out vss {N} W=2 L=1\nXM2 out out vss vss {N} W=20 L=1\n.ends\n"
    assert draft_of(text, tmp_path).structure.roles["xm1"] != "dummy"


def test_power_switches_and_a_clamped_output_are_an_enable(tmp_path: Path) -> None:
    switched = OTA.replace("ib vdd vss", "ib en_n vdd vss").replace("vdd vdd", "top vdd")
    switched = switched.replace(
        ".ends", f"XM8 top en_n vdd vdd {P} W=20 L=0.15\nXM9 out en_n vss vss {N} W=1 L=0.15\n.ends"
    )
    draft = draft_of(switched, tmp_path)
    assert draft.kind.name == "op-amp" and draft.kind.bias["en_n"] == "low"
    assert {"xm8", "xm9"} <= set(draft.kind.switches)


LATCH = f"""* t
.subckt latch inp inn outp outn clk dp dn vdd vss
XM1 dn inp t vss {N} W=4 L=0.15
XM2 dp inn t vss {N} W=4 L=0.15
XM3 outn outp dn vss {N} W=4 L=0.15
XM4 outp outn dp vss {N} W=4 L=0.15
XM5 outn outp vdd vdd {P} W=4 L=0.15
XM6 outp outn vdd vdd {P} W=4 L=0.15
XM7 t clk vss vss {N} W=8 L=0.15
XM8 outn clk vdd vdd {P} W=2 L=0.15
XM9 outp clk vdd vdd {P} W=2 L=0.15
XM10 dn clk vdd vdd {P} W=2 L=0.15
XM11 dp clk vdd vdd {P} W=2 L=0.15
.ends
"""


def test_inner_nodes_that_are_ports_are_left_open(tmp_path: Path) -> None:
    draft = draft_of(LATCH, tmp_path)
    assert draft.kind.name == "comparator" and {draft.kind.ports["outp"], draft.kind.ports["outn"]} == {"outp", "outn"}
    assert draft.kind.bias == {"dp": "open", "dn": "open"}
    (tmp_path / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    opened = measured(load_problem(tmp_path / "spec.yaml"))
    plain = draft_of(LATCH.replace(" dp dn vdd", " vdd"), tmp_path)
    (tmp_path / "spec.yaml").write_text(write_draft(plain, plain.source.name))
    assert opened["delay"] == pytest.approx(measured(load_problem(tmp_path / "spec.yaml"))["delay"], rel=1e-6)


def test_a_bias_behind_a_switch_is_that_of_its_diode(tmp_path: Path) -> None:
    gated = OTA.replace("ib vdd vss", "ib en vdd vss").replace("XM5 t ib", "XM5 t b").replace("XM6 ib ib", "XM6 b b")
    draft = draft_of(gated.replace(".ends", f"XM9 ib en b vss {N} W=1 L=0.15\n.ends"), tmp_path)
    assert draft.kind.bias["ib"] == "source" and draft.kind.bias["en"] == "high"


RING = f"""* three starved stages, as a course writes them
.param vd=1.8
.subckt stage in out vdd gnd
XM1 out in gnd gnd {N} W=1 L=0.15
XM2 out in vdd vdd {P} W=2 L=0.15
.ends
X1 a b vdd 0 stage
X2 b c vdd 0 stage
X3 c a vdd 0 stage
Vdd vdd 0 1.8
.tran 1p 1n
.print tran v(c)
.end
"""


def test_a_top_level_that_connects_cells_is_the_circuit(tmp_path: Path) -> None:
    draft = draft_of(RING, tmp_path)
    assert draft.kind.name == "oscillator" and draft.kind.ports["out"] == "c"
    (tmp_path / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    assert (measured(load_problem(tmp_path / "spec.yaml"))["oscillation_frequency"] or 0) > 1e9
    # two instances side by side are a test of one cell
    twice = RING.replace("X1 a b", "X1 in b").replace("X2 b c", "X2 in c").replace("X3 c a vdd 0 stage", "Vin in 0 0")
    assert draft_of(twice, tmp_path).subckt == "stage"


def test_files_that_are_not_there_are_named_and_a_pdk_replaces_models(tmp_path: Path) -> None:
    bare = OTA.replace(N, "nch").replace(P, "pch").replace("XM", "M")
    text = '.include "/elsewhere/models/fab.mod"\n.lib E:\\models\\fab.l\n' + bare
    # without --pdk the nearest PDK is a guess
    assert draft_of("* t\n" + text, tmp_path).kind.name == "op-amp"
    draft = draft_of("* t\n" + text, tmp_path, "sky130A")
    assert draft.kind.name == "op-amp" and any("is not here" in note for note in draft.changed)
    (tmp_path / "bias.inc").write_text("* empty\n")
    assert ".include bias.inc" in draft_of("* t\n.include bias.inc\n" + OTA, tmp_path).netlist_text


def test_names_without_a_value_start_at_a_usual_size(tmp_path: Path) -> None:
    """Topologies for optimizers have names for sizes, and their values in another program."""
    text = OTA.replace("W=5 L=0.5 nf=1 m=1", "W=w_pair L='2*l_pair' nf=1 m='M_pair'").replace(" ib vdd", " vdd")
    text = text.replace(".ends", "I1 vdd ib bias_current\nC1 out vss load\n.ends")
    draft = draft_of(text, tmp_path)
    assert draft.kind.name == "op-amp" and any("w_pair = 4.5" in note for note in draft.changed)
    (tmp_path / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    problem = load_problem(tmp_path / "spec.yaml")
    # the bias is a condition, and so is a load inside
    assert {"w_pair", "l_pair", "m_pair"} <= set(problem.space.names) and "bias_current" not in problem.space.names
    assert (measured(problem)["dc_gain"] or 0) > 20
    bare = text.replace(N, "nch").replace(P, "pch").replace("XM", "M")
    with pytest.raises(InputError, match="names without a value: w_pair, l_pair"):
        draft_of(bare + ".model nch nmos\n.model pch pmos\n", tmp_path)


UNITS = f"""* t
.subckt ref vref vdd vss
XM1 a a vdd vdd {P} W=5 L=2 m=4
XM2 vref a vdd vdd {P} W=5 L=2 m=4
XM3 a vref s vss {N} W=5 L=2
XR1 s s1 vss sky130_fd_pr__res_high_po W=1 L=10
XR2 s1 s2 vss sky130_fd_pr__res_high_po W=1 L=10
XR3 s2 vss vss sky130_fd_pr__res_high_po W=1 L=10
XR4 vref r1 vss sky130_fd_pr__res_high_po W=1 L=10
XR5 r1 vss vss sky130_fd_pr__res_high_po W=2 L=10
.ends
"""


def test_the_equal_units_of_a_resistor_are_one_parameter(tmp_path: Path) -> None:
    draft = draft_of(UNITS, tmp_path)
    (tmp_path / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    problem = load_problem(tmp_path / "spec.yaml")
    # XR4 is of another resistor: the two set a ratio, and keep one width
    names = {"XR1.w", "XR1.l", "XR4.l", "XR5.w", "XR5.l"}
    assert {name for name in problem.space.names if "R" in name} == names
    edits = problem.space.edits({**problem.space.initial, "XR1.l": 20e-6, "XR1.w": 3e-6})
    assert {edit.device for edit, value in edits.items() if edit.attribute == "l" and value == 20.0} == {
        "xr1",
        "xr2",
        "xr3",
    }
    assert {edit.device for edit, value in edits.items() if edit.attribute == "w" and value == 3.0} == {
        "xr1",
        "xr2",
        "xr3",
        "xr4",
    }


def test_the_second_input_of_a_nand_enables_it(tmp_path: Path) -> None:
    nand = (
        f"* t\n.subckt nand a b out vdd vss\nXM1 out a x vss {N} W=2 L=0.15\nXM2 x b vss vss {N} W=2 L=0.15\n"
        f"XM3 out a vdd vdd {P} W=2 L=0.15\nXM4 out b vdd vdd {P} W=2 L=0.15\n.ends\n"
    )
    draft = draft_of(nand, tmp_path)
    assert draft.kind.name == "gate" and (draft.kind.ports["in"], draft.kind.bias) == ("a", {"b": "high"})


def test_an_output_that_a_gate_drives_is_no_reference(tmp_path: Path) -> None:
    """A relaxation oscillator has no input either."""
    text = (
        f"* t\n.subckt osc out vdd vss\nXM1 x c vss vss {N} W=1 L=1\nXM2 x c vdd vdd {P} W=2 L=1\n"
        f"XM3 out x vss vss {N} W=1 L=1\nXM4 out x vdd vdd {P} W=2 L=1\nR1 x c 100k\nC1 c out 1p\n.ends\n"
    )
    draft = draft_of(text, tmp_path)
    assert draft.kind.name == "oscillator" and any("whether this circuit oscillates" in doubt for doubt in draft.doubts)


def test_a_circuit_that_nothing_drives_has_the_ports_that_its_names_say(tmp_path: Path) -> None:
    body = "\n".join(line for line in OTA.splitlines() if line.startswith("XM"))
    draft = draft_of(f"* from a layout\n{body}\n.end\n", tmp_path)
    ports = draft.netlist.subcircuits[draft.subckt].ports
    assert draft.kind.name == "op-amp" and set(ports) == {"inp", "inn", "out", "ib", "vdd", "vss"}
    assert any("nothing drives the circuit" in note for note in draft.changed)


def test_the_first_variant_of_a_hspice_deck_is_the_deck(tmp_path: Path) -> None:
    notes: list[str] = []
    assert first_variant(OTA, notes) == OTA and notes == []
    deck = ".prot\n.lib 'a' tt\n.unprot\n.temp=25\n.data t w\n1\n.enddata\nR1 a b 1k\n.alter\nR1 a b 2k\n.end\n"
    assert first_variant(deck, notes) == ".lib 'a' tt\n.temp 25\nR1 a b 1k\n" and len(notes) == 3


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("? a b missing", "xschem writes it for a symbol"),
        ("X9 out inp vss vdd sky130_fd_sc_ms__unheard_2", "a standard cell"),
    ],
)
def test_what_is_missing_is_said_as_what_it_is(line: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        draft_of(OTA.replace(".ends", f"{line}\n.ends"), tmp_path)


def test_a_resistor_with_value_model_and_sizes_is_the_devices_call(tmp_path: Path) -> None:
    """As KLayout extracts it: the drawn sizes and not the value are what a designer turns."""
    notes: list[str] = []
    pdk = find_pdk("gf180mcuD")
    line = r"R$1 \$13 \$7 sub 220.125786164 ppolyf_u L=25U W=39.75U"
    assert with_valued_resistors([line], [pdk], notes) == [
        r"XR$1 \$13 \$7 sub ppolyf_u r_length=2.5e-05 r_width=3.975e-05"
    ]
    assert len(notes) == 1
    # one node too few, a plain resistor and a model of the netlist's own stay
    kept = ["R1 a b 220 ppolyf_u L=25U W=40U", "R2 a b 1k", "R3 a b 1k mine tc1=1m"]
    assert with_valued_resistors(kept, [pdk], notes) == kept and len(notes) == 1


@pytest.mark.skipif(find_pdk("sky130A").standard_cell(f"{CELL}inv_6") is None, reason="sky130 is not installed")
def test_standard_cells_come_from_the_pdk_and_keep_their_sizes(tmp_path: Path) -> None:
    """An inverter with a resistor around it: at its threshold its input draws no current through the resistor."""
    text = (
        f".subckt tia in out vpwr vgnd\nXI in vgnd vgnd vpwr vpwr out {CELL}inv_6\n"
        f"Rf out in 5000\nXT vgnd vpwr {CELL}tapvpwrvgnd_1\n.ends\n"
    )
    draft = draft_of(text, tmp_path, "sky130A")
    assert draft.kind.name == "transimpedance amplifier"
    assert [name for name, _ in places_of(draft)] == ["RF"]
    cell = draft.netlist.subcircuits[f"{CELL}inv_6"]
    assert cell.ports == ("a", "vgnd", "vnb", "vpb", "vpwr", "y") and len(cell.devices) == 12
    (tmp_path / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    values = measured(load_problem(tmp_path / "spec.yaml"))
    # an inverting stage with gain A has Rf·A/(1 + A), less the output's share
    assert values["transimpedance"] is not None and 2500 < values["transimpedance"] < 5000


def test_an_input_that_the_circuit_drives_itself_makes_no_gate(tmp_path: Path) -> None:
    """A relaxation oscillator whose core has a port, with an inverter at its output."""
    text = f"""* relaxation
.subckt osc q vdd vss a
XM1 a b l vss {N} W=20 L=2
XM2 b a r vss {N} W=20 L=2
XM3 b b vdd vdd {P} W=20 L=2
XM4 a a vdd vdd {P} W=20 L=2
XM5 c c vss vss {N} W=20 L=2
XM6 l c vss vss {N} W=20 L=2
XM8 r c vss vss {N} W=20 L=2
XM9 q a vss vss {N} W=2 L=0.15
XM10 q a vdd vdd {P} W=4 L=0.15
R3 c vdd 20k
C1 l r 10p
.ends
"""
    assert draft_of(text, tmp_path).kind.name != "gate"
