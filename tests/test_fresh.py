"""The suite `fresh`: six circuits for a last comparison, each of a kind, at work at its own sizes, with targets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from eda_agent.agent.policies.embedded import shipped_model
from eda_agent.agent.policies.surrogate_checkpoint import FILE
from eda_agent.agent.policies.surrogate_prior import load_prior
from eda_agent.agent.score import score
from eda_agent.bench import FRESH, LEARNED, SHIPPED, UNSEEN, jobs_of, read_suite
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.problem.target import read_targets, with_target
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from eda_agent.train.tasks import held_out
from tests.conftest import CIRCUITS, NAMES
from tests.evidence import cases

SIMULATED = cases(FRESH, "tia_cascode", "ldo_buffered")


@pytest.fixture(scope="module")
def fresh() -> Iterator[dict[str, Problem]]:
    yield {name: load_problem(CIRCUITS / name) for name in FRESH}


def evaluated(problem: Problem, sizings: list[dict[str, float]], pool: LocalPool, cache: Path) -> list[Evaluation]:
    return Evaluator(problem, Workbench(problem, cache / "models"), pool, NoCache()).evaluate(sizings)


def test_the_suite_is_asked_for_by_its_name_only() -> None:
    """`all` leaves it out, so that nobody looks at it by accident; training and validation have none of it."""
    suite = read_suite("fresh")
    assert [spec.parent.name for spec, _ in suite.tasks] == [*FRESH]
    assert not {spec.parent.name for spec, _ in read_suite("all").tasks} & {*FRESH}
    assert {*SHIPPED} == {path.parent.name for path in CIRCUITS.glob("*/spec.yaml")} == {*NAMES, *FRESH}
    assert not {*LEARNED, *UNSEEN} & {*FRESH}
    assert len(jobs_of(suite, ["trust"], 1, 8, 20)) == 20 * len(FRESH)
    assert len(read_suite("rail_to_rail").tasks) == 1


@pytest.mark.parametrize("name", FRESH)
def test_no_shipped_surrogate_was_made_of_a_fresh_circuit(name: str, fresh: dict[str, Problem]) -> None:
    assert load_prior(shipped_model() / FILE, fresh[name]) is None


def test_the_circuits_are_of_two_processes_and_of_six_kinds(fresh: dict[str, Problem]) -> None:
    assert {problem.pdk.name for problem in fresh.values()} == {"sky130A", "gf180mcuD"}
    benches = [{bench.template for bench in problem.testbenches.values()} for problem in fresh.values()]
    assert len({frozenset(names) for names in benches}) == len(FRESH)


@pytest.mark.parametrize("name", FRESH)
def test_the_targets_are_those_of_the_generator(name: str, fresh: dict[str, Problem]) -> None:
    targets = read_targets(CIRCUITS / name / "targets.json")
    assert len(targets) == 20 and len({target.digest for target in targets}) == 20
    assert {target.digest for target in targets} <= held_out()
    specs = {spec.name for spec in fresh[name].specs}
    assert all(target.bounds.keys() == specs for target in targets)
    designs = [tuple(sorted(target.known.items())) for target in targets]
    # no stored design proves more than a tenth of them
    assert max(map(designs.count, designs)) <= 2


@pytest.mark.parametrize("name", SIMULATED)
def test_golden_measurements_and_the_known_sizing(
    name: str, fresh: dict[str, Problem], pool: LocalPool, own_cache: Path
) -> None:
    problem = fresh[name]
    golden = json.loads((CIRCUITS / name / "golden.json").read_text())
    known = json.loads((CIRCUITS / name / "known.json").read_text())["sizing"]
    start, answer = evaluated(problem, [problem.space.initial, problem.space.snap(known)], pool, own_cache)
    for corner, row in golden["values"].items():
        for spec, value in row.items():
            # it does its job at its own sizes: everything can be measured
            assert value is not None, (corner, spec)
            tolerance = golden["tolerance"].get(spec, golden["tolerance"]["default"])
            assert start.values[corner][spec] == pytest.approx(value, rel=tolerance), (corner, spec)
    assert not score(problem.specs, start).met
    assert score(problem.specs, answer).met, answer.values


@pytest.mark.parametrize("name", SIMULATED)
def test_targets_are_met_by_what_is_said_to_meet_them(
    name: str, fresh: dict[str, Problem], pool: LocalPool, own_cache: Path
) -> None:
    for target in read_targets(CIRCUITS / name / "targets.json")[:2]:
        problem = with_target(fresh[name], target)
        sizings = [problem.space.snap(target.known), problem.space.initial]
        answer, start = evaluated(problem, sizings, pool, own_cache)
        assert score(problem.specs, answer).met, (target.name, answer.values)
        assert not score(problem.specs, start).met
