"""Labels of a plot keep off each other, off its title, and off the line that a mark points to."""

from __future__ import annotations

import re

from eda_agent.insight.plot_labels import plot_labels
from eda_agent.problem.spec import Problem
from eda_agent.record.axis import Axis
from eda_agent.record.distribution import histogram
from eda_agent.record.plot import line_plot
from eda_agent.record.plot_data import Line, Mark, Plot
from eda_agent.record.report.curves import wave_figures


def label_of(drawing: str, text: str) -> tuple[float, float, float]:
    """(where its mark is, where the label is, both in pixels from the top; where the other end of the bar is)."""
    found = re.search(
        r'translate\([\d.]+ ([\d.]+)\)">(?:<line class="bar"[^>]*y2="([-\d.]+)"[^>]*/>)?<circle[^>]*/><text[^>]*'
        rf' y="([-\d.]+)"[^>]*>{text}</text>',
        drawing,
    )
    assert found is not None
    at = float(found[1])
    return at, at + float(found[3]), at + float(found[2] or 0)


def gain_plot(marks: list[Mark]) -> str:
    line = Line("tt", [1.0, 10.0, 100.0], [80.0, 20.0, -60.0])
    return line_plot(Plot("loop", Axis("f", "Hz", log=True), Axis("dB", "dB"), [line], {"": 0.0}, marks=marks))


def test_the_label_of_a_small_margin_is_not_struck_through_by_the_line_of_0_db() -> None:
    for value in (-6.5, 6.5):
        at, label, zero = label_of(gain_plot([Mark(30.0, value, "GM", to=0.0)]), "GM")
        assert abs(at - zero) > 1
        # the letters stand from 10 px above their line to 3 px below it
        assert label - 10 > zero or label + 3 < zero
    at, label, zero = label_of(gain_plot([Mark(30.0, -50.0, "GM", to=0.0)]), "GM")
    assert zero < label < at


def test_a_mark_at_the_top_is_labelled_below_it_off_the_title() -> None:
    at, label, _ = label_of(gain_plot([Mark(1.0, 80.0, "settled")]), "settled")
    assert label > at
    at, label, _ = label_of(gain_plot([Mark(30.0, 0.0, "settled")]), "settled")
    assert label < at


def test_a_limit_outside_a_histogram_is_named_below_the_names_of_its_lines() -> None:
    values = [float(value) for value in range(50, 60)]
    drawing = histogram("x", values, Axis("x", "V"), {"mean": 54.5, "−σ": 52.0, "+σ": 57.0}, (), {"max 200 V": 200.0})
    heights = [float(y) for y in re.findall(r'translate\([\d.]+ ([\d.]+)\)"><text class="tick halo"', drawing)]
    (limit,) = re.findall(r'y="([\d.]+)"\s+class="tick halo"[^>]*>max 200 V<', drawing)
    assert len(heights) == 3 and float(limit) > max(heights) + 10


def test_the_frequency_of_a_spec_is_marked(problems: dict[str, Problem]) -> None:
    about = plot_labels(problems["ldo"], "ac")
    assert about["ac"]["at"] == 1e4 and "at" in about["noise"]
    wave = {"axis": [10.0, 1e6], "probes": {"output": [1e-7, 1e-8]}}
    (figure,) = wave_figures("ac", "noise", {"tt": wave}, about)
    assert list(figure.plots[0].verticals.values()) == [about["noise"]["at"]]
    assert "at" not in plot_labels(problems["ldo"], "full")["ac"]
