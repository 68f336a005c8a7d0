"""The circuits beside these tests work: each meets the spec that stands with it, in every corner, at its known
sizing.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eda_agent.agent.score import score
from eda_agent.problem.load import load_problem
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from tests.evidence import cases

from .plain import HERE


@pytest.mark.parametrize(
    "name", cases(sorted(path.parent.name for path in HERE.glob("*/spec.yaml")), "double_tail", "nmos_ldo")
)
def test_known_sizing(name: str, pool: LocalPool, own_cache: Path) -> None:
    problem = load_problem(HERE / name)
    known = problem.space.snap(json.loads((HERE / name / "known.json").read_text())["sizing"])
    found = Evaluator(problem, Workbench(problem, own_cache / "models"), pool, NoCache()).evaluate([known])[0]
    assert score(problem.specs, found).met, found.values
