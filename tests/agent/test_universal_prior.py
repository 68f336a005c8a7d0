"""The universal prior in a run: who is believed follows from the turns, what is exact is exact, and what does not fit
is left with a word.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eda_agent.agent.env import Environment
from eda_agent.agent.history import History
from eda_agent.agent.policies import universal_prior
from eda_agent.agent.policies.gaussian_process import GaussianProcess
from eda_agent.agent.policies.prior_search import DISPROVED, PRIOR_TURNS, SIDE, STUCK, idle_turns
from eda_agent.agent.policies.registry import make_policy
from eda_agent.agent.policies.trust_region import TrustRegion
from eda_agent.agent.policies.universal import UniversalPolicy
from eda_agent.agent.policies.universal_margins import ExactArea, ResidualMargin, UniversalMargin
from eda_agent.agent.policies.universal_prior import (
    JUDGED_AFTER,
    MAX_CORNERS,
    UNREADABLE,
    UniversalPrior,
    deciding_corners,
    fitted_after,
    load_universal,
)
from eda_agent.agent.score import score
from eda_agent.agent.turn import Proposal
from eda_agent.agent.universal.checkpoint import FILE
from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from tests.agent.untrained import write_untrained
from tests.train.histories import made_up, played


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_untrained(tmp_path_factory.mktemp("weights"))


def one_corner(problem: Problem) -> Problem:
    return replace(
        problem, corners=problem.corners[:1], specs=tuple(replace(spec, corners=()) for spec in problem.specs)
    )


def prior_of(problem: Problem, weights: Path) -> UniversalPrior:
    found = load_universal(weights, problem)
    assert isinstance(found, UniversalPrior)
    return found


def test_changes_are_those_of_the_design_space(problems: dict[str, Problem], weights: Path) -> None:
    problem = problems["three_stage_nmc"]
    prior, space = prior_of(problem, weights), problem.space
    for sizing in (space.initial, space.from_unit([0.3] * len(space.parameters))):
        changes = prior.changes(np.array([space.to_unit(sizing)]))[0]
        assert changes == pytest.approx([np.log(sizing[name] / space.initial[name]) for name in space.names], abs=1e-6)


def test_gate_area_is_exact(problems: dict[str, Problem], weights: Path, pool: LocalPool) -> None:
    """What is predicted after one turn is what ngspice's sizes give at others."""
    problem = one_corner(problems["ota_5t"])
    env = Environment(problem, Evaluator(problem, Workbench(problem, cache_folder() / "models"), pool, NoCache()))
    env.start()
    processes = prior_of(problem, weights).beliefs(env.history).processes
    place = next(place for place, spec in enumerate(problem.specs) if spec.metric.name == "gate_area")
    process = processes[place]
    assert isinstance(process, ExactArea)
    draw = np.random.default_rng(0)
    sizings = [problem.space.from_unit(row) for row in draw.random((3, len(problem.space.parameters))).tolist()]
    found = [score(problem.specs, one).results[place].margin for one in env.simulator.evaluate(sizings)]
    mean, deviation = process.predict(np.array([problem.space.to_unit(one) for one in sizings]))
    assert np.clip(mean, -1, None) == pytest.approx(found, abs=1e-3) and (deviation < 1e-3).all()


@pytest.mark.parametrize("corners", [1, 3])
def test_a_history_is_predicted_in_every_corner(corners: int, problems: dict[str, Problem], weights: Path) -> None:
    problem = replace(problems["three_stage_nmc"], corners=problems["three_stage_nmc"].corners[:corners])
    history = played(problem, 6)
    beliefs = prior_of(problem, weights).beliefs(history)
    processes, chance = beliefs.processes, beliefs.chance
    assert chance is not None
    points = np.random.default_rng(0).random((50, len(problem.space.parameters)))
    assert len(processes) == len(problem.specs)
    for process in processes:
        mean, deviation = process.predict(points)
        assert mean.shape == deviation.shape == (50,) and np.isfinite(mean).all() and (deviation > 0).all()
    assert ((chance(points) >= 0) & (chance(points) <= 1)).all()
    if corners > 1:
        margin = next(one for one in processes if isinstance(one, UniversalMargin))
        alone = [replace(margin, corners=[corner]).predict(points)[0] for corner in margin.corners]
        assert len(alone) == corners and margin.predict(points)[0] == pytest.approx(np.min(alone, axis=0))


