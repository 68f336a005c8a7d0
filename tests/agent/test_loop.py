"""Environment and loop on a closed-form amplifier: turns, budget, stop reasons, incumbent."""

from __future__ import annotations

import dataclasses
import json
import threading
from typing import Any

import pytest

from eda_agent.agent.control import Control
from eda_agent.agent.env import Environment
from eda_agent.agent.loop import run_loop
from eda_agent.agent.policies.random import RandomPolicy
from eda_agent.agent.policies.scripted import ScriptedPolicy
from eda_agent.agent.prompt import render
from eda_agent.agent.stopping import FAILED_IN_A_ROW
from eda_agent.problem.spec import Budget, Problem
from eda_agent.simulation.fake import FunctionSimulator

from .conftest import amplifier

SOLVED = json.dumps({"reasoning": "known", "sizing": {"W12": "50u", "L12": "1u", "m5": "8", "Cc": "0.1p", "Rz": "100"}})


def play(
    problem: Problem, policy: Any, simulator: FunctionSimulator, budget: Budget, control: Control | None = None
) -> tuple[str, Environment, list[tuple[str, dict[str, Any]]]]:
    events: list[tuple[str, dict[str, Any]]] = []
    env = Environment(problem, simulator)
    reason = run_loop(
        env, policy, budget, lambda type, /, **fields: events.append((type, fields)), control or Control()
    )
    return reason, env, events


def test_stops_when_met(problem: Problem, simulator: FunctionSimulator) -> None:
    reason, env, events = play(
        problem, ScriptedPolicy(script=['{"sizing": {"W12": "5u"}}', SOLVED]), simulator, Budget(50)
    )
    assert reason == "met"
    assert env.history.simulations == 2
    best = env.history.incumbent
    assert best is not None
    assert best.index == 2
    assert [type for type, _ in events] == [
        "baseline",
        "best.updated",
        "turn.proposed",
        "turn.evaluated",
        "best.updated",
        "turn.proposed",
        "turn.evaluated",
        "best.updated",
    ]


def test_spends_the_budget_when_asked_to_improve(problem: Problem, simulator: FunctionSimulator) -> None:
    better = SOLVED.replace('"8"', '"7"')
    reason, env, _ = play(problem, ScriptedPolicy(script=[SOLVED, better, SOLVED]), simulator, Budget(5, until="spent"))
    assert (reason, env.history.simulations) == ("budget", 5)
    best = env.history.incumbent
    assert best is not None
    assert best.index == 2  # less power, and the earliest of equals
    assert len(simulator.simulated) == 6


def test_budget_counts_proposals_that_are_simulated(problem: Problem, simulator: FunctionSimulator) -> None:
    reason, env, _ = play(
        problem,
        ScriptedPolicy(script=["garbage", '{"sizing": {"W12": "5u"}}', "garbage", '{"sizing": {"W12": "6u"}}']),
        simulator,
        Budget(2),
    )
    assert (reason, env.history.simulations, len(env.history.turns)) == ("budget", 2, 5)
    assert env.history.turns[1].value == 0.0
    assert "no JSON object" in env.history.turns[1].proposal.error


def test_a_policy_that_only_fails_is_given_up(problem: Problem, simulator: FunctionSimulator) -> None:
    reason, env, _ = play(problem, ScriptedPolicy(script=["garbage"]), simulator, Budget(1000))
    assert reason == "no progress"
    assert len(env.history.turns) == FAILED_IN_A_ROW + 1


def test_patience_and_user(problem: Problem, simulator: FunctionSimulator) -> None:
    assert (
        play(problem, ScriptedPolicy(script=['{"sizing": {"W12": "2u"}}']), simulator, Budget(100, patience=7))[0]
        == "no progress"
    )
    assert play(problem, RandomPolicy(0), simulator, Budget(100), Control(stop=True))[0] == "user"


