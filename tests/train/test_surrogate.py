"""Making surrogates: the networks of torch and numpy are one, a family of functions is learnt, and a survey begins with
good designs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from eda_agent.agent.policies.surrogate import Network
from eda_agent.errors import InputError
from eda_agent.train.surrogate import Lesson, Net, fit, main, network

from ..conftest import ROOT


def family(count: int, seed: int) -> list[Lesson]:
    """Conditions of two hidden numbers: quantities are curved in the positions, shifted by one and stretched by the
    other; a corner cannot be measured.
    """
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        shift, stretch = rng.normal(), np.exp(0.3 * rng.normal())
        points = rng.random((30, 3))
        points[1] = 0.5
        values = np.stack(
            [shift + stretch * np.sin(3 * points[:, 0]) * points[:, 1], stretch * (1 + points[:, 2] ** 2)], 1
        )
        values[points[:, 0] + points[:, 1] > 1.7] = np.nan
        made.append(Lesson(points, values))
    return made


def test_numpy_says_what_torch_says() -> None:
    torch.manual_seed(0)
    net, rng = Net(4, 3), np.random.default_rng(0)
    layers = {name: value.detach().numpy().astype(np.float64) for name, value in net.state_dict().items()}
    ones = np.ones(3)
    ours = Network(
        layers, rng.normal(size=3), np.exp(rng.normal(size=3)), -50 * ones, 50 * ones, ones, 0 * ones, ones, ones
    )
    points, asked = rng.random((2, 4)), rng.random((5, 4))
    values = rng.normal(size=(2, 3))
    values[1, 2] = np.nan
    known = np.isfinite(values)
    told = np.where(known, ours.normalised(np.nan_to_num(values)), 0.0)
    with torch.no_grad():
        mean, variance, works = net(
            *(torch.tensor(array, dtype=torch.float32)[None] for array in (points, told, known, np.ones(2), asked))
        )
    found = ours.predict(ours.describe(points, values), asked)
    np.testing.assert_allclose(found[0], mean[0].numpy() * ours.spread + ours.middle, atol=1e-4)
    np.testing.assert_allclose(found[1], np.exp(0.5 * variance[0].numpy()) * ours.spread, rtol=1e-4)
    np.testing.assert_allclose(found[2], torch.sigmoid(works[0]).numpy(), atol=1e-5)


def test_a_family_of_functions_is_learnt_from_one_measurement_of_each() -> None:
    taught, held, other = family(60, 0), family(12, 1), family(12, 2)
    net, told = fit(taught, steps=1500)
    made = network(net, told, held)
    errors, blind, inside, chances = [], [], [], []
    for lesson, wrong in zip(other, reversed(other), strict=True):
        for one, kept in ((lesson, errors), (wrong, blind)):
            mean, deviation, works = made.predict(made.describe(one.points[1:2], one.values[1:2]), lesson.points)
            kept.append(np.abs(mean - lesson.values)[lesson.whole].mean(0))
        mean, deviation, works = made.predict(made.describe(lesson.points[1:2], lesson.values[1:2]), lesson.points)
        scale = deviation * np.sqrt(made.size * (1 + made.noise))
        inside.append((np.abs(mean - lesson.values) < 2 * scale)[lesson.whole].mean())
        chances += [(bool(whole), float(chance)) for whole, chance in zip(lesson.whole, works, strict=True)]
    spread = np.concatenate([lesson.values[lesson.whole] for lesson in other]).std(0)
    # the one measurement tells the condition: another condition's tells something else
    assert (np.mean(errors, 0) < 0.15 * spread).all() and (np.mean(blind, 0) > 3 * np.mean(errors, 0)).all()
    # and it knows how much it knows, and where nothing can be measured
    assert 0.85 < np.mean(inside) <= 1
    broken, works_ = ([chance for whole, chance in chances if whole == kind] for kind in (False, True))
    assert np.mean(broken) < 0.4 < 0.9 < np.mean(works_)


def test_a_circuit_that_the_recipe_does_not_name_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"op_amp: not in .*embedded\.yaml\n.*name some of ota_5t"):
        main([str(ROOT / "train/recipes/embedded.yaml"), "op_amp", "--out", str(tmp_path / "out.npz")])
    assert not list(tmp_path.iterdir())
