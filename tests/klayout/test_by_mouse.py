"""An open layout becomes a written-back, LVS-checked one, by mouse, in the demonstration process."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pya
import pytest

from eda_agent.klayout import lvs, mos, title
from eda_agent.klayout.table import read_table
from tests.klayout.by_mouse import play, present
from tests.klayout.test_application import display, home

__all__ = ["display", "home"]
pytestmark = [
    pytest.mark.skipif(
        any(shutil.which(program) is None for program in ("klayout", "Xvfb", "xdotool")),
        reason="KLayout, Xvfb and xdotool are installed by make test",
    ),
    pytest.mark.xdist_group("klayout-window"),
]


@pytest.mark.evidence
def test_a_layout_is_opened_sized_written_back_and_checked(display: str, home: Path, tmp_path: Path) -> None:
    outcome = play(display, home, tmp_path, None)
    there = present(outcome.netlist)
    assert there["XM5.w"] == 1.97 and there["XM7.m"] == 26 and "rz n2 nz 2870" in outcome.netlist
    assert outcome.stop == "met"
    assert re.search(r"^xm6 \| \d+ \| 47.4 → ", outcome.preview, re.MULTILINE)
    assert re.search(r"^cc \| 1 \| 23.02 → ", outcome.preview, re.MULTILINE)
    assert outcome.report.startswith("LVS: the 8 transistors, 1 resistor and 1 capacitor agree")
    # the file that was saved holds the sizes of the run, by a second reader
    words = [sys.executable, "-m", "eda_agent", "export", str(outcome.run), "--devices"]
    found = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    mos.library()
    layout = pya.Layout()
    layout.read(str(outcome.layout))
    cell = layout.cell("opamp")
    result = lvs.check(layout, cell, found)
    assert result.devices_match and not result.missing, result.differences
    again = title.netlist(found, cell, read_table("demonstration"))
    output = next(row for row in found["devices"] if row["name"] == "xm6")
    assert present(again)["XM6.w"] == pytest.approx(output["w"] * 1e6, abs=0.1)


def test_help_makes_no_folder(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "tests.klayout.by_mouse", "--help"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "[table] [prefix]" in done.stdout and not list(tmp_path.iterdir())
