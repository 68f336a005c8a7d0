"""`eda-agent export` replaces no file that it reads, under no spelling of its name, and ignores no option."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from eda_agent.cli import main

RUN = Path(__file__).parent.parent / "fixtures" / "run" / "ota"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(RUN, tmp_path / "run")
    assert main(["export", "run", "--gds", "dm.gds"]) == 0
    (tmp_path / "link.spice").symlink_to("dm.gds")
    os.link(tmp_path / "dm.gds", tmp_path / "hard.spice")
    return tmp_path


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--gds new.gds --into dm.gds --extract dm.gds", "the name of a layout"),
        ("--gds new.gds --into dm.gds --extract link.spice", "--extract names the layout of --into"),
        ("--gds new.gds --into dm.gds --extract hard.spice", "--extract names the layout of --into"),
        ("--gds new.gds --into dm.gds --extract run/../hard.spice", "--extract names the layout of --into"),
        ("--gds dm.gds --extract hard.spice", "--gds and --extract name the same file"),
        ("--gds new.gds --extract run/sized.spice", "a file of the run"),
        ("--gds new.gds --extract run/journal.jsonl", "a file of the run"),
        ("--out run/spec.yaml", "a file of the run"),
        ("--diff --out run/best.json", "a file of the run"),
        ("--diff --out run/sized.spice", "a file of the run"),
        ("--turn 0 --out run/sized.spice", "a file of the run"),
        ("--extract q.spice", "--extract has no effect without --gds"),
        ("--into dm.gds", "--into has no effect without --gds"),
        ("--cell ota", "--cell has no effect without --gds"),
        ("--gds none/new.gds", "the folder none does not exist"),
    ],
)
def test_an_output_that_is_an_input_is_refused(
    options: str, said: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def content() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()}

    before = content()
    assert main(["export", "run", *options.split()]) != 0
    assert said in capsys.readouterr().err
    assert content() == before


def test_outputs_of_before_are_replaced(run: Path) -> None:
    for _ in range(2):
        assert main(["export", "run", "--gds", "dm.gds", "--extract", "dm.spice"]) == 0
        assert main(["export", "run", "--out", "mine.spice"]) == 0
        # what the run itself keeps there
        assert main(["export", "run", "--out", "run/sized.spice"]) == 0
    assert "extracted by KLayout" in (run / "dm.spice").read_text()
