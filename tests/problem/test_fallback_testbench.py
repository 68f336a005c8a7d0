"""Drafts where no template fits: a deck that holds every port, run on ngspice and held against closed forms."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from eda_agent.cli import main
from eda_agent.errors import InputError
from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.load import load_problem
from eda_agent.run import measure_once, open_evaluator

PAIR = """* differential pair with resistors
.subckt diffamp inp inn outp outn vb vdd vss
XM1 outn inp tail vss sky130_fd_pr__nfet_01v8 W=10 L=0.5
XM2 outp inn tail vss sky130_fd_pr__nfet_01v8 W=10 L=0.5
XM3 tail vb vss vss sky130_fd_pr__nfet_01v8 W=4 L=1
XM4 vb vb vss vss sky130_fd_pr__nfet_01v8 W=4 L=1
R1 vdd outn 80k
R2 vdd outp 80k
.ends
"""
STORE = """* a memory cell between two supplies, read through a follower
.subckt ls in out vddl vddh gnd
M1 a b gnd gnd nmos W=1u L=0.18u
M2 b a gnd gnd nmos W=1u L=0.18u
M3 a b vddh vddh pmos W=0.5u L=0.18u
M4 b a vddh vddh pmos W=0.5u L=0.18u
M5 a in c gnd nmos W=0.5u L=0.18u
M6 c vddl b gnd nmos W=1u L=0.18u
M7 vddh b out gnd nmos W=0.5u L=0.18u
.ends
"""


def drafted(name: str, text: str, folder: Path, *options: str) -> int:
    (folder / f"{name}.spice").write_text(text)
    return main(["init", str(folder / f"{name}.spice"), *options])


def test_a_differential_amplifier_is_measured_between_its_outputs(tmp_path: Path) -> None:
    assert drafted("pair", PAIR, tmp_path) == 0
    problem = load_problem(tmp_path)
    assert {"dc_gain", "gbw", "phase_margin", "input_noise", "power", "saturation"} <= set(problem.spec_names)
    assert {bench.template for bench in problem.testbenches.values()} >= {"differential_loop", "differential_swing"}
    with open_evaluator(problem) as evaluator:
        evaluation = evaluator.evaluate([problem.space.initial])[0]
    values, points = evaluation.values["nominal"], evaluation.operating_points
    # half circuit: gm · (R ∥ 1/gds), one pole with the 1 pF of the deck and a few fF of the devices
    device = points["xm1"]
    load = 1 / (1 / 80e3 + device.gds)
    gain = device.gm * load
    assert values["dc_gain"] == pytest.approx(20 * math.log10(gain), abs=0.02)
    assert values["gbw"] == pytest.approx(math.sqrt(gain**2 - 1) / (2 * math.pi * load * 1e-12), rel=0.05)
    # two equal resistors and two equal devices: 2 · 4kT (γ / gm + 1 / (gm² R)) and some flicker noise
    thermal = math.sqrt(8 * 1.38e-23 * 300 * (2 / 3 / device.gm + 1 / (device.gm**2 * 80e3)))
    assert thermal < values["input_noise"] < 20 * thermal
    # the bias diode takes its 5 uA from the supply
    assert values["power"] == pytest.approx(1.8 * (2 * device.id + 5e-6), rel=1e-3)


def test_of_a_circuit_of_unknown_purpose_the_operating_point_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drafted("ls", STORE, tmp_path) == 1
    said = capsys.readouterr().err
    assert "unknown kind" in said and "write testbenches and specs, then" in said
    deck = (tmp_path / "ls.tb.spice").read_text()
    assert "Vsup vddh 0 {vdd}" in deck and "V1 in 0 {vcm}" in deck and "Xdut in out vddl vddh 0 ls" in deck
    assert measure_once(load_problem(tmp_path))["power"]


def test_a_deck_that_is_there_holds_work_and_stays(tmp_path: Path) -> None:
    (tmp_path / "ls.tb.spice").write_text("* mine\n")
    assert drafted("ls", STORE, tmp_path, "--no-sim") == 2
    assert (tmp_path / "ls.tb.spice").read_text() == "* mine\n"
    assert "the deck has no instance of ls" in (tmp_path / "spec.yaml").read_text()


def test_a_ground_that_is_no_port(tmp_path: Path) -> None:
    assert drafted("ls", STORE.replace(" vddh gnd\n", " vddh\n").replace("gnd", "0"), tmp_path) == 1
    assert "Xdut in out vddl vddh 0 ls" in (tmp_path / "ls.tb.spice").read_text()


def test_without_a_supply_among_the_ports_the_draft_says_what_to_write(tmp_path: Path) -> None:
    text = STORE.replace(" vddl vddh gnd\n", " gnd\n").replace("M7 vddh b out", "M7 c b out")
    assert drafted("ls", text.replace("vddh", "k"), tmp_path) == 1
    assert not (tmp_path / "ls.tb.spice").exists()
    with pytest.raises(InputError, match=r"testbenches and specs are empty.*\n.*--kind KIND") as caught:
        load_problem(tmp_path)
    assert len(caught.value.findings) == 1


def test_micrometres_with_a_prefix_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pair.spice").write_text(PAIR.replace("W=10 ", "W=10u "))
    draft = read_circuit(tmp_path / "pair.spice", tmp_path)
    (tmp_path / draft.deck).write_text(draft.fallback_testbench.deck if draft.fallback_testbench else "")
    (tmp_path / "spec.yaml").write_text(write_draft(draft, "pair.spice"))
    with pytest.raises(InputError, match=r"numbers of 1 um\n.*write 10 in the netlist, not 10u"):
        load_problem(tmp_path)
