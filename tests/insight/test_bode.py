"""The marks of a Bode plot lie where closed forms put them, and agree with the metrics."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.insight.bode import bode_marks
from eda_agent.metrics.gain import unity_gain_frequency
from eda_agent.metrics.stability import gain_margin, phase_margin

FREQUENCY = np.logspace(0, 10, 2001)


def wave(transfer: Any) -> dict[str, Any]:
    return {"axis": FREQUENCY.tolist(), "probes": {"loop": [transfer.real.tolist(), transfer.imag.tolist()]}}


def poles(gain: float, *places: float) -> Any:
    path = np.full(FREQUENCY.shape, gain, dtype=complex)
    for place in places:
        path = path / (1 + 1j * FREQUENCY / place)
    return path


def marks(transfer: Any, passband: bool = False) -> dict[str, Any]:
    return {mark.kind: mark for mark in bode_marks(wave(transfer), margins=True, passband=passband)}


def test_three_equal_poles() -> None:
    """A/(1 + jx)³ turns by 180° at x = √3, where it is A/8: the gain margin is 20 log (8/A)."""
    found = marks(poles(4.0, 1e6, 1e6, 1e6))
    mark = found["gain margin"]
    assert mark.frequency == pytest.approx(math.sqrt(3) * 1e6, rel=1e-3)
    assert mark.value == pytest.approx(20 * math.log10(2), abs=0.01) and mark.gain == pytest.approx(
        -mark.value, abs=0.01
    )
    # |T| = 1 where 1 + x² = 4^(2/3)
    crossing = math.sqrt(4 ** (2 / 3) - 1)
    assert found["crossover"].frequency == pytest.approx(crossing * 1e6, rel=1e-3)
    assert found["crossover"].gain == pytest.approx(0.0, abs=1e-6)
    assert found["phase margin"].value == pytest.approx(180 - 3 * math.degrees(math.atan(crossing)), abs=0.01)
    assert found["phase margin"].phase == pytest.approx(found["phase margin"].value - 180, abs=0.01)


def test_one_pole_has_no_gain_margin_and_its_corner_is_marked() -> None:
    found = marks(poles(1000.0, 1e4), passband=True)
    assert set(found) == {"−3 dB", "crossover", "phase margin"}
    assert found["−3 dB"].frequency == pytest.approx(1e4, rel=1e-3)
    assert found["−3 dB"].gain == pytest.approx(20 * math.log10(1000 / math.sqrt(2)), abs=0.01)
    assert found["−3 dB"].phase == pytest.approx(-45, abs=0.1)


def test_what_a_sweep_does_not_contain_is_not_marked() -> None:
    assert marks(poles(0.5, 1e6)) == {}
    assert marks(poles(-100.0, 1e6)) == {}  # a path that inverts
    assert bode_marks({"axis": [], "probes": {"loop": [[], []]}}, margins=True, passband=True) == []
    assert (
        bode_marks({"axis": [1.0, 2.0], "probes": {"loop": [[0.0, 0.0], [0.0, 0.0]]}}, margins=True, passband=True)
        == []
    )


@given(st.floats(2, 1e5), st.lists(st.floats(10, 1e9), min_size=1, max_size=4))
def test_the_marks_are_the_metrics(gain: float, places: list[float]) -> None:
    """Also of loops that are unstable or barely cross 0 dB."""
    path = poles(gain, *places)
    found = marks(path)
    if "phase margin" not in found:
        return
    assert found["phase margin"].value == phase_margin(path)
    distance = abs(found["phase margin"].phase % 360 - 180)
    assert distance == pytest.approx(abs(phase_margin(path)), abs=1e-6)
    assert found["crossover"].frequency == pytest.approx(unity_gain_frequency(FREQUENCY, path), rel=1e-6)
    if "gain margin" in found:
        assert found["gain margin"].value == gain_margin(path)
        assert abs(found["gain margin"].gain) == pytest.approx(abs(gain_margin(path)), abs=1e-6)
