"""Netlists that other programs and people wrote go through init: what is recognised, what runs, what is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.draft import guesses_of, read_circuit, write_draft
from eda_agent.problem.draft.circuit_class import classify
from eda_agent.problem.draft.dialect import to_spice
from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.load import load_problem
from eda_agent.problem.netlist import parse_netlist
from eda_agent.problem.pdk import find_pdk
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.source import read_source
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure import recognise
from eda_agent.record.export import sized_netlist
from eda_agent.run import measure_once

from ..conftest import CIRCUITS, NAMES, ROOT

FIXTURES = ROOT / "tests" / "fixtures"


def drafted(file: str, tmp_path: Path) -> tuple[Problem, str, list[str]]:
    shutil.copy(FIXTURES / file, tmp_path)
    for extra in FIXTURES.glob("*.lib"):
        shutil.copy(extra, tmp_path)
    draft = read_circuit(tmp_path / file, tmp_path)
    doubts = list(draft.doubts)
    text = write_draft(draft, draft.source.name)
    (tmp_path / "spec.yaml").write_text(text)
    return load_problem(tmp_path / "spec.yaml"), draft.kind.name, doubts


@pytest.mark.parametrize(
    ("file", "kind", "pdk", "inp"),
    [
        ("textbook.spice", "op-amp", "own", "2"),
        ("ota_xschem.spice", "op-amp", "sky130A", "vn"),
        ("ota.cdl", "op-amp", "sky130A", "inp"),
        ("ota_gf180.cdl", "op-amp", "gf180mcuD", "vinn"),
        ("comparator_kicad.cir", "comparator", "own", "/inp"),
    ],
)
def test_foreign_netlists_give_a_spec_that_runs(file: str, kind: str, pdk: str, inp: str, tmp_path: Path) -> None:
    problem, found, _ = drafted(file, tmp_path)
    assert (found, problem.pdk.name) == (kind, pdk)
    assert 4 <= len(problem.space.parameters) <= 40
    assert all(parameter.role for parameter in problem.space.parameters)
    first = next(iter(problem.testbenches.values()))
    assert first.nets[inp] == "inp"
    values = measure_once(problem)
    assert set(values) == set(problem.spec_names)
    assert values["power"] is not None


def test_a_netlist_measures_the_same_whichever_release_named_its_devices(tmp_path: Path) -> None:
    text = (FIXTURES / "ota_gf180.cdl").read_text()
    values = []
    for place, names in enumerate((("nfet_03v3", "pfet_03v3"), ("nmos_3p3", "pmos_3p3"))):
        folder = tmp_path / str(place)
        folder.mkdir()
        (folder / "ota.cdl").write_text(text.replace("nfet_03v3", names[0]).replace("pfet_03v3", names[1]))
        draft = read_circuit(folder / "ota.cdl", folder)
        (folder / "spec.yaml").write_text(write_draft(draft, draft.source.name))
        values.append(measure_once(load_problem(folder / "spec.yaml")))
    assert values[0] == values[1]
    assert None not in values[0].values()


def test_the_inverting_input_is_found_by_measuring_what_the_structure_says(tmp_path: Path) -> None:
    problem, _, _ = drafted("textbook.spice", tmp_path)
    values = measure_once(problem)
    # with the inputs exchanged the loop would latch and the gain be nothing
    assert values["dc_gain"] is not None
    assert values["dc_gain"] > 60
    assert values["phase_margin"] is not None


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_circuit_of_the_suite_can_be_drafted_again(
    name: str, tmp_path: Path, problems: dict[str, Problem]
) -> None:
    shutil.copy(CIRCUITS / name / f"{name}.spice", tmp_path)
    draft = read_circuit(tmp_path / f"{name}.spice", tmp_path)
    assert not draft.changed
    (tmp_path / "spec.yaml").write_text(write_draft(draft, f"{name}.spice"))
    problem = load_problem(tmp_path / "spec.yaml")
    # parameters that the designer gave names stay shared
    assert set(problems[name].space.names) <= set(problem.space.names)
    for parameter in problem.space.parameters:
        assert parameter.minimum <= parameter.initial <= parameter.maximum


def test_ranges_are_legal_in_the_pdk(tmp_path: Path) -> None:
    problem, _, _ = drafted("ota_xschem.spice", tmp_path)
    bounds = {parameter.name.lower(): parameter for parameter in problem.space.parameters}
    # two fingers: the models' smallest width is a finger's
    assert bounds["xm3.w"].minimum == pytest.approx(0.84e-6)
    assert bounds["xm1.w"].minimum == pytest.approx(0.42e-6)
    assert bounds["xm1.l"].minimum == pytest.approx(0.15e-6)
    assert bounds["xm5.m"].maximum >= 16


def test_units_that_xschem_writes_twice_stay_one_number(tmp_path: Path) -> None:
    problem, _, _ = drafted("ota_xschem.spice", tmp_path)
    sizing = {**problem.space.initial, "XM5.m": 7.0}
    text = sized_netlist(problem, sizing)
    line = next(line for line in text.splitlines() if line.startswith("+ pd") and "m=7" in line)
    assert "mult=7 m=7" in line


def test_the_ratio_of_a_bias_mirror_is_free_and_that_of_a_load_is_one(tmp_path: Path) -> None:
    problem, _, _ = drafted("ota_xschem.spice", tmp_path)
    assert "XM5.m" in problem.space.names
    assert not {"XM3.m", "XM4.m", "XM6.m", "XM6.w"} & set(problem.space.names)
    sizing = {**problem.space.initial, "XM5.m": 7.0, "XM5.w": 3e-6, "XM3.w": 6e-6}
    edits = {(edit.device, edit.attribute): value for edit, value in problem.space.edits(sizing).items()}
    assert edits["xm6", "w"] == edits["xm5", "w"] == 3.0
    assert ("xm6", "m") not in edits
    assert edits["xm4", "w"] == edits["xm3", "w"] == 6.0
    # without m the ratio is the width: only lengths are tied
    textbook = tmp_path / "t"
    textbook.mkdir()
    problem, _, _ = drafted("textbook.spice", textbook)
    assert {"M5.w", "M7.w", "M8.w", "M5.l"} <= set(problem.space.names)
    assert not {"M4.w", "M7.l", "M8.l"} & set(problem.space.names)


def test_what_could_not_be_told_is_said(tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "textbook.spice", tmp_path)
    guessed = {guess.what: guess for guess in guesses_of(read_circuit(tmp_path / "textbook.spice", tmp_path))}
    assert guessed["supply"].option == "--supply" and guessed["load"].option == "--load"
    text = (
        "* two at the top\n.model n nmos\n.subckt a d g s b\nM1 d g s b n w=1u l=1u\n.ends\n.subckt b d g s b\nM1 d g s"
        " b n w=1u l=1u\nM2 s d g b n w=1u l=1u\n.ends\n"
    )
    (tmp_path / "two.spice").write_text(text)
    draft = read_circuit(tmp_path / "two.spice", tmp_path)
    assert draft.subckt == "b"
    assert any("which subcircuit" in doubt for doubt in draft.doubts)
    assert any("the purpose of the circuit" in doubt for doubt in draft.doubts)


def test_what_is_no_circuit_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "flat.spice").write_text("* nothing\n.model n nmos\nM1 d g s b n w=1u l=1u\n.end\n")
    with pytest.raises(InputError, match="no subcircuit to size"):
        read_circuit(tmp_path / "flat.spice", tmp_path)
    (tmp_path / "other.spice").write_text("* nothing\n.subckt a b c\nR1 b c 1k\n.ends\n")
    with pytest.raises(InputError, match="there is no circuit to size"):
        read_circuit(tmp_path / "other.spice", tmp_path)
    (tmp_path / "evil.spice").write_text(
        '* x\n.model n nmos\n.subckt a d g s b\nM1 d g s b n w=1u l=1u\n.include "/etc/passwd"\n.ends\n'
    )
    with pytest.raises(InputError, match="outside the allowed folders"):
        read_circuit(tmp_path / "evil.spice", tmp_path)


def test_control_blocks_are_left_out_and_nothing_of_them_stays() -> None:
    text, notes = to_spice(
        "* x\n.control\nshell rm -rf ~\n.endc\n.subckt a b\nR1 b a 1k\n.ends\n.tran 1n 1u\n.lib 'sky130.lib.spice'"
        " tt\n",
        [],
    )
    assert "shell" not in text
    assert ".tran" not in text
    assert ".lib" not in text
    assert len(notes) == 3


def test_cdl_sizes_become_the_pdks_micrometres() -> None:
    text, _ = to_spice("MM1 a b c d sky130_fd_pr__nfet_01v8 W=2u L=500n AD=0.58p M=2\n", [find_pdk("sky130A")])
    assert text == "XMM1 a b c d sky130_fd_pr__nfet_01v8 W=2 L=0.5 AD=0.58 M=2\n"
    plain = "M1 a b c d nmos w=1u l=45n\n"
    assert to_spice(plain, [find_pdk("ptm45")]) == (plain, ())


NAMED = """.param wp=50u lp=0.3u mp=20 half='wp/2' both=2u
.subckt inv in out vdd vss wn=1u
M1 out in vss vss sky130_fd_pr__nfet_01v8 w=wn l=0.15u
MP out in vdd vdd sky130_fd_pr__pfet_01v8 w='2*half'
+ l={lp} m=mp
MB out in vdd vdd sky130_fd_pr__pfet_01v8 w=both l=0.15u
R1 out vss 'both*1e9'
.ends
.subckt two in out vdd vss
X1 in mid vdd vss inv wn=3u
X2 mid out vdd vss inv
.ends
"""


def test_named_sizes_of_m_lines_change_their_unit_with_the_others(tmp_path: Path) -> None:
    pdk = find_pdk("sky130A")
    text, notes = to_spice(NAMED, [pdk])
    assert ".param wp=50 lp=0.3 mp=20 half='wp/2' both=2u" in text, "a name that sets a resistor as well stays"
    assert "vss wn=1\n" in text and "inv wn=3\n" in text
    assert "wp, lp, wn: in metres as on M lines, now in the unit of the PDK" in notes
    (tmp_path / "two.spice").write_text("two inverters\n" + text, encoding="utf-8")
    flat = Elaboration(
        parse_netlist(read_source(tmp_path / "two.spice", [tmp_path])), "two", stub_devices(pdk)
    ).devices({})
    sizes = {device.label: device.values for device in flat}
    assert sizes["x1.xm1"]["w"] == 3 and sizes["x2.xm1"]["w"] == 1
    assert sizes["x1.xmp"]["w"] == 50 and sizes["x1.xmp"]["l"] == 0.3
    assert to_spice(NAMED, [find_pdk("ptm45")])[0] == NAMED


def test_m_lines_that_count_micrometres_already_keep_their_numbers() -> None:
    text, _ = to_spice(
        "M1 a b c d sky130_fd_pr__nfet_01v8 w=10 l=0.5 m=2\nM2 a b c d sky130_fd_pr__nfet_01v8 w=5m l=1u\n",
        [find_pdk("sky130A")],
    )
    assert (
        text == "XM1 a b c d sky130_fd_pr__nfet_01v8 w=10 l=0.5 m=2\nXM2 a b c d sky130_fd_pr__nfet_01v8 w=5000 l=1\n"
    )


def test_kinds_of_the_suite(problems: dict[str, Problem]) -> None:
    kinds = {
        name: classify(recognise(problem.netlist, problem.subckt, problem.pdk)) for name, problem in problems.items()
    }
    assert {name: kind.name for name, kind in kinds.items() if kind.name != "op-amp"} == {
        "ldo": "regulator",
        "ring_vco": "voltage-controlled oscillator",
        "strongarm": "comparator",
        "tia": "transimpedance amplifier",
    }
    assert all(role == port for kind in kinds.values() for role, port in kind.ports.items())
    assert all(not kind.doubts for kind in kinds.values())


def test_a_pdk_file_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "models.lib").write_text((FIXTURES / "models.lib").read_text())
    (tmp_path / "fab.yaml").write_text(
        "title: a fab\nlibrary: [{path: models.lib}]\ncorners: {tt: []}\nsupply: 1.8\nsubcircuits: false\ndevices:\n "
        " myn: {type: nmos, w: [0.2u, 100u], l: [0.18u, 10u]}\n  myp: {type: pmos, w: [0.2u, 100u], l: [0.18u, 10u]}\n"
    )
    shutil.copy(FIXTURES / "comparator_kicad.cir", tmp_path / "c.cir")
    text = (tmp_path / "c.cir").read_text().replace('.include "models.lib"\n', "")
    (tmp_path / "c.cir").write_text(text)
    draft = read_circuit(tmp_path / "c.cir", tmp_path, pdk="fab.yaml")
    spec = write_draft(draft, "c.cir").replace("pdk: fab\n", "pdk: fab.yaml\n")
    (tmp_path / "spec.yaml").write_text(spec)
    problem = load_problem(tmp_path / "spec.yaml")
    assert problem.pdk.supply == 1.8
    assert measure_once(problem)["delay"] is not None
    (tmp_path / "bad.yaml").write_text("title: x\n")
    with pytest.raises(InputError, match="has no library"):
        find_pdk("bad.yaml", tmp_path)
