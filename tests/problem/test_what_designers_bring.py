"""Kinds of netlists that designers have on disk: each gives a draft that simulates, or one message that names what it
is.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.draft import Draft, guesses_of, read_answers, read_circuit, write_draft
from eda_agent.problem.draft.dialect import to_spice
from eda_agent.problem.draft.global_nets import with_global_ports
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.run import measure_once

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
OTA = f"""* t
.subckt ota inp inn out ib vdd vss
XM1 d1 inp t vss {N} W=5 L=0.5 nf=1 m=1
XM2 out inn t vss {N} W=5 L=0.5 nf=1 m=1
XM3 d1 d1 vdd vdd {P} W=4 L=0.5 nf=1 m=1
XM4 out d1 vdd vdd {P} W=4 L=0.5 nf=1 m=1
XM5 t ib vss vss {N} W=2 L=1 nf=1 m=4
XM6 ib ib vss vss {N} W=2 L=1 nf=1 m=1
.ends
"""
BARE = (
    OTA.replace("XM", "M")
    .replace(N, "nch")
    .replace(P, "pch")
    .replace(" nf=1", "")
    .replace("W=5 L=0.5", "W=5u L=0.5u")
    .replace("W=4 L=0.5", "W=4u L=0.5u")
    .replace("W=2 L=1", "W=2u L=1u")
)
FAB = """title: a fab
library: [{path: fab.lib}]
corners: {tt: []}
supply: 1.8
subcircuits: false
devices:
  nch: {type: nmos, w: [0.22u, 100u], l: [0.18u, 20u]}
  pch: {type: pmos, w: [0.22u, 100u], l: [0.18u, 20u]}