@pytest.mark.parametrize(
    ("script", "budget"),
    [
        (["garbage"], Budget(100)),
        (['{"sizing": {"W12": "2u"}}'], Budget(100, patience=7)),
    ],
)
def test_a_run_without_progress_goes_on_when_it_is_resumed(
    script: list[str], budget: Budget, problem: Problem, simulator: FunctionSimulator
) -> None:
    reason, env, _ = play(problem, ScriptedPolicy(script=script), simulator, budget)
    assert reason == "no progress"
    turns = len(env.history.turns)
    reason = run_loop(env, ScriptedPolicy(script=[SOLVED]), budget, lambda type, /, **fields: None, Control())
    assert (reason, len(env.history.turns)) == ("met", turns + 1)


@pytest.mark.parametrize("turns", [1, 3, 6])
def test_an_interrupted_run_ends_where_it_would_have_ended(
    turns: int, problem: Problem, simulator: FunctionSimulator
) -> None:
    same = ['{"sizing": {"W12": "2u"}}']
    whole = play(problem, ScriptedPolicy(script=same), simulator, Budget(100, patience=7))[1]
    _, env, _ = play(problem, ScriptedPolicy(script=same), simulator, Budget(turns))
    run_loop(env, ScriptedPolicy(script=same), Budget(100, patience=7), lambda type, /, **fields: None, Control())
    assert len(env.history.turns) == len(whole.history.turns)


def test_a_failing_simulation_is_a_turn_with_score_zero(problem: Problem) -> None:
    def fails(sizing: Any, corner: str) -> dict[str, float | None]:
        if sizing["W12"] > 3e-6 and corner == "slow":
            raise ValueError("timestep too small")
        return amplifier(sizing, corner)

    reason, env, events = play(
        problem, ScriptedPolicy(script=['{"sizing": {"W12": "40u"}}']), FunctionSimulator(problem, fails), Budget(1)
    )
    assert reason == "budget"
    assert env.history.turns[1].value == 0.0
    assert "sim.failed" in [type for type, _ in events]


def test_the_prompt_is_made_from_the_history_alone_and_says_what_matters(
    problem: Problem, simulator: FunctionSimulator
) -> None:
    _, env, _ = play(problem, ScriptedPolicy(script=['{"sizing": {"W12": "5u"}}', "garbage"]), simulator, Budget(1))
    env.hint("use less area")
    env.step(ScriptedPolicy(script=["garbage"]).propose(env.history))
    text = render(env.history)[1]["content"]
    assert render(env.history)[1]["content"] == text
    for part in (
        "gbw",
        "≥ 20 MHz",
        "; input pair",
        "500n–50u",
        "does not meet",
        "\n1|",
        "w=W12 l=L12",
        "no JSON object",
        "use less area",
        "slow: ss",
    ):
        assert part in text, part
    assert len(text) < 9000


def test_history_is_immutable(problem: Problem, simulator: FunctionSimulator) -> None:
    env = Environment(problem, simulator)
    env.start()
    before = env.history
    env.step(RandomPolicy(0).propose(env.history))
    assert len(before.turns) == 1
    assert dataclasses.is_dataclass(before)


def test_a_policy_prepares_itself_while_the_first_design_is_simulated(
    problem: Problem, simulator: FunctionSimulator
) -> None:
    begun, simulated = threading.Event(), threading.Event()
    order: list[str] = []

    class Prepared(ScriptedPolicy):
        def prepare(self, problem: Problem) -> None:
            begun.set()
            assert simulated.wait(10)
            order.append("prepared")

        def propose(self, history: Any) -> Any:
            order.append("asked")
            return super().propose(history)

    class Waiting(Environment):
        def start(self) -> Any:
            assert begun.wait(10)
            simulated.set()
            return super().start()

    reason = run_loop(
        Waiting(problem, simulator), Prepared(script=[SOLVED]), Budget(5), lambda type, /, **fields: None, Control()
    )
    assert reason == "met"
    assert order == ["prepared", "asked"]
