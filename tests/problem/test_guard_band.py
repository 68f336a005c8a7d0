"""Guard bands: bounds move inward, and the user's are kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.problem.guard_band import tightened, with_guard
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem, as_asked


@pytest.fixture(scope="module")
def problem() -> Problem:
    return load_problem("circuits/two_stage_miller")


@given(share=st.floats(0.001, 0.999))
def test_what_meets_the_guarded_target_meets_the_users(problem: Problem, share: float) -> None:
    for spec, before in zip(with_guard(problem, share).specs, problem.specs, strict=True):
        assert spec.asked == (before.minimum, before.maximum)
        if before.minimum is not None:
            assert spec.minimum == pytest.approx(before.minimum * (1 + share)) and spec.minimum > before.minimum
        if before.maximum is not None:
            assert 0 < spec.maximum < before.maximum  # type: ignore[operator]
    assert as_asked(with_guard(problem, share).specs) == problem.specs


def test_without_a_share_nothing_changes(problem: Problem) -> None:
    assert with_guard(problem, None) is problem


def test_bounds_that_would_cross_meet_in_their_middle(problem: Problem) -> None:
    window = replace(problem.specs[0], minimum=1.19, maximum=1.21)
    spec = tightened(window, 0.05, 0.05)
    assert spec.minimum == spec.maximum == pytest.approx(1.2)


def test_a_bound_of_zero_stays(problem: Problem) -> None:
    zero = replace(problem.specs[0], minimum=0.0, maximum=None)
    assert with_guard(replace(problem, specs=(zero,)), 0.05).specs == (zero,)
