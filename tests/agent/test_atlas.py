"""The atlas: designs found again by structure, roles and metrics, and nothing for a circuit it was not made with."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from eda_agent.agent.policies.atlas import FILE, Sheet, designs, find, read_sheet, sheet_key, write_atlas
from eda_agent.agent.policies.embedded import shipped_model
from eda_agent.agent.score import score
from eda_agent.bench.suite import LEARNED, UNSEEN
from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluate import Evaluation
from eda_agent.train.atlas import grades

SHIPPED = shipped_model() / FILE


@pytest.mark.parametrize("name", LEARNED)
def test_a_learned_circuit_finds_designs_that_come_near(name: str, problems: dict[str, Problem]) -> None:
    problem = problems[name]
    sheet = read_sheet(SHIPPED, problem)
    assert sheet is not None and len(sheet.sizes) > 100 and sheet.sizes.shape[1] == len(problem.space.parameters)
    own = find(SHIPPED, problem)
    assert own is not None and own.roles == tuple(one.role for one in problem.space.parameters)
    found = designs(own, problem, 3)
    assert len(found) == 3 and all(problem.space.snap(sizing) == sizing for sizing in found)


@pytest.mark.parametrize("name", UNSEEN)
def test_a_circuit_that_is_held_out_finds_none(name: str, problems: dict[str, Problem]) -> None:
    assert find(SHIPPED, problems[name]) is None


def test_names_do_not_matter_and_roles_do(miller: Problem) -> None:
    space = miller.space
    renamed = dataclasses.replace(
        space, parameters=tuple(dataclasses.replace(one, name=f"q{number}") for number, one in enumerate(space.parameters))
    )
    other = dataclasses.replace(miller, space=renamed)
    one, two = (designs(found, problem, 2) for problem in (miller, other) if (found := find(SHIPPED, problem)) is not None)
    assert [list(sizing.values()) for sizing in one] == [list(sizing.values()) for sizing in two]
    strange = dataclasses.replace(space, parameters=tuple(dataclasses.replace(one, role="something") for one in space.parameters))
    assert find(SHIPPED, dataclasses.replace(miller, space=strange)) is None


def test_the_design_that_would_score_best_comes_first(miller: Problem, tmp_path: Path) -> None:
    roles = tuple(one.role for one in miller.space.parameters)
    metrics = tuple(spec.metric.name for spec in miller.specs)
    middle = [miller.space.initial[name] for name in miller.space.names]
    good = [spec.minimum * 1.1 if spec.minimum is not None else (spec.maximum or 0.0) * 0.9 for spec in miller.specs]
    values = np.array([[value * 0.7 for value in good], [np.nan] * len(good), good])
    sizes = np.array([middle, middle, [value * (1.5 if number == 0 else 1.0) for number, value in enumerate(middle)]])
    write_atlas(
        tmp_path / FILE,
        {
            "another": Sheet(("x",), ("y",), sizes[:, :1], values[:, :1], np.arange(3)),
            sheet_key(miller): Sheet(roles, metrics, sizes, values, np.arange(3)),
        },
    )
    sheet = find(tmp_path / FILE, miller)
    assert sheet is not None and sheet.conditions.tolist() == [0, 1, 2]
    found = designs(sheet, miller, 5)
    assert found == [miller.space.snap(dict(zip(miller.space.names, row, strict=True))) for row in (sizes[2], sizes[0])]
    # columns grade as the score does
    for row, graded in zip(values.tolist(), grades(miller, values), strict=True):
        named = {name: None if value != value else value for name, value in zip(miller.spec_names, row, strict=True)}
        assert graded == pytest.approx(score(miller.specs, Evaluation({"c": named}, {}, (), {}, 0, 0, 0.0)).value, abs=1e-12)


def test_what_is_no_atlas_holds_nothing(miller: Problem, tmp_path: Path) -> None:
    path = tmp_path / FILE
    assert find(path, miller) is None
    path.write_bytes(b"PK\x03\x04 torn")
    assert find(path, miller) is None
    # an array of objects would be unpickled: it is refused
    np.savez(path, index=np.array([{"key": sheet_key(miller)}], dtype=object))
    assert find(path, miller) is None
    # arrays that do not belong together
    roles, metrics = tuple(one.role for one in miller.space.parameters), tuple(spec.metric.name for spec in miller.specs)
    sizes, values = np.ones((4, len(roles))), np.ones((4, len(metrics)))
    for sheet in (
        Sheet(roles, metrics, sizes, values[:3], np.zeros(4)),
        Sheet(roles, metrics, sizes, values, np.zeros(3)),
        Sheet(roles, metrics, sizes[:, :-1], values, np.zeros(4)),
        Sheet(roles, metrics, sizes * np.nan, values, np.zeros(4)),
    ):
        write_atlas(path, {sheet_key(miller): sheet})
        assert find(path, miller) is None