def test_what_cannot_be_used_gives_no_prior(problems: dict[str, Problem], weights: Path, tmp_path: Path) -> None:
    problem = problems["ota_5t"]
    assert "no weights" in str(load_universal(tmp_path / "none.npz", problem))
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    assert (
        load_universal(tmp_path / "bad.npz", problem) == "bad.npz: no weights of a universal surrogate of this version"
    )


def test_of_many_corners_those_that_decide_are_predicted(problems: dict[str, Problem], weights: Path) -> None:
    problem = problems["three_stage_nmc"]
    first = problem.corners[0]
    corners = tuple(replace(first, name=f"c{number}", temperature=float(number)) for number in range(MAX_CORNERS + 3))
    specs = tuple(replace(spec, corners=()) for spec in problem.specs)
    problem = replace(problem, corners=corners, specs=specs)
    history = played(problem, 5)
    found = deciding_corners(problem, history.turns, MAX_CORNERS)
    counts = {
        name: sum(result.corner == name for turn in history.turns for result in turn.score.results)  # type: ignore[union-attr]
        for name in (corner.name for corner in corners)
    }
    left = counts.keys() - set(found)
    assert len(found) == MAX_CORNERS and min(counts[name] for name in found) >= max(counts[name] for name in left)
    processes = prior_of(problem, weights).beliefs(history).processes
    margin = next(one for one in processes if isinstance(one, UniversalMargin))
    assert len(margin.corners) == MAX_CORNERS


def test_a_turn_whose_specs_could_not_be_measured_is_read_as_such(problems: dict[str, Problem], weights: Path) -> None:
    """A baseline that measures nothing: every spec goes by the turns alone, and nothing breaks."""
    problem = one_corner(problems["three_stage_nmc"])
    simulator = made_up(problem)
    simulator.function = lambda sizing, corner: {spec.name: None for spec in problem.specs}
    env = Environment(problem, simulator)
    env.start()
    proposal = UniversalPolicy(0, str(weights)).propose(env.history)
    assert proposal.sizing is not None and proposal.sizing != problem.space.initial


@pytest.fixture
def policy(weights: Path) -> UniversalPolicy:
    return UniversalPolicy(0, str(weights))


def test_it_is_a_function_of_the_history_and_the_seed(
    problems: dict[str, Problem], policy: UniversalPolicy, weights: Path
) -> None:
    history = played(one_corner(problems["three_stage_nmc"]), 2)
    first = policy.propose(history)
    assert first.policy == "universal" and "by the model of other circuits" in first.reasoning
    # in the folder of the weights as well as by their file; not by another seed
    again = make_policy(f"universal:{weights.parent}", 0).propose(history)
    assert again == first and UniversalPolicy(1, str(weights)).propose(history).sizing != first.sizing


def test_between_two_fits_the_length_scales_stay(problems: dict[str, Problem], weights: Path) -> None:
    """Those of the fit before, with the process on all turns; a prior that begins later has the same."""
    assert [fitted_after(count) for count in (3, 4, 5, 17, 18, 19, 21, 22)] == [2, 4, 4, 16, 18, 18, 18, 22]
    history = played(one_corner(problems["three_stage_nmc"]), 8)
    prior, late = prior_of(history.problem, weights), prior_of(history.problem, weights)
    fitted, between = (prior._judge.models(History(history.problem, history.turns[:count])) for count in (8, 9))
    moved = 0
    for place, (_, _, own) in between.rivals.items():
        before = fitted.rivals[place][2]
        assert own.log_scales == pytest.approx(before.log_scales)
        at = np.full((1, len(own.log_scales)), 0.4)
        assert late._judge.models(history).rivals[place][2].predict(at) == own.predict(at)
        moved += isinstance(own, GaussianProcess) and own.predict(at) != before.predict(at)
    assert moved


