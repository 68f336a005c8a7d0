"""A prior: a known structure is begun by the search with what its surrogate predicts, and others are not."""

from __future__ import annotations

import dataclasses
import json
import random

import numpy as np
import pytest

from eda_agent.agent.env import Environment
from eda_agent.agent.history import History
from eda_agent.agent.policies.auto import AutoPolicy
from eda_agent.agent.policies.embedded import shipped_model
from eda_agent.agent.policies.measurement_chance import SHIFT, shift_of
from eda_agent.agent.policies.prior_search import PRIOR_TURNS
from eda_agent.agent.policies.surrogate_checkpoint import FILE
from eda_agent.agent.policies.surrogate_prior import JUDGED_AFTER, SurrogatePrior, load_prior, scaled
from eda_agent.agent.policies.training_data import CLIP
from eda_agent.agent.policies.universal_prior import UniversalPrior
from eda_agent.agent.score import margin, margin_lines
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.bench.suite import UNSEEN
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import MemoryCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from eda_agent.train.designs import designs_around
from eda_agent.train.tasks import CIRCUITS
from tests.train.histories import made_up

SHIPPED = shipped_model() / FILE


def test_margins_are_lines_of_scaled_values(problems: dict[str, Problem]) -> None:
    for problem in problems.values():
        for spec in problem.specs:
            bound = spec.minimum if spec.minimum is not None else spec.maximum
            assert bound is not None
            values = np.array([bound * share for share in (0.5, 0.9, 1.0, 1.1, 2.0)])
            lines = np.min([slope * scaled(spec, values) + shift for slope, shift in margin_lines(spec)], axis=0)
            assert lines == pytest.approx([margin(spec, value) for value in values], abs=1e-9)


@pytest.mark.slow
def test_a_run_begins_with_the_search_that_knows(miller: Problem) -> None:
    env = Environment(miller, made_up(miller))
    env.start()
    policy = AutoPolicy(0)
    policy.prepare(miller)
    for _ in range(JUDGED_AFTER - 1):
        proposal = policy.propose(env.history)
        assert proposal.policy == "trust" and "similar designs" in proposal.reasoning
        # a function of the history: a run taken up again goes on alike, prepared or not
        assert AutoPolicy(0).propose(env.history).sizing == proposal.sizing
        assert not env.history.tried(proposal.sizing or {})
        env.step(proposal)
    # another model's training is not known
    assert AutoPolicy(0, str(shipped_model())).propose(History(miller, env.history.turns[:1])).policy == "embedded"


def test_after_many_turns_the_run_itself_is_known_better(miller: Problem) -> None:
    env = Environment(miller, made_up(miller))
    env.start()
    rng = np.random.default_rng(0)
    while len(env.history.turns) <= PRIOR_TURNS:
        env.step(Proposal(miller.space.from_unit(rng.random(len(miller.space.parameters)).tolist()), policy="user"))
    assert "similar designs" not in AutoPolicy(0).propose(env.history).reasoning


def test_a_circuit_that_is_held_out_has_no_surrogate_of_its_own(problems: dict[str, Problem]) -> None:
    for name in UNSEEN:
        assert load_prior(SHIPPED, problems[name]) is None
        kinds = [type(one) for one in AutoPolicy(0).within.loaded(problems[name]).priors]
        assert kinds == [UniversalPrior]


def test_failures_and_holes_teach_where_not_to_go(miller: Problem) -> None:
    """A baseline that failed, or of which nothing could be measured, is no reason to stop; what does not work is feared
    there.
    """
    env = Environment(miller, made_up(miller))
    env.start()
    found = known(miller)
    first = env.history.turns[0]
    assert first.score is not None and first.evaluation is not None
    holes = tuple(dataclasses.replace(result, value=None) for result in first.score.results)
    nothing = dataclasses.replace(
        first.evaluation, values={corner: dict.fromkeys(row) for corner, row in first.evaluation.values.items()}
    )
    blank = dataclasses.replace(first, score=dataclasses.replace(first.score, results=holes), evaluation=nothing)
    points = np.random.default_rng(0).random((20, len(miller.space.parameters)))
    for turn in (first, blank):
        history = History(miller, (turn,))
        beliefs = found.beliefs(history)
        processes, chance = beliefs.processes, beliefs.chance
        assert chance is not None
        predicted = [process.predict(points) for process in processes]
        assert all(np.isfinite(mean).all() and (deviation > 0).all() for mean, deviation in predicted)
        assert np.isfinite(chance(points)).all()
    at = np.array([miller.space.to_unit(miller.space.initial)])
    chances = [found.beliefs(History(miller, (turn,))).chance for turn in (first, blank)]
    sure, warned = (chance(at).min() for chance in chances if chance is not None)
    assert 0 <= warned < sure <= 1


