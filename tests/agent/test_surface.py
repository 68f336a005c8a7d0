"""Response surfaces: quadratics found again, offsets of conditions told apart from them, and moved by what was measured."""

from __future__ import annotations

import numpy as np
import pytest

from eda_agent.agent.policies.gaussian_process import fit, leave_one_out
from eda_agent.agent.policies.surface import features, fit_surface, kernel, moved


def made(rng: np.random.Generator, dimensions: int = 3, conditions: int = 8, designs: int = 30) -> tuple[np.ndarray, ...]:
    """Positions, values of two quantities that are quadratics with an offset a condition, conditions, offsets, weights."""
    points = rng.random((conditions * designs, dimensions))
    weights = rng.normal(size=(features(points).shape[1], 2))
    offsets = rng.normal(size=(conditions, 2)) * [1.0, 3.0]
    where = np.repeat(np.arange(conditions), designs)
    return points, features(points) @ weights + offsets[where], where, offsets, weights


@pytest.mark.parametrize("seed", range(4))
def test_a_quadratic_is_found_again_whatever_the_conditions_add(seed: int) -> None:
    points, values, where, offsets, weights = made(np.random.default_rng(seed))
    surface = fit_surface(points, values, where)
    inner = (values > surface.low).all(1) & (values < surface.high).all(1)
    expected = features(points) @ weights + offsets.mean(0)
    assert np.abs(surface.predict(points) - np.clip(expected, surface.low, surface.high))[inner].max() < 0.15
    # the spread of the offsets is the conditions', the error around the surface is next to nothing
    assert surface.between == pytest.approx(offsets.std(0), rel=0.1)
    assert (surface.within < 0.1 * values.std(0)).all()


def test_two_measurements_move_it_to_their_condition() -> None:
    rng = np.random.default_rng(5)
    points, values, where, offsets, weights = made(rng)
    surface = fit_surface(points, values, where)
    here, shift = rng.random((40, 3)) * 0.6 + 0.2, 1.5
    truth = features(here) @ weights[:, 0] + offsets[:, 0].mean() + shift
    before, unsure = moved(surface, 0, here[:0], truth[:0]).predict(here)
    after, sure = moved(surface, 0, here[:2], truth[:2]).predict(here[2:])
    assert np.abs(before - truth).mean() == pytest.approx(shift, rel=0.2) and unsure.mean() > surface.between[0]
    assert np.abs(after - truth[2:]).mean() < 0.1 * shift and sure.mean() < 0.2 * unsure.mean()
    # what could not be measured tells nothing, and what is far off little
    holes = np.array([truth[0], np.nan, truth[1]])
    assert moved(surface, 0, here[[0, 5, 1]], holes).predict(here[2:])[0] == pytest.approx(after)
    odd = moved(surface, 0, here[:4], np.append(truth[:3], truth[3] + 50)).predict(here[4:])[0]
    assert np.abs(odd - truth[4:]).mean() < 0.3 * shift


def test_deviations_cover_what_happens() -> None:
    """Of offsets and roughness as they were drawn, errors lie inside two deviations about as often as they should."""
    rng = np.random.default_rng(1)
    covered = []
    for seed in range(6):
        points, values, where, _, _ = made(np.random.default_rng(seed), designs=40)
        noise = np.linalg.cholesky(kernel(points, points, 0.2) + 1e-6 * np.eye(len(points))) @ rng.normal(size=(len(points), 2))
        values = values + 0.5 * noise
        last = where == where.max()
        surface = fit_surface(points[~last], values[~last], where[~last])
        mean, deviation = moved(surface, 0, points[last][:5], values[last][:5, 0]).predict(points[last][5:])
        covered.append(np.mean(np.abs(mean - values[last][5:, 0]) < 2 * deviation))
    assert np.mean(covered) > 0.85


def test_conditions_of_one_design_alone_say_nothing() -> None:
    with pytest.raises(ValueError, match="two designs"):
        fit_surface(np.zeros((3, 2)), np.zeros((3, 1)), np.arange(3))


def test_leaving_one_out_is_what_fitting_without_it_says() -> None:
    rng = np.random.default_rng(3)
    points = rng.random((9, 2))
    matrix = kernel(points, points, 0.4) + 0.05 * np.eye(9)
    values = np.linalg.cholesky(matrix) @ rng.normal(size=9)
    factor = np.linalg.cholesky(matrix)
    densities = []
    for left in range(9):
        rest = np.arange(9) != left
        across = np.linalg.solve(matrix[np.ix_(rest, rest)], matrix[rest, left])
        variance = matrix[left, left] - across @ matrix[rest, left]
        densities.append(-0.5 * np.log(2 * np.pi * variance) - 0.5 * (values[left] - across @ values[rest]) ** 2 / variance)
    assert leave_one_out(factor, np.linalg.solve(matrix, values)) == pytest.approx(np.mean(densities))
    # in the outputs' own units
    smooth = np.sin(3 * points[:, 0])
    assert fit(points, smooth).likelihood - fit(points, 100 * smooth).likelihood == pytest.approx(np.log(100), rel=1e-3)
