"""The dock's texts, from events alone: a censored value reads as a bound with its reason."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from eda_agent.cli import main
from eda_agent.klayout.shared import RunState
from eda_agent.klayout.stream import Run
from eda_agent.problem.spec import Problem
from tests.agent.conftest import make_problem
from tests.agent.played_session import Session
from tests.conftest import ROOT

INSTALLED = """
import json, sys
sys.path.insert(0, sys.argv[1])
from eda_agent_klayout.stream import Lines, Run
run, lines = Run(), Lines()
for event in lines.feed(sys.stdin.buffer.read()):
    run.apply(event)
print(json.dumps([run.turns, run.best, run.state.left, run.state.edits, run.curve, run.status, run.fault, lines.broken]))
"""


def test_the_installed_plugin_folds_as_eda_agent_does(
    miller: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = make_problem(miller)
    name = problem.space.names[0]
    session = Session(
        problem,
        9,
        {
            3: [{"do": "back", "turn": 1}],
            4: [{"do": "return"}, {"do": "lock", "parameter": name}, {"do": "spend", "simulations": 12}],
            6: [{"do": "hint", "text": "wider"}, {"do": "pause"}],
            2001: [{"do": "resume"}],
        },
    )
    assert {"branched", "returned", "budget.changed", "problem.changed", "hint", "run.paused", "run.resumed"} <= set(
        session.types()
    )
    started = {
        "v": 1,
        "seq": 0,
        "type": "run.started",
        "problem": "p",
        "specs": [],
        "parameters": [],
        "corners": [],
        "budget": {"simulations": 9},
    }
    events = [started, *session.events]
    monkeypatch.setenv("KLAYOUT_HOME", str(tmp_path))
    assert main(["klayout", "install"]) == 0
    ours = Run()
    for event in events:
        ours.apply(event)
    told = [ours.turns, ours.best, ours.state.left, ours.state.edits, ours.curve, ours.status, "", 0]
    # as it is installed, and a checkout's folder that is linked there
    (tmp_path / "linked").symlink_to(ROOT / "plugins" / "klayout")
    for folder in (tmp_path / "salt" / "eda-agent", tmp_path / "linked"):
        done = subprocess.run(
            # nothing but the standard library, as in KLayout
            [sys.executable, "-I", "-S", "-c", INSTALLED, str(folder / "python")],
            input="".join(f"{json.dumps(event)}\n" for event in events),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == json.loads(json.dumps(told))
    assert ours.state.simulations == session.env.history.simulations and "/12 simulations" in ours.status


def test_a_censored_value_reads_as_a_bound() -> None:
    spec = {"name": "settling", "unit": "s", "minimum": None, "maximum": 5e-7}
    result = {"corner": "slow", "value": 1e-6, "margin": -0.5, "met": False, "why": "not settled"}
    run = Run(RunState(started={"specs": [spec]}, best={"index": 0}))
    run.state.turns = [{"index": 0, "specs": {"settling": {**result, "bound": ">"}}}]
    assert run.spec_rows() == [("✗", "settling", "≤ 500 ns", "> 1 us (not settled)", "slow")]
    # a journal of version 0.1.0 has no bounds
    run.state.turns = [{"index": 0, "specs": {"settling": result}}]
    assert run.spec_rows()[0][3] == "1 us"


def test_a_turn_in_some_corners_is_marked_and_decides_nothing() -> None:
    spec = {"name": "gain", "unit": "dB", "minimum": 62.0, "maximum": None, "asked": [60.0, None]}
    result = {"corner": "a", "value": 70.0, "margin": 0.1, "met": True, "why": ""}
    run = Run(
        RunState(started={"specs": [spec], "corners": ["a", "b", "c"], "budget": {"simulations": 9}}, best={"index": 0})
    )
    whole, part = (
        {
            "index": number,
            "score": score,
            "specs": {"gain": result},
            "evaluation": {"values": {name: {} for name in corners}, "jobs": 1, "cached": 0},
        }
        for number, score, corners in ((0, 0.5, "abc"), (1, 0.9, "a"))
    )
    run.state.turns = [whole, part]
    assert run.curve == [0.5, 0.5]
    assert [row[1] for row in run.turn_rows()] == ["0.5000", "≤ 0.9000"] and run.turn_rows()[1][3].startswith(
        "1 of 3 corners"
    )
    assert run.spec_rows(0)[0][0] == "✓" and run.spec_rows(1)[0][0] == "·"
    # tightened for the yield: what the user asked stands beside
    assert run.spec_rows(0)[0][2] == "≥ 62 dB, asked ≥ 60 dB"


def test_going_back_and_forth_and_another_budget_are_followed() -> None:
    run = Run(RunState(started={"budget": {"simulations": 9}, "problem": "p"}, best={"index": 0, "score": 0.5}))
    run.state.turns = [{"index": number, "score": 0.5} for number in range(4)]
    run.apply({"seq": 0, "type": "branched", "turn": 1})
    run.apply({"seq": 0, "type": "turn.evaluated", "index": 2, "score": 0.5, "other": True})
    run.apply({"seq": 0, "type": "returned", "turn": 2})
    assert [turn.get("other") for turn in run.turns] == [None] * 4
    run.apply({"seq": 0, "type": "returned", "turn": 2})
    assert [turn["index"] for turn in run.turns] == [0, 1, 2] and run.turns[2]["other"]
    run.apply({"seq": 0, "type": "budget.changed", "simulations": 20})
    assert "/20 simulations" in run.status
