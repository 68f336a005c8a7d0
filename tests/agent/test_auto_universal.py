"""The universal surrogate in the auto policy: it begins on a circuit that has no surrogate of its own, is left when the
turns contradict it, and what keeps it from being used is said once and stops no run.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from eda_agent.agent.control import Control
from eda_agent.agent.env import Environment
from eda_agent.agent.history import History
from eda_agent.agent.loop import run_loop
from eda_agent.agent.policies import auto, universal_prior
from eda_agent.agent.policies.auto import AutoPolicy
from eda_agent.agent.policies.embedded import EmbeddedPolicy
from eda_agent.agent.policies.prior_search import DISPROVED, PriorSearch
from eda_agent.agent.policies.surrogate_prior import SurrogatePrior
from eda_agent.agent.policies.universal_prior import JUDGED_AFTER, UNREADABLE, UniversalPrior
from eda_agent.problem.spec import Budget, Problem
from tests.agent.untrained import write_untrained
from tests.train.histories import made_up, played


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_untrained(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def shipped(weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with untrained weights."""
    monkeypatch.setattr(auto, "shipped_weights", lambda: weights)
    return weights


def play(problem: Problem, count: int) -> tuple[list[tuple[str, str]], list[dict[str, Any]]]:
    """(policy, reasoning) of the turns, and the hand-overs."""
    changes: list[dict[str, Any]] = []
    env = Environment(problem, made_up(problem))

    def emit(type: str, /, **fields: Any) -> None:
        if type == "policy.changed":
            changes.append(fields)

    run_loop(env, AutoPolicy(0), Budget(count), emit, Control())
    return [(turn.proposal.policy, turn.proposal.reasoning) for turn in env.history.turns[1:]], changes


@pytest.mark.usefixtures("shipped")
def test_a_circuit_without_a_surrogate_of_its_own_begins_with_the_universal_one(
    problems: dict[str, Problem], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: EmbeddedPolicy, history: History) -> None:
        raise AssertionError("the model's proposals are not weighed")

    monkeypatch.setattr(EmbeddedPolicy, "proposals", refused)
    turns, changes = play(problems["tia"], 2)
    assert [policy for policy, _ in turns] == ["trust"] * 2 and changes == []
    said = r"expected gain in score [\d.e+-]+, by the model of other circuits; steps of about [\d.]+ % of the ranges"
    assert all(re.fullmatch(said, why) for _, why in turns)
    # a circuit of the training has both; its own comes first
    known = AutoPolicy(0).within.loaded(problems["ota_5t"])
    assert [type(one) for one in known.priors] == [SurrogatePrior, UniversalPrior]


@pytest.mark.usefixtures("shipped")
def test_a_circuit_that_it_does_not_fit_goes_on_as_without_it(
    problems: dict[str, Problem], monkeypatch: pytest.MonkeyPatch
) -> None:
    history = played(problems["tia"], JUDGED_AFTER + 9)
    monkeypatch.setattr(UniversalPrior, "disproved", lambda self, history: len(history.measured) >= JUDGED_AFTER)
    since = history.measured[JUDGED_AFTER - 1] + 1
    at = History(history.problem, history.turns[:since])
    proposal = AutoPolicy(0).propose(at)
    assert proposal.handover == DISPROVED and proposal.policy == "embedded"
    without = AutoPolicy(0)
    without.within = PriorSearch(0, [])
    assert proposal.sizing == without.propose(at).sizing
    later = AutoPolicy(0).propose(history)
    assert later.handover == "" and "taught" not in later.reasoning


def test_of_two_priors_the_first_that_is_not_contradicted_counts(
    problems: dict[str, Problem], shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del shipped
    history = played(problems["ota_5t"], JUDGED_AFTER + 2)
    monkeypatch.setattr(UniversalPrior, "disproved", lambda self, history: False)
    for contradicted, kind in ((False, SurrogatePrior), (True, UniversalPrior)):
        monkeypatch.setattr(SurrogatePrior, "disproved", lambda self, history, it=contradicted: it)
        within = AutoPolicy(0).within
        assert isinstance(within.believed(history), kind) and within.handed_over(history) == (0, "")


@pytest.mark.parametrize("case", ["damaged", "unreadable"])
def test_what_keeps_it_from_being_used_is_said_once(
    case: str, problems: dict[str, Problem], shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, reason = problems["tia"], UNREADABLE
    if case == "damaged":
        (tmp_path / "universal.npz").write_bytes(shipped.read_bytes()[:1000])
        monkeypatch.setattr(auto, "shipped_weights", lambda: tmp_path / "universal.npz")
        reason = "universal.npz: no weights of a universal surrogate of this version"
    else:
        monkeypatch.setattr(universal_prior, "circuit_graph", lambda problem: None)
    turns, changes = play(problem, 2)
    assert [policy for policy, _ in turns] == ["embedded"] * 2
    assert [(change["index"], change["before"], change["after"]) for change in changes] == [(1, "auto", "embedded")]
    assert changes[0]["reason"] == reason


def test_without_weights_nothing_is_said(
    problems: dict[str, Problem], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auto, "shipped_weights", lambda: tmp_path / "none.npz")
    turns, changes = play(problems["tia"], 1)
    assert turns[0][0] == "embedded" and changes == []


@pytest.mark.usefixtures("shipped")
def test_what_the_model_cannot_read_is_begun_with_the_prior(
    problems: dict[str, Problem], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eda_agent.agent.language.words.SLOTS", 3)
    turns, changes = play(problems["tia"], 2)
    assert all(policy == "trust" and "by the model of other circuits" in why for policy, why in turns)
    assert changes == []
