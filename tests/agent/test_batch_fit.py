"""Many processes fitted at once are those that are fitted one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad

from eda_agent.agent.policies.batch_fit import _Objective, fit_many
from eda_agent.agent.policies.gaussian_process import fit

DRAW = np.random.default_rng(4)
INPUTS = DRAW.random((14, 5))
OUTPUTS = np.stack(
    [np.sin(4 * INPUTS[:, 0]) + INPUTS[:, 1], 3e6 * INPUTS[:, 2] ** 2, np.full(14, 2.0), DRAW.normal(size=14)], -1
)


def test_many_are_fitted_as_one() -> None:
    asked = DRAW.random((30, 5))
    for column, found in enumerate(fit_many(INPUTS, OUTPUTS, iterations=200)):
        alone = fit(INPUTS, OUTPUTS[:, column], iterations=200)
        assert found.likelihood == pytest.approx(alone.likelihood, abs=0.02)
        spread = max(float(OUTPUTS[:, column].std()), 1e-6)
        for one, other in zip(found.predict(asked), alone.predict(asked), strict=True):
            assert one == pytest.approx(other, abs=0.02 * spread)


def test_the_gradient_is_that_of_the_objective() -> None:
    objective = _Objective(INPUTS, (OUTPUTS[:, :2] - OUTPUTS[:, :2].mean(0)) / OUTPUTS[:, :2].std(0))
    for _ in range(3):
        theta = DRAW.normal(0, 0.5, 12)
        assert check_grad(lambda x: objective(x)[0], lambda x: objective(x)[1], theta) < 1e-3


def test_nothing_and_equal_designs_are_no_error() -> None:
    assert fit_many(INPUTS, OUTPUTS[:, :0]) == []
    twice = np.vstack([INPUTS, INPUTS])
    found = fit_many(twice, np.vstack([OUTPUTS, OUTPUTS]))
    assert all(np.isfinite(one.predict(INPUTS)).all() for one in found)