@pytest.mark.parametrize("content", [None, b"", b"PK nothing"])
def test_without_good_weights_there_is_one_message(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    with pytest.raises(InputError, match="no weights of a universal surrogate of this version") as caught:
        make_policy("universal", 0, {"model": str(tmp_path)})
    assert "eda_agent.train.universal.learn" in str(caught.value)


def test_a_circuit_that_cannot_be_read_is_searched_alone(
    problems: dict[str, Problem], policy: UniversalPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = one_corner(problems["tia"])
    monkeypatch.setattr(universal_prior, "circuit_graph", lambda problem: None)
    begun, later = played(problem, 0), played(problem, 6)
    assert policy.propose(begun).handover == UNREADABLE and policy.propose(later).handover == ""
    assert policy.propose(later).sizing == TrustRegion(0).propose(later).sizing


def test_a_circuit_that_it_does_not_fit_is_left_after_a_few_turns(
    problems: dict[str, Problem], policy: UniversalPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = one_corner(problems["tia"])
    history = played(problem, JUDGED_AFTER + 3)
    wrong = lambda self, points: (np.full(len(points), 0.4), np.full(len(points), 0.01))  # noqa: E731
    monkeypatch.setattr(UniversalMargin, "predict", wrong)
    monkeypatch.setattr(ResidualMargin, "predict", wrong)
    first = history.measured[JUDGED_AFTER - 1] + 1
    begun, then = History(problem, history.turns[: first - 1]), History(problem, history.turns[:first])
    assert "by the model of other circuits" in policy.propose(begun).reasoning
    proposal = policy.propose(then)
    assert proposal.handover == DISPROVED and proposal.sizing == TrustRegion(0).search(then, first, SIDE).sizing
    assert policy.propose(history).handover == "" and "taught" not in policy.propose(history).reasoning


def test_a_plateau_is_no_evidence_and_has_a_slope(problems: dict[str, Problem], weights: Path) -> None:
    """A spec that every turn knows only as a bound: its margins are flat, the surrogate still has a direction."""
    problem = one_corner(problems["three_stage_nmc"])
    prior, place = prior_of(problem, weights), 2
    name, corner = problem.specs[place].name, problem.corners[0].name
    turns = []
    for turn in played(problem, JUDGED_AFTER).turns:
        assert turn.evaluation is not None and turn.score is not None
        results = tuple(replace(one, bound=">" if one.spec == name else "") for one in turn.score.results)
        evaluation = replace(turn.evaluation, bounds={(corner, name): ">"})
        turns.append(replace(turn, evaluation=evaluation, score=replace(turn.score, results=results)))
    history = History(problem, tuple(turns))
    found = prior.beliefs(history).processes[place]
    assert isinstance(found, UniversalMargin)
    points = np.random.default_rng(0).random((50, len(problem.space.parameters)))
    assert np.ptp(found.predict(points)[0]) > 1e-3
    others = {number for number, spec in enumerate(problem.specs) if spec.metric.name != "gate_area"} - {place}
    assert prior._judge.scores(history).keys() == others


def test_a_run_that_is_stuck_goes_on_by_turns(
    problems: dict[str, Problem], policy: UniversalPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = one_corner(problems["tia"])
    history = played(problem, 40)
    best = max(range(41), key=lambda place: history.rank_keys[place] or (-1.0, 0.0))
    assert idle_turns(history) == len(history.measured) - 1 - best
    monkeypatch.setattr(UniversalPrior, "disproved", lambda self, history: False)
    monkeypatch.setattr(TrustRegion, "search", lambda self, *_: Proposal({}, "alone"))
    monkeypatch.setattr(TrustRegion, "informed", lambda self, *_: Proposal({}, "told"))
    said = [
        policy.propose(History(problem, history.turns[: best + 1 + idle])).reasoning for idle in range(1, STUCK + 4)
    ]
    assert said[: STUCK - 1] == ["told"] * (STUCK - 1)
    assert said[STUCK - 1 :] == ["alone" if (best + 1 + idle) % 2 else "told" for idle in range(STUCK, STUCK + 4)]
    assert policy.propose(History(problem, history.turns * 2)).reasoning == "alone" and PRIOR_TURNS < 82


def test_it_sizes_a_circuit(problems: dict[str, Problem], policy: UniversalPolicy, pool: LocalPool) -> None:
    """With weights that know nothing it is still a search: the real simulator, turn by turn, without a failure of its
    own.
    """
    problem = one_corner(problems["ota_5t"])
    env = Environment(problem, Evaluator(problem, Workbench(problem, cache_folder() / "models"), pool, NoCache()))
    env.start()
    for _ in range(7):
        env.step(policy.propose(env.history))
    turns = env.history.turns
    assert len(turns) == 8 and all(
        turn.sizing is not None and turn.proposal.policy == "universal" for turn in turns[1:]
    )
    assert max(turn.value for turn in turns[1:]) > turns[0].value
