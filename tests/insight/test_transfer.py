"""A phase without jumps, against the phase of a delay and of poles, which are known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.insight.transfer import unwrapped


@given(st.floats(0.01, 0.45), st.integers(2, 200))
def test_the_phase_of_a_delay_is_a_straight_line(turns: float, points: int) -> None:
    """`turns` of the phase from point to point, below the half turn that any method needs."""
    values = [complex(math.cos(2 * math.pi * turns * k), -math.sin(2 * math.pi * turns * k)) for k in range(points)]
    assert unwrapped(values) == pytest.approx([-360 * turns * k for k in range(points)], rel=1e-9, abs=1e-6)


def test_the_phase_of_six_poles() -> None:
    frequency = np.geomspace(1e-3, 1e3, 601)
    values = (1 / (1 + 1j * frequency) ** 6).tolist()
    assert unwrapped(values) == pytest.approx((-6 * np.degrees(np.arctan(frequency))).tolist(), abs=1e-9)
