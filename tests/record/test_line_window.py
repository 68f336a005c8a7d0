"""The window of a line regulation is marked and drawn alone, so that its slope is seen beside the drop-out."""

from __future__ import annotations

import pytest

from eda_agent.insight.plot_labels import plot_labels
from eda_agent.problem.spec import Problem
from eda_agent.record.report.curves import wave_figures


def test_a_line_regulation_is_drawn_at_its_own_scale(problems: dict[str, Problem]) -> None:
    problem = problems["ldo"]
    labels = plot_labels(problem, "line")
    assert labels["dc"]["windows"].keys() == {corner.name for corner in problem.corners}
    waves, rising = {}, 1e-3
    for corner in problem.corners:
        low, high = labels["dc"]["windows"][corner.name]
        assert (low, high) == pytest.approx((0.95 * corner.vdd, 1.05 * corner.vdd))
        axis = [0.01 * step for step in range(30, 211)]
        # a regulator that drops out at 1.3 V and has a line regulation of 1 mV/V
        out = [min(supply - 0.1, 1.2 + corner.temperature * 1e-6 + rising * (supply - 1.3)) for supply in axis]
        waves[corner.name] = {"axis": axis, "probes": {"out": out}}
    whole, window = wave_figures("line", "dc", waves, labels)
    first = problem.corners[0]
    assert whole.plots[0].verticals == pytest.approx({"line_low": 0.95 * first.vdd, "line_high": 1.05 * first.vdd})
    assert first.name in whole.caption
    assert len(window.plots[0].lines) == len(problem.corners)
    for line, corner in zip(window.plots[0].lines, problem.corners, strict=True):
        assert line.name == corner.name
        assert min(line.x) >= 0.95 * corner.vdd - 1e-6 and max(line.x) <= 1.05 * corner.vdd + 1e-6
        assert min(line.y) == 0 and max(line.y) == pytest.approx(rising * (max(line.x) - min(line.x)))
    # a sweep of the window alone is not drawn twice
    low, high = labels["dc"]["windows"][first.name]
    inside = {first.name: {"axis": [low, high], "probes": {"out": [1.2, 1.201]}}}
    assert len(wave_figures("line", "dc", inside, labels)) == 1
