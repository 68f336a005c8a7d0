"""The auto policy: who has the run follows from its turns, hand-overs are events, and a resumed run goes on as it would
have.
"""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import pytest

from eda_agent.agent.control import Control
from eda_agent.agent.env import Environment
from eda_agent.agent.history import History
from eda_agent.agent.language.answer import Answer
from eda_agent.agent.language.compact import CompactLanguage
from eda_agent.agent.loop import run_loop
from eda_agent.agent.policies.auto import MAX_TURNS, PATIENCE, AutoPolicy
from eda_agent.agent.policies.base import ManyPolicy
from eda_agent.agent.policies.embedded import EmbeddedPolicy
from eda_agent.agent.policies.phase import current_phase
from eda_agent.agent.policies.registry import make_policy
from eda_agent.agent.score import Score
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.errors import MissingError
from eda_agent.problem.spec import Budget, Problem
from tests.train.histories import made_up


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    from eda_agent.agent.language.model import CompactConfig, CompactModel

    torch.manual_seed(2)
    place = tmp_path_factory.mktemp("model")
    CompactModel(CompactConfig(width=32, layers=2, heads=2, hidden=48, outcomes=True)).save_pretrained(place)
    return place


def told(problem: Problem, values: list[float], policies: list[str]) -> History:
    made = [Turn(0, Proposal({}, policy="baseline"), {}, None, Score(0.5, 0.0, ()))]
    for value, policy in zip(values, policies, strict=True):
        made.append(Turn(len(made), Proposal({}, policy=policy), {}, None, Score(value, 0.0, ())))
    return History(problem, tuple(made))


def leg_after(problem: Problem, values: list[float], policies: list[str]) -> tuple[str, int]:
    phase = current_phase(told(problem, values, policies), ("a", "b"), {"a": 2, "b": 3}, {"one": "a", "two": "b"})
    return phase.owner, phase.start_turn


def test_a_leg_ends_after_turns_without_gain(problem: Problem) -> None:
    assert leg_after(problem, [], []) == ("a", 1)
    assert leg_after(problem, [0.4], ["one"]) == ("a", 1)
    assert leg_after(problem, [0.4, 0.4], ["one"] * 2) == ("b", 3)
    # a gain begins the count anew; 0.51 takes less than a twentieth off what is missing and is none
    assert leg_after(problem, [0.4, 0.6, 0.4], ["one"] * 3) == ("a", 1)
    assert leg_after(problem, [0.4, 0.51], ["one"] * 2) == ("b", 3)
    # back again, and the user's turns count for nobody
    assert leg_after(problem, [0.4, 0.4, 0.3, 0.3, 0.3], ["one"] * 2 + ["two"] * 3) == ("a", 6)
    assert leg_after(problem, [0.4, 0.2, 0.2, 0.2, 0.2], ["one"] + ["user"] * 4) == ("a", 1)
    why = current_phase(
        told(problem, [0.4, 0.4], ["one"] * 2), ("a", "b"), {"a": 2, "b": 3}, {"one": "a", "two": "b"}
    ).why
    assert why == "no better design in 2 turns"


def test_a_leg_has_so_many_turns_at_most(problem: Problem) -> None:
    def phase(values: list[float], policies: list[str]) -> tuple[str, int, str]:
        found = current_phase(
            told(problem, values, policies), ("a", "b"), {"a": 2, "b": 3}, {"one": "a", "two": "b"}, {"a": 3}
        )
        return found.owner, found.start_turn, found.why

    gaining = [0.6, 0.7, 0.8]
    assert phase(gaining[:2], ["one"] * 2) == ("a", 1, "")
    assert phase(gaining, ["one"] * 3) == ("b", 4, "it has used 3 turns")
    # turns of the user are nobody's
    assert phase([0.6, 0.7, 0.8], ["one", "user", "one"]) == ("a", 1, "")
    # the other has no such limit, and the count begins anew with the next phase
    assert phase([*gaining, 0.85, 0.9, 0.93, 0.95], ["one"] * 3 + ["two"] * 4) == ("b", 4, "it has used 3 turns")
    assert phase([*gaining, 0.8, 0.8, 0.8, 0.9], ["one"] * 3 + ["two"] * 3 + ["one"]) == (
        "a",
        7,
        "no better design in 3 turns",
    )


def play(
    problem: Problem, policy: Any, count: int, width: int = 1, cut: list[Turn] | None = None
) -> tuple[Environment, list[tuple[str, dict[str, Any]]]]:
    events: list[tuple[str, dict[str, Any]]] = []
    env = Environment(problem, made_up(problem), cut or ())
    run_loop(
        env, policy, Budget(count), lambda type, /, **fields: events.append((type, fields)), Control(), width=width
    )
    return env, events


@pytest.fixture(scope="module")
def hard(problems: dict[str, Problem]) -> Problem:
    """Targets that cannot be met, so that nobody gains for long."""
    problem = problems["ota_5t"]
    specs = tuple(
        dataclasses.replace(spec, minimum=spec.minimum and 3 * spec.minimum, maximum=spec.maximum and spec.maximum / 3)
        for spec in problem.specs
    )
    return dataclasses.replace(problem, specs=specs)