def test_the_worst_corner_is_the_margin(miller: Problem) -> None:
    """With a second corner that measures worse, every margin is predicted lower; with one that measures the same, as
    before.
    """
    corner = miller.corners[0]
    both = dataclasses.replace(miller, corners=(corner, dataclasses.replace(corner, name="other")))
    env = Environment(miller, made_up(miller))
    env.start()
    turn = env.history.turns[0]
    assert turn.evaluation is not None
    own = turn.evaluation.values[corner.name]
    worse = {spec.name: (own[spec.name] or 0.0) * (0.5 if spec.minimum is not None else 2.0) for spec in miller.specs}
    points = np.random.default_rng(0).random((20, len(miller.space.parameters)))
    alone, same, lower = (
        np.array(
            [process.predict(points)[0] for process in known(problem).beliefs(History(problem, (seen,))).processes]
        )
        for problem, seen in (
            (miller, turn),
            (both, with_other(turn, dict(own))),
            (both, with_other(turn, worse)),
        )
    )
    assert same == pytest.approx(alone)
    assert (lower <= alone + 1e-9).all() and lower.mean() < alone.mean() - 0.05


def with_other(turn: Turn, row: dict[str, float | None]) -> Turn:
    """The turn with a second corner."""
    assert turn.evaluation is not None
    return dataclasses.replace(
        turn, evaluation=dataclasses.replace(turn.evaluation, values={**turn.evaluation.values, "other": row})
    )


def test_the_baseline_foretells_and_turns_foretell_more(miller: Problem) -> None:
    """On the shipped circuit's own simulator, under its own conditions: margins of designs that were not tried."""
    found = known(miller)
    draw = random.Random(0)
    near = json.loads((CIRCUITS / "two_stage_miller" / "known.json").read_text())["sizing"]
    designs = designs_around(miller, miller.space.snap(near), draw, 20)
    with LocalPool(1) as workers:
        env = Environment(
            miller, Evaluator(miller, Workbench(miller, cache_folder() / "models"), workers, MemoryCache())
        )
        env.start()
        for design in designs:
            if not env.history.tried(design):
                env.step(Proposal(design, policy="user"))
    turns: list[Turn] = [
        turn
        for turn in env.history.turns
        if turn.score is not None and all(one.value is not None for one in turn.score.results)
    ]
    assert len(turns) > 14 and turns[0].index == 0
    ahead = turns[7:]
    points = np.array([miller.space.to_unit(turn.sizing) for turn in ahead if turn.sizing is not None])
    # the saturation margin was not taught
    taught = [place for place, column in enumerate(found.surrogate.columns) if column is not None]
    assert len(taught) == len(miller.specs) - 1
    truth = np.clip(
        [[turn.score.results[place].margin for place in taught] for turn in ahead if turn.score is not None], *CLIP
    )
    errors = []
    for seen in (1, 7):
        processes = found.beliefs(History(miller, tuple(turns[:seen]))).processes
        predicted = np.stack([processes[place].predict(points)[0] for place in taught], 1)
        errors.append(float(np.abs(np.clip(predicted, *CLIP) - truth).mean()))
    # knowing nothing would be as good as the mean
    assert errors[0] < 0.35 * np.abs(truth - truth.mean(0)).mean()
    assert errors[1] < errors[0]


def test_a_condition_is_as_hard_as_its_turns_say() -> None:
    """The most likely shift of all logits, against a search on a grid; one failure says little where it was likely."""
    rng = np.random.default_rng(5)
    grid = np.linspace(-15, 15, 30001)
    for _ in range(20):
        logits, worked = rng.normal(2, 3, 6), (rng.random(6) < 0.5).astype(float)
        density = (worked[:, None] * (logits[:, None] + grid) - np.logaddexp(0, logits[:, None] + grid)).sum(
            0
        ) - 0.5 * (grid / SHIFT) ** 2
        assert shift_of(logits, worked) == pytest.approx(grid[density.argmax()], abs=2e-3)
    assert shift_of(np.array([5.0]), np.array([0.0])) < shift_of(np.array([0.0]), np.array([0.0])) < 0
    assert -0.1 < shift_of(np.array([-5.0]), np.array([0.0])) < 0


def known(problem: Problem) -> SurrogatePrior:
    found = load_prior(SHIPPED, problem)
    assert found is not None
    return found
