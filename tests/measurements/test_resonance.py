"""A resonance inside a loop: margins from a fine sweep of a closed form, and what a coarse sweep may say of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eda_agent.metrics import measure
from eda_agent.metrics.stability import phase_margin
from eda_agent.metrics.waveform import LOOP, Waveform

UNITY, AT = 1e6, 23.7e6
"""Frequencies (Hz) of the integrator's unity gain and of the resonance."""


def loop(axis: NDArray[np.float64], quality: float) -> NDArray[np.complex128]:
    """An integrator with a pair of complex poles."""
    s = 1j * axis / AT
    return 1e4 / (1 + 1e4j * axis / UNITY) / (1 + s / quality + s * s)


def sweep(points: int) -> NDArray[np.float64]:
    return np.geomspace(1.0, 1e10, 10 * points + 1)


def test_a_resonance_between_two_points_is_no_margin() -> None:
    """Its peak passes |T| = 1 twice, with a phase near −180°; a coarse sweep saw the first crossing alone."""
    transfer = loop(sweep(20), 300.0)
    assert phase_margin(transfer) > 80
    assert phase_margin(loop(sweep(5000), 300.0)) < 10
    for name in ("phase_margin", "gain_margin"):
        found = measure(name, Waveform("ac", sweep(20), {LOOP: transfer}), {})
        assert found.value is None and found.wanted and "too sharp" in found.why


@settings(max_examples=40, deadline=None)
@given(st.floats(0.3, 1000.0), st.floats(1.0, 1.2))
def test_a_margin_that_is_given_is_right(quality: float, shift: float) -> None:
    """At any place of the resonance between the points of the sweep."""
    coarse = shift * sweep(20)
    found = measure("phase_margin", Waveform("ac", coarse, {LOOP: loop(coarse, quality)}), {})
    if found.value is not None:
        assert found.value == pytest.approx(phase_margin(loop(shift * sweep(5000), quality)), abs=6.0)