@pytest.mark.slow
def test_hand_overs_are_events_and_a_resumed_run_makes_the_same(hard: Problem, folder: Path) -> None:
    env, events = play(hard, make_policy("auto", 1, {"model": str(folder)}), 40)
    changes = [fields for type, fields in events if type == "policy.changed"]
    assert changes and changes[0]["before"] == "embedded" and changes[0]["after"] == "trust"
    assert changes[0]["reason"].startswith(("no better design in", "it has used"))
    assert PATIENCE["model"] < changes[0]["index"] <= MAX_TURNS["model"] + 1
    by_policy = [turn.proposal.policy for turn in env.history.turns[1:]]
    for change in changes:
        assert by_policy[change["index"] - 2 : change["index"]] == [change["before"], change["after"]]
    assert len(changes) == sum(one != other for one, other in itertools.pairwise(by_policy))
    cut = changes[0]["index"] + 2
    again, _ = play(hard, make_policy("auto", 1, {"model": str(folder)}), 40, cut=list(env.history.turns[:cut]))
    assert [turn.sizing for turn in again.history.turns] == [turn.sizing for turn in env.history.turns]


@pytest.mark.slow
def test_several_proposals_become_turns_of_their_own(hard: Problem, folder: Path) -> None:
    policy = make_policy("embedded", 0, {"model": str(folder)})
    assert isinstance(policy, ManyPolicy) and not isinstance(make_policy("trust", 0), ManyPolicy)
    env, events = play(hard, policy, 7, width=3)
    assert [turn.index for turn in env.history.turns] == list(range(8))
    types = [type for type, _ in events if type in {"turn.proposed", "turn.evaluated"}]
    assert types == (["turn.proposed"] * 3 + ["turn.evaluated"] * 3) * 2 + ["turn.proposed", "turn.evaluated"]
    sizings = [tuple(sorted((turn.sizing or {}).items())) for turn in env.history.turns]
    assert len(set(sizings)) == len(sizings)
    alone, _ = play(hard, make_policy("embedded", 0, {"model": str(folder)}), 1)
    assert alone.history.turns[1].sizing == env.history.turns[1].sizing


@pytest.mark.slow
def test_the_most_promising_answer_comes_first(hard: Problem, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env, _ = play(hard, make_policy("random", 0), 3)
    policy = make_policy("embedded", 0, {"model": str(folder)})
    assert isinstance(policy, EmbeddedPolicy)
    gains: list[float] = []

    def gain(answer: Answer, history: History) -> float:
        assert answer.outcomes is not None and history is env.history
        gains.append(float(answer.tokens[-1]))
        return gains[-1]

    monkeypatch.setattr(policy, "_gain", gain)
    proposals = policy.proposals(env.history)
    assert len(proposals) == len(gains) > 3 and all(proposal.reasoning.startswith("for ") for proposal in proposals)
    last = CompactLanguage(hard).slots.levels[-1]
    said = [last.of((proposal.sizing or {})[last.parameter.name]) for proposal in proposals]
    assert said == sorted(said, reverse=True)


def test_an_installation_without_a_model_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from eda_agent.agent.policies import embedded

    monkeypatch.setattr(embedded.resources, "files", lambda name: tmp_path)
    with pytest.raises(MissingError, match="no embedded model"):
        make_policy("auto", 0)


def test_an_endpoint_takes_the_models_place(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Any] = {}

    class Chat:
        name = "chat"

        def __init__(self, seed: int, endpoint: str, model: str | None, *, replay: None, max_tokens: int):
            made.update(endpoint=endpoint, model=model, max_tokens=max_tokens)

    monkeypatch.setattr("eda_agent.agent.policies.auto.ChatPolicy", Chat)
    policy = make_policy("auto", 0, {"model": "m", "endpoint": "http://127.0.0.1:1/v1", "max_tokens": 99})
    assert isinstance(policy, AutoPolicy) and policy.model.name == "chat"
    assert made == {"endpoint": "http://127.0.0.1:1/v1", "model": "m", "max_tokens": 99}


def test_what_the_language_cannot_say_is_searched_from_the_first_turn(
    problems: dict[str, Problem], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eda_agent.agent.language.words.SLOTS", 3)
    monkeypatch.setattr("eda_agent.agent.policies.auto.shipped_priors", list)
    env, events = play(problems["ota_5t"], AutoPolicy(0), 4)
    assert [turn.proposal.policy for turn in env.history.turns[1:]] == ["trust"] * 4
    changes = [fields for type, fields in events if type == "policy.changed"]
    assert len(changes) == 1 and "has more" in changes[0]["reason"]
    # it explores as the search does by itself
    alone, _ = play(problems["ota_5t"], make_policy("trust", 0), 4)
    assert [turn.sizing for turn in alone.history.turns] == [turn.sizing for turn in env.history.turns]
