"""A fully differential amplifier with its common-mode feedback: recognised, drafted, sized and signed off in corners;
one whose feedback is positive is told.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from .test_kinds_signed_off import CORNERS, MODELS
from .test_signoff_circuits import run

CIRCUIT = """inp inn outp outn vocm ib vdd vss
M0 ib ib vss vss nch W=10u L=1u
M5 t ib vss vss nch W=20u L=1u
M1 outn inp t vss nch W=20u L=0.5u
M2 outp inn t vss nch W=20u L=0.5u
M3 outn cm vdd vdd pch W=20u L=1u
M4 outp cm vdd vdd pch W=20u L=1u
R1 outp s 500k
R2 outn s 500k
M6 t2 ib vss vss nch W=10u L=1u
M7 cm vocm t2 vss nch W=5u L=0.5u
M8 d s t2 vss nch W=5u L=0.5u
M9 cm cm vdd vdd pch W=5u L=1u
M10 d d vdd vdd pch W=5u L=1u
"""
SPECS = """  dc_gain: {testbench: loop, unit: dB, minimum: 42}
  gbw: {testbench: loop, unit: Hz, minimum: 50M}
  cm_phase_margin: {testbench: common, unit: deg, minimum: 48}
  cm_gbw: {testbench: common, unit: Hz, minimum: 10M}
  output_cm_error: {testbench: loop, unit: V, maximum: 60m}
  output_swing: {testbench: swing, unit: V, minimum: 1.5}
"""


def test_an_amplifier_is_recognised_sized_and_signed_off(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(f"{MODELS}.subckt fda {CIRCUIT}.ends\n")
    said = run(tmp_path, "init", "c.spice", "--supply", "3")
    draft = (tmp_path / "spec.yaml").read_text()
    assert said.startswith("fda: fully differential amplifier, own"), said
    assert "ports: {control: none, cmfb: cm}" in draft
    assert not re.search(r"could not be measured|^  #", draft, re.MULTILINE), draft
    head = re.split(r"^specs:$", draft, flags=re.MULTILINE)[0]
    (tmp_path / "spec.yaml").write_text(f"{head}specs:\n{SPECS}{CORNERS}budget: {{simulations: 60}}\n")
    shown = run(tmp_path, "size", "spec.yaml", "--workers", "1", "--out", "run")
    assert re.search(r"re-simulated in 4 corners: met", shown), shown[-3000:]


def test_positive_common_mode_feedback_is_told(tmp_path: Path) -> None:
    wrong = CIRCUIT.replace("M7 cm vocm", "M7 cm s").replace("M8 d s", "M8 d vocm")
    (tmp_path / "c.spice").write_text(f"{MODELS}.subckt fda {wrong}.ends\n")
    command = [sys.executable, "-m", "eda_agent", "init", "c.spice", "--supply", "3"]
    wide = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run(command, cwd=tmp_path, env=wide, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "testbench common does not test: the common-mode feedback is positive" in said
    assert "no targets" in said
