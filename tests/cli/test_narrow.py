"""What `runs`, `show` and `mc` print at 80 columns: no name is cut, no word is broken."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from eda_agent.cli.commands.mc import remarks, table
from eda_agent.cli.main import main
from eda_agent.metrics import METRICS
from eda_agent.problem.spec import Spec
from eda_agent.simulation.montecarlo import MonteCarlo

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
        place = next(place for place, line in enumerate(lines) if name in line)
        # a name that leaves no room for the columns has a line of its own
        row = lines[place] if "0.9989" in lines[place] else lines[place + 1]
        assert "0.9989" in row and "✗" in row and "ota_5t" in row
    assert not any("…" in line for line in lines)


def test_a_pipe_has_one_line_for_each_run_with_every_column(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = tmp_path / ("a folder with a long name " * 9).strip()
    runs.rename(deep)
    monkeypatch.delenv("COLUMNS", raising=False)
    assert main(["runs", str(deep)]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    names = ("problem", "policy", "seed", "score", "met", "simulations", "state", "when")
    assert head.split() == ["run", *names]
    assert len(rows) == len(NAMES)
    assert {row[: head.index("problem")].rstrip() for row in rows} == {f"{deep}/{name}" for name in NAMES}
    for row in rows:
        assert row[head.index("problem") :].startswith("ota_5t") and "0.9989" in row


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


def test_a_journal_without_its_start_has_no_date(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    journal = runs / NAMES[0] / "journal.jsonl"
    journal.write_text(journal.read_text().splitlines(keepends=True)[0])
    assert main(["runs"]) == 0
    out = capsys.readouterr().out
    row = next(line for line in out.splitlines() if NAMES[0] in line)
    assert "1970" not in out and row.endswith("—")
    # nothing is known of a run that never started: neither a seed nor a score, and no spec was missed
    assert row.split()[1:] == ["—", "—", "—", "—", "—", "0", "not", "started", "—"]
    assert main(["runs", "--json"]) == 0
    (found,) = [one for one in json.loads(capsys.readouterr().out)["runs"] if NAMES[0] in one["run"]]
    assert (found["seed"], found["score"], found["met"], found["state"]) == (None, None, False, "not started")


def test_monte_carlo_at_80_columns_says_below_the_table_what_was_not_measured() -> None:
    limits = {"gate_area": ("m²", None, 2e-10), "dc_gain": ("dB", 40.0, None), "phase_margin": ("deg", 45.0, None)}
    specs = tuple(Spec(name, METRICS[name], "ac", low, high, unit=unit) for name, (unit, low, high) in limits.items())
    some: list[float | None] = [None] * 18 + [50.0, 52.0]
    values = {"gate_area": [1.2e-10] * 20, "dc_gain": some, "phase_margin": some}
    found = MonteCarlo(specs, values, {name: [""] * 20 for name in limits}, ("nominal",), 0)
    screen = Console(width=80, file=io.StringIO(), color_system=None)
    screen.print(table(found, 80))
    *lines, note = screen.file.getvalue().splitlines()
    assert note.startswith("not shown in 80 columns: min, max")
    assert len(lines) == 1 + len(specs) and max(map(len, lines)) <= 80
    # nothing has the unit of its mean
    assert "120 um²" in lines[1] and " 0 um²" in lines[1]
    assert remarks(found) == ["18 not measured: dc_gain, phase_margin"]
