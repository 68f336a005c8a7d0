"""glayout as the engine of a placement: which blocks it draws, what is said where it is absent, and a real layout where
EDA_AGENT_GLAYOUT names its Python.
"""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path
from typing import Any

import pya
import pytest

from eda_agent.cli.layout import write_layout
from eda_agent.insight.devices import devices
from eda_agent.klayout import glayout_engine, lvs
from eda_agent.klayout.blocks import group_of
from eda_agent.klayout.fold import Rule, arrays, folded
from eda_agent.klayout.table import devices as read_devices
from eda_agent.klayout.table import read_table
from eda_agent.problem.load import load_problem
from tests.conftest import CIRCUITS

from .stand_ins import Library, version


def found_of(name: str) -> dict[str, Any]:
    problem = load_problem(CIRCUITS / name / "spec.yaml")
    found: dict[str, Any] = devices(problem, json.loads((CIRCUITS / name / "known.json").read_text())["sizing"])
    return found


@pytest.mark.parametrize("name", ["two_stage_miller", "folded_cascode", "ldo", "strongarm"])
def test_every_finger_is_in_one_block(name: str) -> None:
    found = found_of(name)
    sized = folded(read_devices(found), Rule())
    groups = [
        part
        for array in arrays(sized)
        for part in glayout_engine._parts(group_of([(unit.device, unit.fingers) for unit in array if not unit.dummy]))
    ]
    shapes = [glayout_engine._request(group) for group in groups]
    drawn = {device: 0 for group in groups for device in group.devices}
    for group, block in zip(groups, shapes, strict=True):
        for device in group.devices:
            drawn[device] += block["fingers"] * block["copies"]
        assert len(group.devices) == (1 if block["shape"] == "single" else 2)
    assert drawn == {device.name: device.fingers for device in sized}
    assert "mirror" in {block["shape"] for block in shapes} or name != "two_stage_miller"


def test_absent_it_is_skipped_with_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(glayout_engine.VARIABLE, raising=False)
    kept = Library(version("sky130A"))
    try:
        found = found_of("two_stage_miller")
        result = write_layout(found, tmp_path / "a.gds", None, "sky130A", None, None, "glayout")
    finally:
        kept.delete()
    said = [line for line in result["remarks"] if "glayout" in line]
    assert said == [
        "glayout is not here: EDA_AGENT_GLAYOUT must name the Python of an environment with glayout 0.2; placed with"
        " PCells instead"
    ]
    assert result["engine"] == "pcells" and result["lvs"]["devices_match"]
    # a process that it does not draw, and a Python without it
    assert "SKY130 and GF180 only" in glayout_engine.absent(read_table("ihp-sg13g2"))
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho No module named glayout >&2; exit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv(glayout_engine.VARIABLE, str(program))
    assert "cannot import glayout: No module named glayout" in glayout_engine.absent(read_table("sky130A"))


def test_progress_is_told_and_a_worker_that_stands_still_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program in the place of glayout's Python: it draws one block of two and then waits."""
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho noise of glayout; echo drawn one; exec sleep 60\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv(glayout_engine.VARIABLE, str(program))
    monkeypatch.setattr(glayout_engine, "LONGEST", 1.0)
    told: list[str] = []
    begun = time.monotonic()
    with pytest.raises(ValueError, match=r"drew 1 of 2 blocks, and no further one in 1 s\n    → .*--engine pcells"):
        glayout_engine._drawn("sky130", [{"name": "one"}, {"name": "two"}], tmp_path, told.append)
    assert told == ["glayout: 1 of 2 blocks, 0 s"] and time.monotonic() - begun < 20
    program.write_text("#!/bin/sh\necho it failed >&2; exit 1\n")
    with pytest.raises(ValueError, match="glayout drew no layout: it failed"):
        glayout_engine._drawn("sky130", [{"name": "one"}], tmp_path, told.append)


@pytest.mark.skipif(
    glayout_engine.VARIABLE not in os.environ, reason=f"glayout is in no package; {glayout_engine.VARIABLE} names it"
)
def test_what_glayout_draws_is_the_circuit(tmp_path: Path) -> None:
    found = found_of("two_stage_miller")
    # the first stage
    found["devices"] = [row for row in found["devices"] if row["name"] in ("xm1", "xm2", "xm3", "xm4")]
    result = write_layout(found, tmp_path / "a.gds", None, "sky130A", None, None, "glayout")
    assert result["engine"] == "glayout" and result["lvs"]["devices_match"], result["lvs"]["differences"]
    layout = pya.Layout()
    layout.read(str(tmp_path / "a.gds"))
    assert any(cell.name.startswith("glayout_pair") for cell in layout.each_cell())
    assert lvs.check(layout, layout.top_cell(), found, table=read_table("sky130A"), name="sky130A").devices_match
