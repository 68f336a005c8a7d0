"""`export --out` with a folder writes a file into it, and never over the netlist."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from eda_agent.cli.main import main

from ..conftest import ROOT


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_gets_the_netlist_by_its_name(there: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = shutil.copytree(ROOT / "tests" / "fixtures" / "run" / "ota", tmp_path / "run")
    folder = tmp_path / "out"
    if there:
        folder.mkdir()
    assert main(["export", str(run)]) == 0
    text, said = capsys.readouterr()
    # the fixture misses one target: both the terminal and the netlist say so
    verdict = "1 of 10 specs NOT met in 3 corners: dc_gain"
    assert f"! turn 22 of {run}: {verdict}" in said
    assert text.splitlines()[1] == f"* sized by eda-agent: run run, turn 22: {verdict}"
    assert main(["export", str(run), "--out", f"{folder}/"]) == 0
    (written,) = folder.iterdir()
    assert written.name.endswith("_sized.spice") and written.read_text() == text
    assert main(["export", str(run), "--diff", "--out", str(folder)]) == 0
    assert {one.suffix for one in folder.iterdir()} == {".spice", ".diff"}
