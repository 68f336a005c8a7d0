"""Advantages against numbers worked out by hand, and the laws that their formulas obey."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.train.advantages import (
    ESTIMATORS,
    adaptive,
    centred,
    compare,
    entropic,
    estimator,
    max_at_k,
    standardised,
)

GROUP = st.lists(st.floats(0, 1), min_size=2, max_size=10)


def test_standardised_by_hand() -> None:
    # mean 0.5, squares 0.09 + 0.01 + 0.04 + 0.04 = 0.18, over 3: 0.06
    expected = np.array([-0.3, 0.1, 0.2, 0.0]) + np.array([0.0, 0.0, 0.0, 0.0])
    rewards = np.array([0.2, 0.6, 0.7, 0.5])
    std = math.sqrt((0.3**2 + 0.1**2 + 0.2**2) / 3)
    np.testing.assert_allclose(standardised(rewards), expected / (std + 1e-4), rtol=1e-12)


def test_centred_by_hand() -> None:
    np.testing.assert_allclose(centred(np.array([0.0, 0.5, 1.0])), [-0.5, 0.0, 0.5])


def test_entropic_by_hand() -> None:
    # β = ln 3 makes 3^r: 1 and 3, mean 2, so e^{β (r − V)} = 1/2 and 3/2
    beta = math.log(3)
    np.testing.assert_allclose(entropic(np.array([0.0, 1.0]), beta), [-0.5 / beta, 0.5 / beta], rtol=1e-12)


@given(GROUP)
def test_entropic_tends_to_centred(rewards: list[float]) -> None:
    values = np.array(rewards)
    np.testing.assert_allclose(entropic(values, 1e-5), centred(values), atol=1e-4)


@given(GROUP)
def test_entropic_sums_to_zero(rewards: list[float]) -> None:
    assert abs(entropic(np.array(rewards), 8.0).mean()) < 1e-9


def test_adaptive_reaches_its_divergence() -> None:
    rewards = np.array([0.1, 0.4, 0.5, 0.9, 0.3])
    advantages = adaptive(rewards)
    # back from A_i = e_i / mean_{j≠i} e_j − 1: e_i / Σ e = (A + 1) / (A + n)
    shares = (advantages + 1) / (advantages + len(rewards))
    assert shares.sum() == pytest.approx(1.0, rel=1e-9)
    assert math.log(5) + (shares * np.log(shares)).sum() == pytest.approx(math.log(2), rel=1e-6)


def test_adaptive_where_the_divergence_is_out_of_reach() -> None:
    # two equal maxima of three reach ln 3 − ln 2 < ln 2: they share everything
    np.testing.assert_allclose(adaptive(np.array([1.0, 1.0, 0.0])), [1.0, 1.0, -1.0], atol=1e-6)


@given(st.lists(st.floats(0, 1), min_size=3, max_size=7), st.integers(2, 3))
def test_max_at_k_is_the_gradient_of_the_expected_best(rewards: list[float], k: int) -> None:
    # Σ_i s_i over pairs by brute force: over all subsets of k, the best minus the best of the rest, credited to the
    # best
    values = np.array(rewards)
    expected = np.zeros(len(values))
    order = sorted(range(len(values)), key=lambda index: (values[index], index))
    rank = {index: place for place, index in enumerate(order)}
    subsets = list(itertools.combinations(range(len(values)), k))
    for subset in subsets:
        ordered = sorted(subset, key=lambda index: rank[index])
        expected[ordered[-1]] += values[ordered[-1]] - values[ordered[-2]]
    np.testing.assert_allclose(max_at_k(values, k), expected / len(subsets), atol=1e-12)


def test_max_at_k_refuses_an_impossible_k() -> None:
    with pytest.raises(ValueError, match="k = 5 of 3"):
        max_at_k(np.array([0.0, 0.5, 1.0]), 5)


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
def test_equal_rewards_teach_nothing(name: str) -> None:
    assert compare(np.full(6, 0.7), estimator(name)) == [None] * 6
    assert compare(np.array([0.7, 0.7, 0.7 + 1e-12, 0.7]), estimator(name)) == [None] * 4
    assert None not in compare(np.array([0.7, 0.7, 0.8, 0.7]), estimator(name))


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
@given(rewards=st.lists(st.floats(0, 1), min_size=4, max_size=8))
def test_a_better_action_never_has_a_smaller_advantage(name: str, rewards: list[float]) -> None:
    values = np.array(rewards)
    found = estimator(name)(values)[np.argsort(values, kind="stable")]
    assert (np.diff(found) >= -1e-9).all()
