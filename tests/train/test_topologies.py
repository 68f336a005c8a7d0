"""Composed circuits: legal, different, recognised, simulating, and never one of those that are held out."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import math
from pathlib import Path

import pytest

from eda_agent.problem.load import load_problem
from eda_agent.problem.structure.fingerprint import fingerprint
from eda_agent.problem.structure.parameters import effects
from eda_agent.problem.structure.recognise import recognise
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from eda_agent.train.held_out import held_out_shapes
from eda_agent.train.recipe import GeneratedRecipe, PoolRecipe, Recipe
from eda_agent.train.sources import open_sources
from eda_agent.train.tasks import Curriculum
from eda_agent.train.topologies import compose
from eda_agent.train.topologies.compose import drawn, topologies


def test_a_number_draws_the_same_circuit() -> None:
    assert drawn(17) == drawn(17) and drawn(17) != drawn(18)


def test_circuits_are_legal_different_and_recognised(tmp_path: Path) -> None:
    shapes: set[str] = set()
    titles: set[str] = set()
    found = list(itertools.islice(topologies(0, tmp_path), 40))
    for path, problem in found:
        shapes.add(fingerprint(problem))
        netlist = (path.parent / f"{problem.name}.spice").read_text()
        title = netlist.splitlines()[0].removeprefix("* ")
        titles.add(title.split(",")[0])
        moved = effects(problem)
        # every parameter moves something, and every amplifier's input pair is found
        assert all(moved[parameter.name].devices for parameter in problem.space.parameters), title
        structure = recognise(problem.netlist, problem.subckt, problem.pdk)
        if "op-amp" in title or "regulator" in title:
            assert structure.input_pair is not None, title
            kind = "pmos" if "PMOS input" in title else "nmos"
            assert structure.input_pair[0].type == kind, title
        assert 3 <= len(problem.space.parameters) <= 40
    assert len(shapes) > 25 and len(titles) >= 6
    assert {problem.pdk.name for _, problem in found} == {"sky130A", "gf180mcuD"}


def test_a_held_out_structure_is_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (problem for _, problem in itertools.islice(topologies(3, tmp_path), 2))
    assert not {fingerprint(first), fingerprint(second)} & set(held_out_shapes())
    monkeypatch.setattr(compose, "held_out_shapes", lambda: {fingerprint(first): "x"})
    again = next(iter(topologies(3, tmp_path)))[1]
    assert fingerprint(again) == fingerprint(second)


@pytest.mark.parametrize("number", [2, 9, 17, 18, 25, 36, 41])
def test_they_simulate(number: int, tmp_path: Path, pool: LocalPool) -> None:
    """Some of each kind, at the sizes that they are drawn with: amplifiers of one to three stages, a regulator, an
    oscillator, a comparator.
    """
    problem = load_problem(drawn(number).write(tmp_path))
    evaluator = Evaluator(problem, Workbench(problem, cache_folder() / "models"), pool, NoCache())
    evaluation = evaluator.evaluate([problem.space.initial])[0]
    values = next(iter(evaluation.values.values()))
    assert not evaluation.failures and all(value is not None and math.isfinite(value) for value in values.values()), (
        values
    )


def test_they_are_sources_of_tasks(pool: LocalPool) -> None:
    """Named circuits and composed ones in the shares that the recipe says, each with targets that one of its designs
    meets.
    """
    small = PoolRecipe(conditions=2, designs=24, rounds=1)
    recipe = Recipe("mixed", ("ota_5t",), pool=small, generated=GeneratedRecipe(count=3, share=0.25, pool=small))
    with contextlib.closing(LocalPool(2)) as executor:
        sources = list(open_sources(recipe, executor))
    assert next(source.name for source in sources) == "ota_5t" and len(sources) == 4
    assert sum(source.weight for source in sources) == pytest.approx(1.0)
    tasks = Curriculum(sources, 0.5).draw(40, "x")
    share = sum(task.source.name != "ota_5t" for task in tasks) / 40
    assert 0.15 <= share <= 0.35
    again = Curriculum(sources, 0.5).draw(40, "x")
    assert [dataclasses.astuple(task.target) for task in tasks] == [dataclasses.astuple(task.target) for task in again]
    for task in tasks[:6]:
        known = task.source.pool.near(task.condition, {**task.target.known}, 1)
        assert known and task.problem.specs != task.source.pool.problem.specs