"""
CARDS = ".model nch nmos level=1 vto=0.5 kp=200u lambda=0.05\n.model pch pmos level=1 vto=-0.5 kp=80u lambda=0.08\n"


def drafted(folder: Path, text: str, pdk: str | None = None) -> tuple[Draft, Problem]:
    path = folder / "c.spice"
    path.write_text(text)
    draft = read_circuit(path, folder, pdk)
    (folder / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    return draft, load_problem(folder / "spec.yaml")


def measured(problem: Problem) -> dict[str, float | None]:
    return dict(measure_once(problem))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float | None]:
    """What the circuit measures as it is written plainly."""
    return measured(drafted(tmp_path_factory.mktemp("plain"), OTA)[1])


def same(values: dict[str, float | None], plain: dict[str, float | None]) -> None:
    assert plain["gbw"] is not None and plain["gbw"] > 1e6
    assert values == {name: pytest.approx(value, rel=1e-6) for name, value in plain.items()}


def test_node_0_is_vss(tmp_path: Path, plain: dict[str, float | None]) -> None:
    """With and without a port beside it, in the cell and in one that it calls."""
    draft, problem = drafted(
        tmp_path, OTA.replace(" vss", " 0").replace("vdd 0\n", "vdd\n").replace("ib 0 0", "ib 0 vss", 1)
    )
    assert draft.kind.ports["vss"] == "vss" and any("node 0" in note for note in draft.changed)
    same(measured(problem), plain)


def test_global_rails_become_ports_of_every_cell_on_the_way() -> None:
    notes: list[str] = []
    lines = [
        ".global vdd! gnd!",
        ".subckt inv a y",
        "M1 y a 0 0 nch",
        "M2 y a vdd! vdd!",
        "+ pch W=1u",
        ".ends",
        ".subckt two a y",
        "x1 a b inv",
        "x2 b y inv m = 2",
        ".ends",
        "xtop a y two",
    ]
    assert with_global_ports(lines, notes) == [
        ".subckt inv a y vss vdd!",
        "M1 y a vss vss nch",
        "M2 y a vdd! vdd! pch W=1u",
        ".ends",
        ".subckt two a y vss vdd!",
        "x1 a b vss vdd! inv",
        "x2 b y vss vdd! inv m=2",
        ".ends",
        "xtop a y 0 vdd! two",
    ]
    assert notes == ["node 0, vdd! reached the devices without a port: made ports, vss vdd!"]
    untouched = [".subckt inv a y vdd vss", "M1 y a vss vss nch", "+ W=1u", ".ends", "x1 a 0 vdd 0 inv"]
    assert with_global_ports(untouched, notes) == untouched and len(notes) == 1


def test_a_file_of_the_users_pdk_is_named_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "fab.yaml").write_text(FAB)
    (tmp_path / "fab.lib").write_text(CARDS)
    _, problem = drafted(tmp_path, BARE, "fab.yaml")
    assert problem.pdk.name == "fab" and measured(problem)["dc_gain"] is not None
    elsewhere = tmp_path / "out"
    elsewhere.mkdir()
    draft = read_circuit(tmp_path / "c.spice", elsewhere, "fab.yaml")
    assert "pdk: ../fab.yaml" in write_draft(draft, "../c.spice")


@pytest.mark.parametrize(
    ("line", "process"),
    [
        (".include /foss/pdks/sky130A/libs.tech/ngspice/corners/tt.spice", "tt"),
        (".lib /usr/share/pdk/sky130A/libs.tech/ngspice/sky130.lib.spice ss", "ss"),
        (".lib $::SKYWATER_MODELS/sky130.lib.spice.tt.red sf", "sf"),
        ('.include "C:\\pdk\\sky130A\\corners\\ff.spice"', "tt"),
    ],
)
def test_lines_that_name_a_known_library_give_pdk_and_process(line: str, process: str, tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, OTA + line + "\n.end\n")
    assert problem.corners[0].process == process and any("model library" in note for note in draft.changed)


def test_an_include_of_the_users_own_stays() -> None:
    assert ".include bias.spice" in to_spice(".include bias.spice\n" + OTA, [])[0]


def test_a_commented_top_with_ports_is_the_cell_to_size(tmp_path: Path) -> None:
    top = (
        f"**.subckt buf in out ib vdd vss\nx1 in out out ib vdd vss ota\nXM7 out ib vss vss {N} W=2 L=1 nf=1"
        " m=2\n**.ends\n"
    )
    (tmp_path / "c.spice").write_text("** sch_path: buf.sch\n" + top + OTA)
    draft = read_circuit(tmp_path / "c.spice", tmp_path)
    assert draft.subckt == "buf" and draft.netlist.subcircuits["buf"].ports == ("in", "out", "ib", "vdd", "vss")


def test_a_commented_testbench_is_no_cell(tmp_path: Path) -> None:
    top = "**.subckt tb_ota\nx1 a b c d e 0 ota\nV1 e 0 1.8\n**.ends\n"
    (tmp_path / "c.spice").write_text("** sch_path: tb.sch\n" + top + OTA)
    assert read_circuit(tmp_path / "c.spice", tmp_path).subckt == "ota"


def test_models_of_another_process_are_taken_by_their_polarity(tmp_path: Path, plain: dict[str, float | None]) -> None:
    draft, problem = drafted(tmp_path, BARE.replace("nch", "nmos_rvt").replace("pch", "pmos_rvt"), "sky130A")
    assert f"model nmos_rvt was replaced by {N}" in draft.changed
    same(measured(problem), plain)


def test_capacitors_of_wires_are_kept_and_not_sized(tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, OTA.replace(".ends", "C1 d1 out 0.34fF\nC2 t vss 1.2fF\nC3 out vss 0.5p\n.ends"))
    assert {name for name, role in draft.structure.roles.items() if role == "parasitic"} == {"c1", "c2"}
    assert not any(parameter.name.startswith("C") for parameter in problem.space.parameters)
    extracted = "* NGSPICE file created from ota.ext - technology: sky130A\n" + OTA.replace(
        ".ends", "C1 d1 out 34f\n.ends"
    )
    (tmp_path / "c.spice").write_text(extracted)
    assert read_circuit(tmp_path / "c.spice", tmp_path).parasitics == {"c1"}


@pytest.mark.parametrize(("start", "top"), [("5", 1.42e-6), ("1", 1.42e-6)])
def test_a_range_keeps_what_is_computed_from_it_legal(start: str, top: float, tmp_path: Path) -> None:
    text = (
        OTA.replace("* t", f"* t\n.param W1={start}\n.param W2='W1*70'").replace("W=5", "W=W1").replace("W=4", "W=W2")
    )
    draft, problem = drafted(tmp_path, text)
    [found] = [parameter for parameter in problem.space.parameters if parameter.name == "W1"]
    assert found.maximum == pytest.approx(top) and found.maximum * 70 <= 100e-6
    assert any("range of W1" in note for note in draft.noticed)


def test_a_port_on_a_diode_is_a_bias_and_no_enable(tmp_path: Path) -> None:
    """The device beside the diode pulls a port down, as a switch would."""
    text = (
        f"* t\n.subckt sf in out ib vdd vss\nXM1 vdd in out vss {N} W=20 L=0.15\nXM2 out ib vss vss {N} W=8 L=0.5\nXM3"
        f" ib ib vss vss {N} W=2 L=0.5\n.ends\n"
    )
    (tmp_path / "c.spice").write_text(text)
    draft = read_circuit(tmp_path / "c.spice", tmp_path)
    assert draft.structure.enables == () and draft.structure.roles["xm3"] in {"bias diode", "signal mirror"}


FLAT = (
    """flat amp
