"""Experience: a known structure is begun by the search with what its designs measured before, and others are not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from eda_agent.agent.env import Environment
from eda_agent.agent.history import History
from eda_agent.agent.policies.atlas import FILE
from eda_agent.agent.policies.auto import EXPERIENCED, AutoPolicy
from eda_agent.agent.policies.embedded import shipped_model
from eda_agent.agent.policies.experience import Experience, experience, scaled
from eda_agent.agent.score import margin, margin_lines
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.bench.suite import LEARNED, UNSEEN
from eda_agent.problem.spec import Problem
from tests.train.histories import made_up

SHIPPED = shipped_model() / FILE


@pytest.mark.parametrize("name", [*LEARNED, *UNSEEN])
def test_circuits_of_the_training_have_it_and_no_others(name: str, problems: dict[str, Problem]) -> None:
    found = experience(SHIPPED, problems[name])
    assert (found is not None) == (name in LEARNED)
    if found is not None:
        assert found.known > 200 and len(found.designs) > 50
        # it knows the ups and downs of every spec: the surface leaves less than it explains
        assert (found.surface.within < np.maximum(found.surface.high - found.surface.low, 1e-9)).all()


def test_margins_are_lines_of_scaled_values(problems: dict[str, Problem]) -> None:
    for problem in problems.values():
        for spec in problem.specs:
            bound = spec.minimum if spec.minimum is not None else spec.maximum
            assert bound is not None
            values = np.array([bound * share for share in (0.5, 0.9, 1.0, 1.1, 2.0)])
            lines = np.min([slope * scaled(spec, values) + shift for slope, shift in margin_lines(spec)], axis=0)
            assert lines == pytest.approx([margin(spec, value) for value in values], abs=1e-9)


def test_a_run_begins_with_the_search_that_knows(miller: Problem) -> None:
    env = Environment(miller, made_up(miller))
    env.start()
    policy = AutoPolicy(0)
    for _ in range(6):
        proposal = policy.propose(env.history)
        assert proposal.policy == "trust" and "same structure" in proposal.reasoning
        # a function of the history: a run taken up again goes on alike
        assert AutoPolicy(0).propose(env.history).sizing == proposal.sizing
        assert not env.history.tried(proposal.sizing or {})
        env.step(proposal)
    # another model's training is not known
    assert AutoPolicy(0, str(shipped_model())).propose(History(miller, env.history.turns[:1])).policy == "embedded"


def test_after_many_turns_the_run_itself_is_known_better(miller: Problem) -> None:
    env = Environment(miller, made_up(miller))
    env.start()
    rng = np.random.default_rng(0)
    while len(env.history.turns) <= EXPERIENCED:
        env.step(Proposal(miller.space.from_unit(rng.random(len(miller.space.parameters)).tolist()), policy="user"))
    assert "same structure" not in AutoPolicy(0).propose(env.history).reasoning


def test_failures_and_holes_teach_where_not_to_go(miller: Problem) -> None:
    """A baseline that failed, or of which nothing could be measured, leaves the surfaces where they were."""
    env = Environment(miller, made_up(miller))
    env.start()
    found = experience(SHIPPED, miller)
    assert found is not None and found.works is not None
    first = env.history.turns[0]
    assert first.score is not None
    holes = tuple(dataclasses.replace(result, value=None) for result in first.score.results)
    blank = dataclasses.replace(first, score=dataclasses.replace(first.score, results=holes))
    points = np.array([miller.space.to_unit(design) for design in found.designs[:20]])
    for turn in (first, blank):
        history = History(miller, (turn,))
        predicted = [process.predict(points) for process in found.processes(history)]
        assert all(np.isfinite(mean).all() and (deviation > 0).all() for mean, deviation in predicted)
    at = np.array([miller.space.to_unit(miller.space.initial)])
    sure, warned = (found.chance(History(miller, (turn,)), at)[0] for turn in (first, blank))
    assert 0 <= warned < sure <= 1


def test_ranges_without_known_designs_have_none(miller: Problem) -> None:
    space = miller.space
    far = tuple(
        dataclasses.replace(one, minimum=one.maximum * 10, maximum=one.maximum * 20, initial=one.maximum * 10) for one in space.parameters
    )
    assert experience(SHIPPED, dataclasses.replace(miller, space=dataclasses.replace(space, parameters=far))) is None


def test_three_turns_foretell_more_than_the_atlas_alone(miller: Problem) -> None:
    """On the shipped circuit's own simulator: errors of margins at designs that were not tried fall with the turns."""
    from eda_agent.simulation.cache import MemoryCache, cache_folder
    from eda_agent.simulation.deck import Workbench
    from eda_agent.simulation.evaluate import Evaluator
    from eda_agent.simulation.local_pool import LocalPool

    found = experience(SHIPPED, miller)
    assert isinstance(found, Experience)
    designs = [miller.space.initial, *found.designs[:12]]
    with LocalPool(1) as workers:
        evaluator = Evaluator(miller, Workbench(miller, cache_folder() / "models"), workers, MemoryCache())
        env = Environment(miller, evaluator)
        env.start()
        for design in designs[1:]:
            env.step(Proposal(design, policy="user"))
    turns: list[Turn] = [
        turn for turn in env.history.turns if turn.score is not None and all(one.value is not None for one in turn.score.results)
    ]
    assert len(turns) > 8
    ahead = turns[4:]
    points = np.array([miller.space.to_unit(turn.sizing) for turn in ahead if turn.sizing is not None])
    truth = np.array([[result.margin for result in turn.score.results] for turn in ahead if turn.score is not None])
    errors = []
    for seen in (1, 4):
        processes = found.processes(History(miller, tuple(turns[:seen])))
        predicted = np.stack([process.predict(points)[0] for process in processes], 1)
        errors.append(float(np.abs(np.clip(predicted, -1, 0.5) - np.clip(truth, -1, 0.5)).mean()))
    assert errors[1] < errors[0] and errors[1] < 0.1
