"""What `init` must not pass over in silence: unequal pairs, a lost bias, wrong units, and where it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.cli.main import main
from eda_agent.problem.draft.own_results import Row, sense_of, unit_for
from eda_agent.problem.load import load_problem

AMP = """* an op-amp with one stage
.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05
.model pch pmos level=1 vto=-0.5 kp=80u lambda=0.05
.subckt amp inp inn out vdd vss ib
M1 a inn t vss nch W=10u L=1u
M2 out inp t vss nch W=12u L=1u
M3 a a vdd vdd pch W=10u L=1u
M4 out a vdd vdd pch W=10u L=1u
M5 t ib vss vss nch W=10u L=1u
M6 ib ib vss vss nch W=5u L=1u
.ends
"""
DECK = """* a bench
.include amp.inc
Vdd vdd 0 1.8
Vss vss 0 0
{bias}
Vp inp 0 dc 0.9 ac 1
X1 inp out out vdd vss ib amp
C1 out 0 2p
{rest}
.end
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "amp.inc").write_text(AMP)
    return tmp_path


def test_an_unequal_pair_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(folder / "amp.inc"), "--no-sim"]) == 0
    said = "".join(capsys.readouterr())
    assert "M1 and M2 are not equal (W 10 um and 12 um)" in said
    assert "M3 and M4 are not equal" not in said


@pytest.mark.parametrize("bias", ["I1 vdd ib 10u", "I1 0 ib 10u", "I1 ib vdd dc -10u"])
def test_a_deck_without_results_keeps_its_bias_current(folder: Path, bias: str) -> None:
    (folder / "tb.sp").write_text(DECK.format(bias=bias, rest=".tran 1n 1u"))
    assert main(["init", str(folder / "tb.sp"), "--no-sim"]) == 0
    assert "bias: {ib: {current: 10u}}\n" in (folder / "spec.yaml").read_text()


def test_a_deck_with_an_include_is_drafted_into_another_folder(folder: Path) -> None:
    script = ".control\nop\nlet p_uw = -i(vdd)*1.8*1e6\nlet power = -i(vdd)*1.8\nprint p_uw power\n.endc"
    (folder / "tb.sp").write_text(DECK.format(bias="I1 vdd ib 10u", rest=script))
    assert main(["init", str(folder / "tb.sp"), "--out", str(folder / "sub" / "amp.yaml")]) == 0
    problem = load_problem(folder / "sub" / "amp.yaml")
    assert not (folder / "sub" / "amp.yaml").is_dir()
    units = {spec.name: spec.metric.unit for spec in problem.specs}
    # 1.8 is a number, so the product of the deck is in A for its units and in W for its designer
    assert units == {"p_uw": "", "power": "W"}


@pytest.mark.parametrize("out", ["new/folder", "new/file.yaml"])
def test_a_failure_leaves_no_folder(folder: Path, out: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "empty.sp").write_text("* nothing\n")
    assert main(["init", str(folder / "empty.sp"), "--out", str(folder / out)]) == 2
    assert capsys.readouterr().err and not (folder / "new").exists()


def test_a_current_of_amperes_is_a_slip(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(folder / "amp.inc"), "--bias", "ib=10"]) == 2
    assert "10u, 10V or 10ohm" in capsys.readouterr().err
    assert main(["init", str(folder / "amp.inc"), "--no-sim", "--bias", "ib=0.9V"]) == 0
    assert "ib: {voltage: 900m}" in (folder / "spec.yaml").read_text()


def test_a_supply_above_the_rated_voltage_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = AMP.replace("nch", "sky130_fd_pr__nfet_01v8").replace("pch", "sky130_fd_pr__pfet_01v8")
    (folder / "sky.sp").write_text("\n".join(line for line in text.splitlines() if ".model" not in line) + "\n")
    for supply, said in (("18", True), ("1.8", False), ("1.98", False)):
        assert main(["init", str(folder / "sky.sp"), "--no-sim", "--supply", supply, "--force"]) == 0
        capsys.readouterr()
        notes = [note.message for note in load_problem(folder).notes]
        found = [note for note in notes if "rated for 1.95 V" in note]
        assert bool(found) is said, notes


@pytest.mark.parametrize(
    ("name", "value", "unit", "wanted"),
    [
        ("p_uw", 54.7, "A", ""),
        ("power", 5e-5, "A", "W"),
        ("bw_mhz", 3.2, "Hz", ""),
        ("gain_db", 40.0, "", "dB"),
        ("idd", 1e-5, "A", "A"),
        ("gain_db_min", 40.0, "V", "dB"),
        ("slew_up", 4e6, "Hz", "V/s"),
        ("sr", 4e6, "Hz", "V/s"),
    ],
)
def test_units_of_computed_values(name: str, value: float, unit: str, wanted: str) -> None:
    assert unit_for(name, Row(value, unit, True)) == wanted


@pytest.mark.parametrize(
    ("name", "sense"),
    [
        ("thd_adc", "maximum"),
        ("thd_v_out", "maximum"),
        ("gain_error", "maximum"),
        ("dc_gain", "minimum"),
        ("p_uw", "maximum"),
        ("ugf", "minimum"),
        ("energy", "maximum"),
    ],
)
def test_senses_of_named_results(name: str, sense: str) -> None:
    assert sense_of(name, 1.0) == sense
