"""Marks of an axis are round, evenly spaced and inside it; a distribution's drawing is true to its values."""

from __future__ import annotations

import itertools
import math
import random
import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from eda_agent.record.axis import Axis, span, ticks
from eda_agent.record.distribution import histogram, normal_plot

numbers = st.floats(-1e6, 1e6)


@given(numbers, numbers)
def test_linear_marks(one: float, other: float) -> None:
    assume(abs(one - other) > 1e-3)
    low, high = span([one, other], Axis("x"))
    found = ticks(low, high, Axis("x"))
    assert 2 <= len(found) <= 7
    steps = [after - before for before, after in itertools.pairwise(found)]
    assert max(steps) == pytest.approx(min(steps), rel=1e-6)
    digits = steps[0] / 10 ** math.floor(math.log10(steps[0]) + 1e-9)
    assert round(digits, 6) in {1, 2, 5, 10}
    slack = 1e-6 * (high - low)
    assert all(low - slack <= mark <= high + slack for mark in found)


@given(st.floats(-720, 360), st.floats(-720, 360))
def test_degrees_have_steps_of_45(one: float, other: float) -> None:
    axis = Axis("phase", "deg", step=45)
    low, high = span([one, other], axis)
    assert low < min(one, other) + 1e-6 and high > max(one, other) - 1e-6
    found = ticks(low, high, axis)
    assert all(mark % 45 == 0 for mark in found)
    assert high > low
    if 45 <= high - low <= 540:
        assert [after - before for before, after in itertools.pairwise(found)] == [45] * (len(found) - 1)
        assert found[0] == low and found[-1] == high


def test_a_histogram_has_every_sample_and_its_limits() -> None:
    draw = random.Random(1)
    values = [draw.gauss(1.0, 0.1) for _ in range(300)]
    drawn = ElementTree.fromstring(histogram("offset", values, Axis("offset", "V"), {"min": 0.9, "mean": 1.0}, ["min"]))
    counts = [
        int(found[1])
        for bar in drawn.iter("rect")
        for title in bar.iter("title")
        if (found := re.match(r"(\d+)", title.text or ""))
    ]
    assert sum(counts) == 300
    rules = {
        line.get("class"): float(line.get("x1", 0))
        for line in drawn.iter("line")
        if line.get("class") in {"level", "zero"}
    }
    assert rules["level"] < rules["zero"]


def test_normal_values_lie_on_the_line_and_tails_leave_it() -> None:
    """Against quantiles worked out by the inverse of the error function in another way: by bisection."""

    def quantile(share: float) -> float:
        low, high = -9.0, 9.0
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if 0.5 * (1 + math.erf(middle / math.sqrt(2))) < share else (low, middle)
        return low

    def distances(values: list[float], mean: float, sigma: float) -> list[float]:
        drawn = ElementTree.fromstring(normal_plot("q", values, Axis("q", "V"), {}, mean, sigma))
        line = next(one for one in drawn.iter("line") if one.get("class") == "zero")
        x1, y1, x2, y2 = (float(line.get(name, 0)) for name in ("x1", "y1", "x2", "y2"))
        dots = [(float(dot.get("cx", 0)), float(dot.get("cy", 0))) for dot in drawn.iter("circle")]
        return [y - (y1 + (y2 - y1) * (x - x1) / (x2 - x1)) for x, y in dots]

    values = [quantile((rank + 0.625) / 200.25) for rank in range(200)]
    assert max(map(abs, distances(values, 0.0, 1.0))) < 0.1  # pixels
    assert max(map(abs, distances([math.exp(value) for value in values], math.exp(0.5), 2.16))) > 10
