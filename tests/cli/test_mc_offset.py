"""Monte Carlo shows the input offset of what has a differential input, also if no spec asks for it."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from eda_agent.cli.main import main
from eda_agent.problem.load import load_problem
from eda_agent.run import open_evaluator
from eda_agent.run.offset import OFFSET, rms, with_offset
from eda_agent.simulation.montecarlo import monte_carlo
from tests.evidence import cases

from ..conftest import CIRCUITS


def test_the_watched_offset_is_what_a_spec_would_measure() -> None:
    asked = load_problem(CIRCUITS / "ota_5t")
    others = replace(asked, specs=tuple(spec for spec in asked.specs if spec.metric.name != OFFSET))
    assert with_offset(asked) is asked
    found = []
    for problem in (asked, with_offset(others)):
        with open_evaluator(problem, workers=1, cache=False) as evaluator:
            found.append(monte_carlo(evaluator, problem.space.initial, 4, seed=3))
    assert found[0].values[OFFSET] == found[1].values[OFFSET]
    assert len(set(found[0].values[OFFSET])) == 4
    # it bounds nothing, so no sample fails because of it
    bounded = [replace(spec) for spec in found[1].specs if spec.name != OFFSET]
    passed = sum(all(found[1]._met(spec)[sample] for spec in bounded) for sample in range(4))
    assert found[1].total.passed == passed


def test_the_rms_of_magnitudes_is_the_sigma_of_a_normal_offset() -> None:
    draw = random.Random(1)
    values = [abs(draw.gauss(0.0, 3e-3)) for _ in range(20_000)]
    # the standard error of a sigma is sigma / sqrt(2 n)
    assert rms(values) == pytest.approx(3e-3, rel=4 / math.sqrt(2 * len(values)))
    assert rms([3.0, None, -4.0]) == pytest.approx(math.sqrt(12.5)) and math.isnan(rms([None]))


@pytest.mark.parametrize(
    ("circuit", "shown"),
    cases(
        [("two_stage_miller", True), ("ldo", False), ("ring_vco", False), ("strongarm", True)],
        "two_stage_miller",
        "ldo",
        "strongarm",
    ),
)
def test_it_is_shown_where_there_is_a_differential_input(
    circuit: str, shown: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mc", str(CIRCUITS / circuit), "--samples", "2", "--no-cache"]) in {0, 1}
    out = capsys.readouterr().out
    assert ("input offset: " in out) == shown
