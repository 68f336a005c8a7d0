"""Marks of waveforms with closed forms, and lines that lie on another."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from eda_agent.insight.wave_marks import wave_mark
from eda_agent.record.plot_data import Line, Plot
from eda_agent.record.report.curves import wave_figures
from eda_agent.record.report.sweep_marks import same_lines

HOLD = 1e-6
TIME = np.linspace(0, 2.1 * HOLD, 4201)


def load_step(depth: float, height: float) -> dict[str, Any]:
    """An output at 1.2 V with a dip of that depth 100 ns after the first edge, and a peak after the second."""
    out = 1.2 - depth * np.exp(-(((TIME - 0.2e-6) / 3e-8) ** 2)) + height * np.exp(-(((TIME - 1.2e-6) / 3e-8) ** 2))
    return {"axis": list(TIME), "probes": {"out": list(out), "supply": [0.0] * len(out)}}


def test_under_and_overshoot_are_marked_where_the_output_is_lowest_and_highest() -> None:
    settings = {"hold": HOLD, "load_current": 1e-3}
    for metric, at, value in (("load_undershoot", 0.2e-6, 0.3), ("load_overshoot", 1.2e-6, 0.2)):
        found = wave_mark(metric, load_step(0.3, 0.2), settings)
        assert found is not None
        measured, mark = found
        assert measured == pytest.approx(value, rel=1e-3) and mark.x == pytest.approx(at, abs=1e-9)
        assert mark.to == pytest.approx(1.2, abs=1e-3) and mark.label.endswith(f"shoot {1e3 * value:g} mV")
    # nothing to mark: no excursion, no setting, another metric
    assert wave_mark("load_undershoot", load_step(0.0, 0.2), settings) is None
    assert wave_mark("load_undershoot", load_step(0.3, 0.2), {}) is None
    assert wave_mark("psrr_plus", load_step(0.3, 0.2), settings) is None


def test_settling_of_one_pole_is_marked_on_both_edges() -> None:
    tau, settings = 5e-8, {"hold": HOLD, "step": 0.4, "vcm": 0.9, "tolerance": 1.0, "time_step": HOLD / 200}
    up, down = np.clip(TIME - 0.1 * HOLD, 0, None), np.clip(TIME - 1.1 * HOLD, 0, None)
    out = 0.7 + 0.4 * ((1 - np.exp(-up / tau)) - (1 - np.exp(-down / (2 * tau))))
    wave = {"axis": list(TIME), "probes": {"out": list(out)}}
    for metric, edge, constant, level in (
        ("settling_time", 0.1 * HOLD, tau, 1.096),
        ("settling_time_down", 1.1 * HOLD, 2 * tau, 0.704),
    ):
        found = wave_mark(metric, wave, settings)
        assert found is not None and found[1].to is None
        assert found[1].x == pytest.approx(edge + constant * math.log(100), rel=0.01)
        assert found[1].y == pytest.approx(level, abs=1e-3)
    assert wave_mark("overshoot", wave, settings) is None


def test_dropout_is_marked_where_the_output_is_2_percent_low() -> None:
    """A regulator of 1.2 V that follows its supply 100 mV below it."""
    supply = np.linspace(1.9, 0.5, 1401)
    wave = {"axis": list(supply), "probes": {"out": list(np.minimum(1.2, supply - 0.1))}}
    found = wave_mark("dropout", wave, {"vdd": 1.8})
    assert found is not None
    assert found[0] == pytest.approx(0.1, abs=1e-6) and found[1].label == "dropout 100 mV"
    assert (found[1].x, found[1].y) == (pytest.approx(0.98 * 1.2 + 0.1), pytest.approx(0.98 * 1.2))


def test_a_figure_marks_the_corner_in_which_a_spec_is_worst() -> None:
    corners = {"tt": load_step(0.1, 0.3), "ss": load_step(0.2, 0.25), "ff": load_step(0.1, 0.3)}
    settings = {corner: {"hold": HOLD, "load_current": 1e-3} for corner in corners}
    about = {
        "limits": None,
        "dc": {},
        "marks": {"metrics": ["load_undershoot", "load_overshoot"], "settings": settings},
    }
    (figure,) = wave_figures("step", "tran", corners, about)
    (plot,) = figure.plots
    assert [plot.lines[mark.line].name for mark in plot.marks] == ["ss", "tt"]
    assert figure.caption == "Undershoot 200 mV in ss, overshoot 300 mV in tt. The curves of tt and ff coincide."


def test_lines_that_are_apart_are_not_told() -> None:
    from eda_agent.record.axis import Axis

    x = list(TIME)
    lines = [
        Line("a", x, list(TIME)),
        Line("b", x[::2], [1.5 * value for value in TIME[::2]]),
        Line("c", x, x, hidden=True),
    ]
    assert same_lines(Plot("p", Axis("x"), Axis("y"), lines)) == ""
    assert (
        same_lines(Plot("p", Axis("x"), Axis("y"), [*lines[:1], Line("d", x[::2], x[::2])]))
        == "The curves of a and d coincide."
    )
    assert same_lines(Plot("p", Axis("x"), Axis("y"), [Line("a", [], []), Line("b", x, x)])) == ""