M1 d1 in t 0 nch W=5u L=0.5u
M2 out inn t 0 nch W=5u L=0.5u
M3 d1 d1 vdd vdd pch W=4u L=0.5u
M4 out d1 vdd vdd pch W=4u L=0.5u
I1 t 0 20u
VDD vdd 0 1.8
V1 in 0 dc 0.9 ac 1
V2 inn 0 0.9
CL out 0 2p
"""
    + CARDS
    + ".ac dec 10 1 1G\n.end\n"
)


def test_a_flat_circuit_keeps_its_supply_common_mode_bias_and_load(tmp_path: Path) -> None:
    """Gain and power are those that plain ngspice gives for the file as it is, its inverting input at the same
    voltage.
    """
    draft, problem = drafted(tmp_path, FLAT)
    bench = problem.testbenches["loop"]
    assert draft.kind.name == "op-amp" and draft.kind.ports == {
        "inp": "in",
        "inn": "inn",
        "out": "out",
        "vdd": "vdd",
        "vss": "vss",
    }
    assert (float(bench.settings["load"]), float(bench.settings["vcm"])) == (2e-12, 0.9) and problem.corners[
        0
    ].vdd == 1.8
    assert not any("CL" in name for name in problem.space.names)
    values = measured(problem)
    assert values["power"] == pytest.approx(1.8 * 20e-6, rel=1e-6)
    # gm of the pair over 2 pi times the load: sqrt(2 * 200u * 10 * 10u) / (2 pi 2p), a little less with channel-length
    # modulation
    assert values["gbw"] == pytest.approx((2 * 200e-6 * 10 * 10e-6) ** 0.5 / (2 * 3.14159265 * 2e-12), rel=0.05)


def test_a_common_gate_stage_is_a_transimpedance_amplifier(tmp_path: Path) -> None:
    text = (
        f"* t\n.subckt cg in out vb ib vdd vss\nXM1 out vb in vss {N} W=20 L=0.15\nR1 vdd out 2k\nXM2 in ib vss vss {N}"
        f" W=8 L=0.5\nXM3 ib ib vss vss {N} W=2 L=0.5\n.ends\n"
    )
    draft, problem = drafted(tmp_path, text)
    assert draft.kind.name == "transimpedance amplifier" and draft.kind.bias == {"vb": "voltage", "ib": "source"}
    transimpedance = measured(problem)["transimpedance"]
    # the signal's current flows through the 2 kOhm, except for the part that the stage's output resistance takes
    assert transimpedance is not None and 1800 < transimpedance < 2000


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("simulator lang=spectre\nsubckt ota inp inn\nM1 (d1 inp t vss) nch w=5u l=500n m=1\nends ota\n", "Spectre"),
        ("// a\nparameters w=5u\nM0 (d g s b) nch w=w\n", "Spectre"),
        (
            '`include "disciplines.vams"\nmodule ota(inp, inn);\nelectrical inp, inn;\nanalog begin\nend\nendmodule\n',
            "Verilog",
        ),
        ("(kicad_sch (version 20211123) (generator eeschema))\n", "KiCad"),
        ("Version 4\nSHEET 1 880 680\nWIRE 0 0 1 1\n", "LTspice"),
    ],
)
def test_another_language_is_named(text: str, language: str, tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(text)
    with pytest.raises(InputError, match=rf"this is {language}.*not SPICE"):
        read_circuit(tmp_path / "c.spice", tmp_path)


def test_an_inverter_is_a_gate(tmp_path: Path) -> None:
    text = (
        f"* t\n.subckt st in out vdd vss\nXM1 out in vss vss {N} W=2 L=0.15\nXM2 out in vdd vdd {P} W=4 L=0.15\n.ends\n"
    )
    draft, problem = drafted(tmp_path, text)
    assert draft.kind.name == "gate" and len(problem.space.names) == 4
    values = measured(problem)
    assert 1e-12 < (values["propagation_delay"] or 0) < 1e-9 and 0.6 < (values["switching_threshold"] or 0) < 1.2


def test_a_gate_behind_a_resistor_and_before_a_load_is_one(tmp_path: Path) -> None:
    text = f"* t\nVDD vdd 0 1.8\nVin a 0 0\nRin a b 10\nXM1 c b 0 0 {N} W=2 L=0.15\nXM2 c b vdd vdd {P} W=4 L=0.15\n"
    text += (
        f"XM3 y c 0 0 {N} W=4 L=0.15\nXM4 y c vdd vdd {P} W=8 L=0.15\nCL y 0 50f\nR2 y z 25\nC2 z 0 10f\n.op\n.end\n"
    )
    draft, problem = drafted(tmp_path, text)
    assert draft.kind.name == "gate" and (draft.kind.ports["in"], draft.kind.ports["out"]) == ("a", "y")
    assert (measured(problem)["propagation_delay"] or 0) > 1e-12


def test_a_follower_is_a_buffer(tmp_path: Path) -> None:
    """Nothing but a drain reaches the supply, which is a rail all the same."""
    text = (
        f"* t\n.subckt sf in out ib top vss\nXM1 top in out vss {N} W=20 L=0.15\nXM2 out ib vss vss {N} W=8 L=0.5\n"
        f"XM3 ib ib vss vss {N} W=2 L=0.5\n.ends\n"
    )
    draft, problem = drafted(tmp_path, text)
    assert draft.kind.name == "buffer" and draft.structure.vdd == "top" and draft.kind.bias == {"ib": "source"}
    values = measured(problem)
    assert 0.7 < (values["voltage_gain"] or 0) < 1 and 0.3 < (values["level_shift"] or 0) < 1
    # and an open drain is no rail
    sink = f"* t\n.subckt m out ib vss\nXM2 out ib vss vss {N} W=8 L=0.5\nXM3 ib ib vss vss {N} W=2 L=0.5\n.ends\n"
    (tmp_path / "c.spice").write_text(sink)
    assert read_circuit(tmp_path / "c.spice", tmp_path).structure.vdd == ""


def test_an_output_behind_a_gate_is_that_of_a_comparator(tmp_path: Path) -> None:
    text = OTA.replace("inn out ib", "inn q ib").replace(
        ".ends", f"XM7 q out vss vss {N} W=1 L=0.15\nXM8 q out vdd vdd {P} W=2 L=0.15\n.ends"
    )
    draft, problem = drafted(tmp_path, text)
    assert draft.kind.name == "comparator without clock"
    assert 1e-10 < (measured(problem)["propagation_delay"] or 0) < 1e-6


def test_the_name_of_a_cell_tells_a_comparator_from_an_amplifier(tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, OTA.replace(".subckt ota", ".subckt ccomp3v"))
    assert draft.kind.name == "comparator without clock" and draft.by_name == {"kind": "comparator without clock"}
    assert any(guess.what == "kind" and guess.option == "--kind" for guess in guesses_of(draft))
    assert measured(problem)["propagation_delay"] is not None
    path = tmp_path / "c.spice"
    assert read_circuit(path, tmp_path, answers=read_answers(kind="op-amp")).kind.name == "op-amp"
    # a compensated amplifier is none, whatever its name
    text = OTA.replace(".subckt ota", ".subckt complementary")
    assert drafted(tmp_path, text)[0].kind.name == "op-amp"


def test_a_regulator_with_its_divider_inside_is_a_kind_of_its_own(tmp_path: Path) -> None:
    text = OTA.replace("inn out ib", "inn q ib").replace(
        ".ends", f"XM7 q out vdd vdd {P} W=50 L=0.15\nR1 q inp 10k\nR2 inp vss 10k\n.ends"
    )
    (tmp_path / "c.spice").write_text(text)
    draft = read_circuit(tmp_path / "c.spice", tmp_path)
    assert draft.kind.name == "regulator with its divider" and draft.kind.ports["out"] == "q"
    assert draft.kind.bias["inp"] == "open" and any("remove R1 and R2" in said for said in draft.noticed)
