"""The universal surrogate's prediction after turns: a Gaussian process about the network, by other computations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from eda_agent.agent.policies.universal_margins import Corner
from eda_agent.agent.universal.network import Generated, Network, Real
from eda_agent.agent.universal.posterior import FREEDOM, Measured, Posterior, mixture
from eda_agent.problem.spec import Problem

from .universal_kit import graph_of, measured


def test_the_posterior_is_a_gaussian_process(problems: dict[str, Problem], network: Network) -> None:
    """Conditioning by the textbook's formula on the joint covariance (Rasmussen & Williams, eq. 2.19)."""
    graph = graph_of(problems["ota_5t"])
    turns = measured(graph, 7)
    posterior = Posterior(network, graph, turns, 0)
    e, x = posterior.generated, (turns.x - turns.x[0]).astype(np.float32)
    asked = np.random.default_rng(5).normal(0, 0.3, (4, len(graph.initial)))
    (mean, deviation, _), before = posterior.predict_with_prior(asked)
    z = np.vstack([x, (asked - turns.x[0]).astype(np.float32)])
    features = e.features(z)
    joint, prior = e.kernel(z, features, z, features).astype(float), e.mean(z, features).astype(float)
    assert before == pytest.approx(turns.values[0] + prior[7:], abs=1e-3, nan_ok=True)
    for place in range(len(graph.metrics)):
        told = np.flatnonzero(np.isfinite(turns.values[:, place]))
        covariance = joint[place] + float(e.noise[place]) * np.eye(len(z))
        error = turns.values[told, place] - turns.values[0, place] - prior[told, place]
        inverse = np.linalg.inv(covariance[np.ix_(told, told)])
        cross = joint[place][np.ix_(range(7, 11), told)]
        assert mean[:, place] == pytest.approx(
            turns.values[0, place] + prior[7:, place] + cross @ inverse @ error, abs=1e-3
        )
        left = np.diag(covariance)[7:] - np.einsum("ij,jk,ik->i", cross, inverse, cross)
        assert deviation[:, place] ** 2 == pytest.approx(
            left * posterior.surprise[place] * student.var(FREEDOM), rel=1e-2
        )
        assert posterior.surprise[place] == pytest.approx((4 + error @ inverse @ error) / (4 + len(told) - 1), rel=1e-3)


def test_positions_pass_through_the_network_once(
    problems: dict[str, Problem], network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All specs of a corner, with and without the effect of the turns, share one evaluation."""
    graph = graph_of(problems["ota_5t"])
    corner = Corner([Posterior(network, graph, measured(graph, 5), 0)], lambda points: points)
    asked = np.random.default_rng(5).normal(0, 0.3, (4, len(graph.initial)))
    sizes: list[int] = []
    through = Generated.features

    def counted(self: Generated, x: Real) -> Real:
        sizes.append(len(x))
        return through(self, x)

    monkeypatch.setattr(Generated, "features", counted)
    before, after = corner.prior(asked), corner.predict(asked)
    assert corner.prior(asked) is before and corner.predict(asked) is after
    assert sizes == [4]


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(list(range(1, 6))))
def test_the_order_of_turns_does_not_matter(order: list[int], problems: dict[str, Problem], network: Network) -> None:
    graph = graph_of(problems["tia"])
    turns = measured(graph, 6)
    asked = np.random.default_rng(5).normal(0, 0.3, (3, len(graph.initial)))
    moved = Measured(*(getattr(turns, name)[[0, *order]] for name in ("x", "values", "points")))
    first, second = (Posterior(network, graph, one, 0).predict(asked) for one in (turns, moved))
    assert all(one == pytest.approx(other, rel=1e-3, abs=1e-3) for one, other in zip(first, second, strict=True))


def test_a_spec_that_was_not_measured_at_the_reference_is_not_predicted(
    problems: dict[str, Problem], network: Network
) -> None:
    graph = graph_of(problems["ota_5t"])
    turns = measured(graph, 4)
    turns.values[0, 1] = np.nan
    known = Posterior(network, graph, turns, 0).predict(turns.x)
    assert (
        np.isnan(known[0][:, 1]).all() and np.isfinite(np.delete(known[0], 1, 1)).all() and np.isfinite(known[1]).all()
    )
    whole = next(place for place in range(1, 4) if np.isfinite(turns.values[place, 1]))
    mixed = mixture([known, Posterior(network, graph, turns, whole).predict(turns.x)])
    assert np.isfinite(mixed[0][:, 1]).all()
    # two that agree are no surer and no less sure than one
    same = mixture([known, known])
    assert same[0][:, 0] == pytest.approx(known[0][:, 0]) and same[1][:, 0] == pytest.approx(known[1][:, 0])


def test_a_bound_counts_where_the_prediction_contradicts_it(problems: dict[str, Problem], network: Network) -> None:
    graph = graph_of(problems["ota_5t"])
    turns = measured(graph, 5)
    turns = Measured(turns.x / 10, turns.values, turns.points)
    hidden = turns.values.copy()
    hidden[3] = np.nan
    without = Posterior(network, graph, Measured(turns.x, hidden, turns.points), 0)
    believed = without.predict(turns.x)[0][3]
    # farther changes are cut off
    near = np.abs(believed - turns.values[0]) < 3
    assert near.sum() > 3
    for sign in (1, -1):
        bounds = np.zeros(turns.values.shape)
        bounds[3] = sign
        for off, moves in ((-1.0, False), (1.0, True)):
            limited = turns.values.copy()
            limited[3] = believed + sign * off
            found = Posterior(network, graph, Measured(turns.x, limited, turns.points, bounds), 0)
            mean = found.predict(turns.x)[0][3]
            if moves:
                # beyond what was believed and towards the bound
                assert (sign * (mean - believed)[near] > 0.02).all() and (
                    sign * (limited[3] - mean)[near] > -0.02
                ).all()
            else:
                assert mean == pytest.approx(believed, abs=1e-3)
            # a bound is no evidence for or against the model
            assert found.exact.sum() == without.exact.sum()


def test_a_bound_at_the_reference_is_a_base_that_the_network_does_not_read(
    problems: dict[str, Problem], network: Network
) -> None:
    graph = graph_of(problems["ota_5t"])
    turns = measured(graph, 4)
    hidden, bounds = turns.values.copy(), np.zeros(turns.values.shape)
    hidden[0, 1], bounds[0, 1] = np.nan, 1
    bounded = Posterior(network, graph, Measured(turns.x, turns.values, turns.points, bounds), 0)
    without = Posterior(network, graph, Measured(turns.x, hidden, turns.points), 0)
    assert bounded.generated.slope == pytest.approx(without.generated.slope)
    assert np.isfinite(bounded.predict(turns.x)[0]).all() and not bounded.exact[1, 0]
