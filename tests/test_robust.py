"""Sizing for yield: what is tightened is not shown as the user's, and a tick needs the lower end of the interval."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.agent.commands import command_from
from eda_agent.agent.edit import apply_edit
from eda_agent.cli.main import main
from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem, as_asked
from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.record.labels import spec_table, target_text
from eda_agent.robust import Robust, _guarded, least_samples, size_robust
from eda_agent.run import Request, problem_of_run, size
from eda_agent.simulation.montecarlo import MonteCarlo, Yield

from .conftest import CIRCUITS


@given(st.floats(0.01, 0.999))
def test_the_fewest_chips_that_can_show_a_yield(wanted: float) -> None:
    least = least_samples(wanted)
    assert Yield(least, least).interval[0] >= wanted
    assert least == 1 or Yield(least - 1, least - 1).interval[0] < wanted
    # by the closed form of the exact interval: 0.025^(1/n)
    assert 0.025 ** (1 / least) == pytest.approx(Yield(least, least).interval[0], rel=1e-9)


def test_a_share_above_the_wanted_is_not_yet_a_yield(miller: Problem) -> None:
    spec = miller.specs[0]
    good, bad = spec.target * 1.1, spec.target * 0.5

    def chips(passing: int, failing: int) -> Robust:
        values = {spec.name: [good] * passing + [bad] * failing}
        return Robust(None, MonteCarlo((spec,), values, {spec.name: [""] * (passing + failing)}, ("nominal",), 0), ())  # type: ignore[arg-type]  # of the outcome nothing is asked

    assert spec.minimum is not None
    assert chips(96, 4).chips.total.share > 0.95 and not chips(96, 4).reached(0.95)
    assert chips(100, 0).reached(0.95) and not chips(100, 0).reached(0.99)
    assert chips(least_samples(0.99), 0).reached(0.99)


def test_too_few_chips_are_refused_before_anything_is_simulated(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--samples 368 or more for 99 %"):
        size_robust(Request(CIRCUITS / "ota_5t", out=tmp_path / "r"), 0.99, 100)
    assert not (tmp_path / "r").exists()


def test_tightened_targets_stand_beside_the_users_in_every_view(
    tmp_path: Path, problems: dict[str, Problem], capsys: pytest.CaptureFixture[str]
) -> None:
    problem = problems["ota_5t"]
    tight = _guarded(problem, {spec.name: 1.5 if spec.name == "dc_gain" else 0.0 for spec in problem.specs}, None)
    assert as_asked(tight.specs)[0].minimum == 50.0 and tight.specs[0].minimum == 51.5
    assert [spec for spec in tight.specs if spec.asked is not None] == [tight.specs[0]]
    assert target_text(spec_table(tight)[0]) == "≥ 51.5 dB, asked ≥ 50 dB"
    # a target that the user changes on the way is the user's
    changed = apply_edit(tight, tight, command_from({"do": "target", "spec": "dc_gain", "minimum": 52}))
    assert changed.specs[0].asked is None and "asked" not in spec_table(changed)[0]
    size(Request(CIRCUITS / "ota_5t", "random", simulations=1, out=tmp_path / "round"), problem=tight)
    assert main(["show", str(tmp_path / "round")]) == 0
    assert "≥ 51.5 dB, asked ≥ 50 dB" in capsys.readouterr().out
    # what simulates anew grades by what the user asked
    state = fold(read_journal(tmp_path / "round" / "journal.jsonl"))
    assert problem_of_run(tmp_path / "round", state).problem.specs[0].minimum == 50.0
    assert state.verified["asked_met"] in {True, False}


def test_the_result_is_graded_by_the_users_targets(tmp_path: Path) -> None:
    text = (CIRCUITS / "ota_5t" / "spec.yaml").read_text()
    (tmp_path / "spec.yaml").write_text(text)
    (tmp_path / "ota_5t.spice").write_text((CIRCUITS / "ota_5t" / "ota_5t.spice").read_text())
    found = size_robust(Request(tmp_path, "trust", simulations=40, out=tmp_path / "r"), 0.8, 20)
    assert {spec.name: (spec.minimum, spec.maximum) for spec in found.outcome.problem.specs}["dc_gain"] == (50.0, None)
    assert all(spec.asked is None for spec in found.outcome.problem.specs)
    assert found.chips.specs == tuple(replace(spec) for spec in found.outcome.problem.specs)
    for number, (_, passed) in enumerate(found.rounds):
        kept = json.loads((tmp_path / "r" / f"round{number}" / "montecarlo.json").read_text())
        assert (kept["passed"], kept["specs"]["dc_gain"]["minimum"]) == (passed, 50.0)
    assert found.reached(0.8) == (found.chips.total.interval[0] >= 0.8)
