"""Monte Carlo is run where the design has the least margin, and the page says where that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.cli.main import main
from eda_agent.insight.least_margin import least_margin
from eda_agent.record.best_turn import best_turn
from eda_agent.record.fold import RunState, fold
from eda_agent.record.journal import read_journal
from eda_agent.record.report.yields import yields
from eda_agent.run import Request, size

from ..conftest import CIRCUITS

BEGUN = {
    "corners": ["tt", "ss", "fs"],
    "specs": [
        {"name": "gain", "minimum": 60.0, "maximum": None},
        {"name": "undershoot", "minimum": None, "maximum": 0.2},
        {"name": "area", "minimum": None, "maximum": 1e-9},
        {"name": "offset", "minimum": None, "maximum": None},
    ],
}
TURN = {
    "specs": {
        "gain": {"margin": 0.3, "corner": "ss"},
        "undershoot": {"margin": 0.004, "corner": "fs"},
        "area": {"margin": 0.001, "corner": "tt"},
        "offset": {"margin": 0.0, "corner": "ss"},
    },
    "evaluation": {
        "values": {
            "tt": {"gain": 66.0, "undershoot": 0.12, "area": 9e-10, "offset": 0.0},
            "ss": {"gain": 63.0, "undershoot": 0.15, "area": 9e-10, "offset": 0.1},
            "fs": {"gain": 65.0, "undershoot": 0.199, "area": 9e-10, "offset": 0.0},
        }
    },
}


def test_the_least_margin_is_of_a_spec_that_varies_between_the_corners() -> None:
    assert least_margin(BEGUN, TURN) == ("undershoot", "fs")
    lost = {**TURN, "specs": {**TURN["specs"], "gain": {"margin": None, "corner": "ss"}}}
    assert least_margin(BEGUN, lost) == ("gain", "ss")
    one = {**TURN, "evaluation": {"values": {"tt": TURN["evaluation"]["values"]["tt"]}}}
    assert least_margin(BEGUN, one) is None


def test_the_yield_says_where_it_was_measured() -> None:
    data = {"samples": 4, "passed": 2, "seed": 0, "yield": 0.5, "interval": [0.1, 0.9], "specs": {}}
    least = ("undershoot", "fs")
    shown = yields({**data, "corners": ["fs"]}, [], least)
    assert "in fs, the corner of the least margin (undershoot)" in shown["summary"] and shown["kind"] == "fail"
    shown = yields({**data, "corners": ["tt"], "passed": 4}, [], least)
    assert "in tt (the least margin, of undershoot, is in fs: --mc-corner fs)" in shown["summary"]
    assert shown["kind"] == "pass"
    assert "in tt, ss, fs, with mismatch" in yields({**data, "corners": ["tt", "ss", "fs"]}, [], least)["summary"]


@pytest.fixture(scope="module")
def cornered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunState]:
    folder = tmp_path_factory.mktemp("least") / "run"
    size(Request(CIRCUITS / "ota_5t", "random", simulations=1, out=folder))
    return folder, fold(read_journal(folder / "journal.jsonl"))


def test_a_report_has_its_samples_in_the_corner_asked_for(
    cornered: tuple[Path, RunState], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, state = cornered
    found = least_margin(state.started, best_turn(state))
    assert found is not None and len(state.started["corners"]) > 1
    spec, corner = found
    assert main(["report", str(folder), "--samples", "2"]) == 0
    assert f"in {corner}, the corner of the least margin ({spec})" in (folder / "report.html").read_text()
    other = next(name for name in state.started["corners"] if name != corner)
    assert main(["report", str(folder), "--samples", "2", "--mc-corner", other]) == 0
    page = (folder / "report.html").read_text()
    assert f"samples meet every spec in {other} (the least margin, of {spec}, is in {corner}" in page
    assert main(["report", str(folder), "--samples", "2", "--mc-corner", f"{corner}x"]) == 2
    assert f"did you mean {corner}" in capsys.readouterr().err
    assert main(["report", str(folder), "--mc-corner", corner]) == 2
    assert "--samples" in capsys.readouterr().err
