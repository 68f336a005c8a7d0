"""A current reference whose resistor stands outside: its port is held by a resistor, and its current is the closed
form's.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.draft import read_circuit
from eda_agent.problem.draft.answers import read_answers
from eda_agent.problem.load import load_problem
from eda_agent.run.drafting import draft_spec

MODELS = """* square-law devices without channel-length modulation and body effect
.model nch nmos level=1 vto=0.5 kp=200u
.model pch pmos level=1 vto=-0.5 kp=80u
"""
RATIO = 4.0
KP, SHAPE = 200e-6, 5.0
"""kp (A/V²) and W/L of the smaller device."""
CIRCUIT = """.subckt bias ibias rset vdd vss
MN1 nb nb vss vss nch W=10u L=2u
MN2 pb nb rset vss nch W=40u L=2u
MP1 nb pb vdd vdd pch W=10u L=2u
MP2 pb pb vdd vdd pch W=10u L=2u
MP3 ibias pb vdd vdd pch W=20u L=2u
MS1 s nb vss vss nch W=40u L=1u
MS2 s vss vdd vdd pch W=1u L=200u
MS3 pb s vss vss nch W=1u L=1u
.ends
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "bias.spice"
    path.write_text(MODELS + text)
    return path


@pytest.mark.parametrize("resistance", [5e3, 10e3, 40e3])
def test_the_current_is_that_of_a_beta_multiplier(resistance: float, tmp_path: Path) -> None:
    """I = 2/(kp·W/L·R²)·(1 − 1/√K)², and the output's mirror doubles it: Razavi, Design of Analog CMOS Integrated
    Circuits, section 12.3.
    """
    answers = read_answers(supply=3, bias=[f"rset={resistance:g}ohm"])
    drafted = draft_spec(written(tmp_path, CIRCUIT), answers=answers)
    assert drafted["kind"] == "current reference" and not drafted["faults"]
    expected = 2 * 2 / (KP * SHAPE * resistance**2) * (1 - RATIO**-0.5) ** 2
    assert drafted["measured"]["output_current"] == pytest.approx(expected, rel=1e-3)
    assert drafted["measured"]["startup_time"] is not None


def test_the_current_is_that_of_plain_ngspice(tmp_path: Path) -> None:
    drafted = draft_spec(written(tmp_path, CIRCUIT), answers=read_answers(supply=3))
    deck = f"{MODELS}{CIRCUIT}Vdd vdd 0 3\nVo o 0 1.5\nR r 0 10k\nX o r vdd 0 bias\n.op\n.print op i(vo)\n.end\n"
    (tmp_path / "hand.cir").write_text(deck)
    shown = subprocess.run(["ngspice", "-b", "hand.cir"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    found = re.search(r"^0\t([-+\d.e]+)", shown.stdout, re.MULTILINE)
    assert found, shown.stdout
    assert drafted["measured"]["output_current"] == pytest.approx(float(found[1]), rel=1e-4)
    assert {"what": "resistance of rset", "value": "10 kOhm"}.items() <= next(
        one for one in drafted["guessed"] if "rset" in one["what"]
    ).items()


def test_a_resistor_of_pmos_sources_leads_to_vdd(tmp_path: Path) -> None:
    text = """.subckt bias iout rset vdd vss
MP1 pb pb vdd vdd pch W=10u L=2u
MP2 nb pb rset vdd pch W=40u L=2u
MN1 pb nb vss vss nch W=10u L=2u
MN2 nb nb vss vss nch W=10u L=2u
MN3 iout nb vss vss nch W=10u L=2u
.ends
"""
    draft = read_circuit(written(tmp_path, text), tmp_path)
    assert draft.kind.bias == {"rset": "resistor to vdd"}
    drafted = draft_spec(tmp_path / "bias.spice", answers=read_answers(supply=3))
    assert "bias: {rset: {resistance: 10k, to: vdd}}" in Path(drafted["spec"]).read_text()
    assert not drafted["faults"]


def test_a_mirror_without_the_other_rail_is_a_current_reference(tmp_path: Path) -> None:
    text = ".subckt bias iin iout vss\nM1 iin iin vss vss nch W=10u L=2u\nM2 iout iin vss vss nch W=40u L=2u\n.ends\n"
    drafted = draft_spec(written(tmp_path, text), answers=read_answers(supply=3, bias=["iin=5u"]))
    assert drafted["kind"] == "current reference" and "line_sensitivity" not in drafted["measured"]
    # a mirror without channel-length modulation copies in the ratio of its widths
    assert abs(drafted["measured"]["output_current"]) == pytest.approx(20e-6, rel=1e-3)
    checked = [sys.executable, "-m", "eda_agent", "check", drafted["spec"]]
    assert subprocess.run(checked, capture_output=True, check=False, timeout=60).returncode == 0


@pytest.mark.parametrize(
    ("bias", "message"),
    [
        ("{resistance: 10k, to: ib}", "a resistor does not lead to 'ib'"),
        ("{to: vdd}", "a bias is a current, a voltage or a resistance"),
    ],
)
def test_a_wrong_resistor_is_one_message(bias: str, message: str, tmp_path: Path) -> None:
    drafted = draft_spec(written(tmp_path, CIRCUIT), answers=read_answers(supply=3), simulate=False)
    spec = Path(drafted["spec"])
    spec.write_text(spec.read_text().replace("{resistance: 10k}", bias))
    with pytest.raises(InputError) as caught:
        load_problem(spec)
    assert [one.message for one in caught.value.findings] == [message]
