"""`mc` on a run samples the corner of its least margin, as the report does, and says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import eda_agent as ea
from eda_agent.cli.main import main
from eda_agent.insight.least_margin import least_margin
from eda_agent.record.best_turn import best_turn
from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.run import Request, size

from ..conftest import CIRCUITS


def unwrapped(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split()) + " "


def test_a_run_is_sampled_where_it_has_the_least_margin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    size(Request(CIRCUITS / "ota_5t", "random", simulations=1, out=folder))
    state = fold(read_journal(folder / "journal.jsonl"))
    found = least_margin(state.started, best_turn(state))
    first = state.started["corners"][0]
    assert found is not None and found[1] != first
    spec, corner = found
    assert main(["mc", str(folder), "--samples", "2"]) in {0, 1}
    assert f"in {corner}, the corner of the least margin ({spec}), with " in unwrapped(capsys)
    assert main(["mc", str(folder), "--samples", "2", "--corner", first]) in {0, 1}
    assert f"in {first} (the least margin, of {spec}, is in {corner}), with " in unwrapped(capsys)
    # a spec has no margins yet
    assert main(["mc", "ota_5t", "--samples", "2", "--json"]) in {0, 1}
    assert json.loads(capsys.readouterr().out)["corners"] == [first]
    assert ea.monte_carlo(folder, samples=2, workers=1).data["corners"] == [corner]
