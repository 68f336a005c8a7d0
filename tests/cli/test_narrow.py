"""What `runs`, `show` and `mc` print at 80 columns: no name is cut, no word is broken."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from eda_agent.cli.main import main

from ..conftest import ROOT

NAMES = ("two_stage_miller-auto-20261125-035500", "recycling_folded_cascode-auto-20261125-035501")


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in NAMES:
        shutil.copytree(ROOT / "tests" / "fixtures" / "run" / "ota", tmp_path / "runs" / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


@pytest.mark.parametrize("width", ["80", "120"])
def test_names_of_runs_are_whole_and_lines_fit(
    runs: Path, width: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    assert main(["runs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= int(width)
    for name in NAMES:
        row = next(line for line in lines if name in line)
        assert "0.9989" in row and "✗" in row
    assert not any("…" in line for line in lines)


def test_sentences_of_show_break_between_words(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {}
    for width in ("80", ""):
        monkeypatch.setenv("COLUMNS", width) if width else monkeypatch.delenv("COLUMNS")
        assert main(["show", f"runs/{NAMES[0]}"]) == 0
        texts[width] = capsys.readouterr().out
    narrow, whole = texts["80"].splitlines(), texts[""].splitlines()
    assert max(map(len, narrow)) <= 80 and "budget spent" in narrow[0]
    # the same sentences, with breaks at blanks and the next lines indented
    begin = next(place for place, line in enumerate(narrow) if line.startswith("results:"))
    end = next(place for place, line in enumerate(narrow) if line.startswith("! conflict"))
    assert end > begin + 1 and all(line.startswith("  ") for line in narrow[begin + 1 : end])
    (full,) = [line for line in whole if line.startswith("results:")]
    assert " ".join(" ".join(narrow[begin:end]).split()) == full
