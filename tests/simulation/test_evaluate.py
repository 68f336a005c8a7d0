"""Shipped circuits on real ngspice: golden values, altering equals loading, order does not matter, nothing is simulated
twice.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eda_agent.agent.score import score
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import Cache, NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.executor import Done, Preparation, Task, WorkerRequest
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from tests.evidence import cases

from ..conftest import CIRCUITS, NAMES


@pytest.fixture(scope="module")
def workbenches(problems: dict[str, Problem], own_cache: Path) -> dict[str, Workbench]:
    return {name: Workbench(problem, own_cache / "models") for name, problem in problems.items()}


@pytest.mark.parametrize(
    "name", cases(NAMES, "ota_5t", "folded_cascode", "ldo", "strongarm", "tia", "two_stage_miller")
)
def test_golden_measurements(
    name: str, problems: dict[str, Problem], workbenches: dict[str, Workbench], pool: LocalPool
) -> None:
    golden = json.loads((CIRCUITS / name / "golden.json").read_text())
    problem = problems[name]
    evaluation = Evaluator(problem, workbenches[name], pool, NoCache()).evaluate([problem.space.initial])[0]
    assert not evaluation.failures
    for corner, row in golden["values"].items():
        for spec, value in row.items():
            tolerance = golden["tolerance"].get(spec, golden["tolerance"]["default"])
            assert evaluation.values[corner][spec] == (
                pytest.approx(value, rel=tolerance) if value is not None else None
            ), (corner, spec)
    # the specs are worth sizing for: the starting sizes miss some
    assert any(
        not spec.met(evaluation.values[corner.name][spec.name]) for spec in problem.specs for corner in problem.corners
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_known_sizing_meets_the_spec(
    name: str, problems: dict[str, Problem], workbenches: dict[str, Workbench], pool: LocalPool
) -> None:
    problem = problems[name]
    known = problem.space.snap(json.loads((CIRCUITS / name / "known.json").read_text())["sizing"])
    graded = score(problem.specs, Evaluator(problem, workbenches[name], pool, NoCache()).evaluate([known])[0])
    assert graded.met, {result.spec: (result.value, result.corner) for result in graded.results if not result.met}


@pytest.mark.parametrize("name", cases(NAMES, "ota_5t", "ldo", "tia"))
def test_flat_and_altered_equals_the_netlist_loaded_anew(
    name: str, problems: dict[str, Problem], workbenches: dict[str, Workbench], pool: LocalPool
) -> None:
    problem, workbench = problems[name], workbenches[name]
    evaluator = Evaluator(problem, workbench, pool, NoCache())
    preparations = evaluator.prepare()
    draw = random.Random(7)
    if name in {"ota_5t", "two_stage_miller", "strongarm"}:
        assert all(preparation.flat for preparation in preparations.values())
        sizings = [problem.space.from_unit([draw.random() for _ in problem.space.parameters]) for _ in range(6)]
        # edges of bins, where ngspice has a rule of its own
        for width, length in (
            (1e-6, 0.5e-6),
            (2e-6, 1e-6),
            (3e-6, 0.18e-6),
            (7e-6, 0.25e-6),
            (1.2e-6, 1.2e-6),
            (10e-6, 10e-6),
        ):
            edge = {"W": width, "L": length}
            sizings.append(
                problem.space.snap({name: edge.get(name[0], start) for name, start in problem.space.initial.items()})
            )
    else:
        # elsewhere near a design that works: an oscillating regulator's transient magnifies the last digit to anything
        known = problem.space.to_unit(json.loads((CIRCUITS / name / "known.json").read_text())["sizing"])
        sizings = [
            problem.space.from_unit([position + draw.uniform(-0.02, 0.02) for position in known]) for _ in range(3)
        ]
    altered = evaluator.evaluate(sizings)
    for deck in workbench.decks:
        pool.adopt(deck, Preparation(False, preparations[deck.key].nodeset, None))
    loaded = evaluator.evaluate(sizings)
    for deck in workbench.decks:
        pool.adopt(deck, preparations[deck.key])
    for one, other in zip(altered, loaded, strict=True):
        assert len(one.failures) == len(other.failures)
        for corner, row in other.values.items():
            for spec, value in row.items():
                # in a circuit that does not work, input noise is the quotient of two small numbers: there the last
                # digits show; the unity-gain frequency of an amplifier that is out of its bias follows the solver's
                # tolerance
                tolerance = 1e-3 if spec == "input_noise" or len(sizings) == 3 else 2e-4 if spec == "gbw" else 1e-5
                # a saturation margin is the difference of two voltages that `show` gives six digits of
                least = 5e-6 if spec == "saturation" else 1e-12
                expected = pytest.approx(value, rel=tolerance, abs=least) if value is not None else None
                assert one.values[corner][spec] == expected, (corner, spec)


@pytest.mark.slow
def test_a_result_depends_on_the_sizing_alone_to_the_last_bit(
    miller: Problem, workbenches: dict[str, Workbench]
) -> None:
    workbench = workbenches["two_stage_miller"]
    draw = random.Random(3)
    start = miller.space.to_unit(miller.space.initial)
    # small moves stay in their bins and are altered, large ones are loaded
    moves = [[p + 0.02 * draw.uniform(-1, 1) for p in start] for _ in range(6)] + [
        [draw.random() for _ in start] for _ in range(4)
    ]
    sizings = [miller.space.from_unit(move) for move in moves]
    seen = []
    for order in (range(10), reversed(range(10)), (3, 9, 0, 6, 1, 8, 2, 7, 5, 4)):
        with LocalPool(1) as pool:
            evaluator = Evaluator(miller, workbench, pool, NoCache())
            order = list(order)
            done = evaluator.evaluate([sizings[index] for index in order])
            seen.append({index: evaluation.values for index, evaluation in zip(order, done, strict=True)})
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.slow
def test_decks_are_prepared_side_by_side_as_one_after_another(
    miller: Problem, workbenches: dict[str, Workbench]
) -> None:
    asked: list[int] = []

    class Watched(LocalPool):
        def dispatch(self, requests: Sequence[WorkerRequest], done: Done | None = None) -> list[dict[str, Any]]:
            asked.append(len(requests))
            return super().dispatch(requests, done)

    found = []
    for size in (1, 3):
        with Watched(size) as pool:
            found.append(Evaluator(miller, workbenches["two_stage_miller"], pool, NoCache()).prepare())
    assert found[0] == found[1] and list(found[0]) == [deck.key for deck in workbenches["two_stage_miller"].decks]
    assert asked == [len(found[0])] * 2


def test_the_operating_point_that_ac_leaves_is_that_of_op(
    miller: Problem, workbenches: dict[str, Workbench], pool: LocalPool
) -> None:
    workbench = workbenches["two_stage_miller"]
    Evaluator(miller, workbench, pool, NoCache()).prepare()
    for deck in workbench.decks[:1] + workbench.decks[2:3]:
        op = tuple(pair for pair in deck.analyses if pair[0] == "op")
        alone = replace(
            deck, key=f"{deck.key}-op", analyses=op, metrics=tuple(pair for pair in deck.metrics if pair[1] == "op")
        )
        pool.adopt(alone, pool.preparations[deck.key])
        together, single = pool.run(
            [Task(one, workbench.instance(miller.space.initial), operating_point=True) for one in (deck, alone)]
        )
        assert together["operating_point"] == single["operating_point"]
        assert single["metrics"]
        assert {name: together["metrics"][name] for name in single["metrics"]} == single["metrics"]


def test_nothing_is_simulated_twice(
    miller: Problem, workbenches: dict[str, Workbench], pool: LocalPool, tmp_path: Path
) -> None:
    path = tmp_path / "results.sqlite"
    first = Evaluator(miller, workbenches["two_stage_miller"], pool, Cache(path)).evaluate([miller.space.initial])[0]
    again = Evaluator(miller, workbenches["two_stage_miller"], pool, Cache(path)).evaluate([miller.space.initial])[0]
    assert (first.cached, again.cached) == (0, first.jobs)
    assert again.values == first.values
    assert again.operating_points == first.operating_points
    assert set(first.operating_points) == {f"xm{k}" for k in range(1, 9)}


def test_operating_points_add_up(miller: Problem, workbenches: dict[str, Workbench], pool: LocalPool) -> None:
    points = (
        Evaluator(miller, workbenches["two_stage_miller"], pool, NoCache())
        .evaluate([miller.space.initial])[0]
        .operating_points
    )
    # Kirchhoff: the pair shares the tail, the mirror carries the pair
    assert points["xm1"].id + points["xm2"].id == pytest.approx(points["xm5"].id, rel=1e-3)
    assert points["xm3"].id == pytest.approx(points["xm1"].id, rel=1e-3)
    assert points["xm8"].id == pytest.approx(5e-6, rel=1e-3)
    assert all(point.region == "saturation" for point in points.values())


def test_a_damaged_cache_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    path.write_bytes(b"this is no database, and long enough to be read as one" * 100)
    cache = Cache(path)
    cache.put("a", {"b": 1})
    assert cache.get("a") == {"b": 1}
    assert path.with_suffix(".damaged").exists()
