"""Sizing for yield and after layout from Python: the numbers are those of the command line and of the samples."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import eda_agent as ea

from ..conftest import CIRCUITS, ROOT

MAGIC = ROOT / "tests" / "fixtures" / "opamp_magic.spice"


def test_a_share_of_samples_is_reached(tmp_path: Path) -> None:
    amp = ea.load(CIRCUITS / "ota_5t", corners="nominal")
    kinds: list[str] = []
    found = ea.size_robust(
        amp, 0.1, samples=4, budget=12, out=tmp_path / "run", listen=lambda event: kinds.append(event["type"])
    )
    again = ea.monte_carlo(amp, found.sizing, samples=4)
    assert again.passed == found.monte_carlo.passed == max(found.rounds["passed"])
    assert found.reached == (again.interval[0] >= 0.1) and found.met == ea.simulate(amp, found.sizing).met
    assert "run.started" in kinds and "<RobustRun" in repr(found) and "%" in found._repr_html_()


@pytest.fixture(scope="module")
def miller(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("miller") / "miller"
    shutil.copytree(CIRCUITS / "two_stage_miller", folder)
    return folder


def test_after_layout_is_the_command(miller: Path, tmp_path: Path) -> None:
    amp = ea.load(miller, corners="nominal")
    found = ea.post_layout(amp, MAGIC)
    command = [sys.executable, "-m", "eda_agent", "sim", str(miller), "--corners", "nominal", "--json"]
    told = json.loads(subprocess.run([*command, "--netlist", str(MAGIC)], capture_output=True, check=False).stdout)
    assert told["costs"] == found.data["costs"] and told["met"] == found.met
    assert told["after"]["values"] == found.data["after"]["values"]
    row = next(row for row in found.specs if row["spec"] == "gbw")
    assert row["after"] < row["before"] == ea.simulate(amp)["gbw"]
    assert found.nets[0]["farad"] > 0 and found.notes == told["notes"]
    with pytest.raises(ea.InputError):
        ea.post_layout(amp, miller / "spec.yaml")
    drawn = ea.size(amp, policy="random", budget=1, out=tmp_path / "drawn")
    # its best sizes are the first proposal, simulated with the wires
    run = ea.size(drawn, policy="random", budget=1, post_layout=MAGIC, out=tmp_path / "after")
    first = run.turns[0]
    assert {name: first[name] for name in drawn.sizing} == pytest.approx(drawn.sizing)
