"""A draft's trial is bounded: its searches share a time, and the simulations at its end are short."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.problem.load import load_problem
from eda_agent.run.evaluate_once import spent_seconds, within
from eda_agent.simulation.soundness.judgement import _next_batch


@given(st.integers(1, 16), st.floats(1e-3, 60), st.floats(-10, 60), st.integers(1, 16))
def test_a_batch_fits_in_the_time_that_is_left(batch: int, took: float, left: float, workers: int) -> None:
    evaluator = cast(Any, SimpleNamespace(executor=SimpleNamespace(size=workers)))
    found = _next_batch(batch, took, left, evaluator)
    assert found == workers or (workers <= found <= 2 * batch and found * took / batch <= left * (1 + 1e-9))


@pytest.mark.parametrize(("seconds", "timeout"), [(100.0, 30.0), (20.0, 20.0), (1.0, 10.0), (-5.0, 10.0)])
def test_a_simulation_of_a_trial_is_no_longer_than_what_is_left(seconds: float, timeout: float) -> None:
    problem = load_problem("ota_5t")
    assert problem.budget.timeout == 30.0
    assert within(problem, seconds).budget.timeout == timeout


def test_the_time_of_a_trial_is_that_of_the_processor() -> None:
    begun = spent_seconds()
    sum(number * number for number in range(400_000))
    assert spent_seconds() > begun
