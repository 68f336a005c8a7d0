"""Calibration: of numbers whose distribution is known, it says what is known of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from eda_agent.agent.universal.graph import METRIC_NAMES, circuit_graph
from eda_agent.agent.universal.network import KNOTS, Network
from eda_agent.agent.universal.posterior import Measured
from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem
from eda_agent.train.universal import calibration
from eda_agent.train.universal.calibration import Asked, fitted_widening, judged, row_of
from eda_agent.train.universal.lessons import Lesson
from eda_agent.train.universal.net import Net


def test_a_normal_predictor_misses_as_often_as_it_says() -> None:
    draw = np.random.default_rng(0)
    deviation = draw.uniform(0.1, 2.0, (20_000, 3))
    truth = draw.normal(size=(20_000, 3)) * 5
    mean = truth + deviation * draw.normal(size=truth.shape)
    row = row_of(mean, deviation, truth)
    # E[NLL] of a normal: ln σ + ½ ln 2πe
    assert row.missed == pytest.approx(0.1, abs=0.005) and row.nll == pytest.approx(
        np.log(deviation).mean() + 0.5 * np.log(2 * np.pi * np.e), abs=0.02
    )
    assert row.error == pytest.approx(np.minimum(np.abs(mean - truth), 5).mean()) and row.rank > 0.95
    assert row_of(mean, deviation / 3, truth).missed > 0.5 and row_of(mean, deviation / 3, truth).nll > row.nll
    mean[:10_000], truth[5_000:15_000, 1] = np.nan, np.nan
    assert row_of(mean, deviation, truth).missed == pytest.approx(0.1, abs=0.01)


def test_a_plane_is_predicted_better_with_turns(problems: dict[str, Problem]) -> None:
    """By an untrained network's kernel and by the process of the turns alone."""
    graph = circuit_graph(problems["ota_5t"])
    assert graph is not None
    draw = np.random.default_rng(1)
    x = draw.normal(0, 0.4, (40, len(graph.initial)))
    values = 0.5 * x.sum(1)[:, None] + np.zeros(len(graph.metrics))
    lesson = Lesson(
        graph,
        Measured(x, values, np.zeros((40, len(graph.labels), 7))),
        np.zeros(values.shape, np.int8),
        np.ones(40, bool),
        (x + 2) / 4,
        "",
        "",
    )
    torch.manual_seed(0)
    state = {name: value.detach().numpy().astype(np.float64) for name, value in Net().state_dict().items()}
    network = Network(state, np.zeros(len(METRIC_NAMES)), np.ones(len(METRIC_NAMES)))
    rows = {turns: judged(network, lesson, turns, np.random.default_rng(2)) for turns in (1, 20)}
    first, last = rows[1], rows[20]
    assert first is not None and last is not None
    assert last[0].error < 0.7 * first[0].error and last[1].error < 0.7 * first[1].error and last[1].rank > 0.8
    few = Lesson(graph, lesson.turns, lesson.bounds, np.zeros(40, bool), lesson.positions, "", "")
    assert judged(network, few, 1, np.random.default_rng(2)) is None
    assert calibration.table(network, [lesson]).count("| universal |") == len(KNOTS)


def test_the_widening_makes_nine_of_ten_values_lie_in_their_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of predictions whose deviations are two times too small after one turn and right after twenty."""
    draw = np.random.default_rng(3)

    def predicted(network: Network, lesson: Lesson, turns: int, _: np.random.Generator) -> Asked:
        share = 2.0 if turns == 1 else 1.0
        deviation = draw.uniform(0.5, 2.0, (4000, 2))
        truth = share * deviation * draw.normal(size=deviation.shape)
        # a value that is missing counts nowhere
        truth[::7] = np.nan
        return Asked(np.zeros((4000, 2)), deviation, truth, np.ones(2), np.empty(0), np.empty(0))

    monkeypatch.setattr(calibration, "predicted", predicted)
    plain = Network({}, np.zeros(1), np.ones(1))
    found = fitted_widening(plain, [None, None])  # type: ignore[list-item]  # the predictions are made up
    assert found[0] == pytest.approx(2.0, rel=0.04) and found[1:] == pytest.approx(np.ones(4), abs=0.04)
    wide = replace(plain, widening=found)
    assert [wide.widening_after(turns) for turns in KNOTS] == pytest.approx(found.tolist())
    # ln √3 is in the middle between ln 1 and ln 3
    assert wide.widening_after(3**0.5) == pytest.approx((found[0] + found[1]) / 2)
    assert fitted_widening(plain, []).tolist() == [1.0] * len(KNOTS)


def test_without_weights_it_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not weights of this version"):
        calibration.main(["--records", str(tmp_path)])
