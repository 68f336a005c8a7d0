"""Loops that are unstable when they are open: rational functions of known poles, and an amplifier whose transient
oscillates while its loop gain alone looks stable.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.metrics.measurable import Unmeasurable
from eda_agent.metrics.open_loop import minimum_phase, stable_when_open, unstable_when_open
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Corner
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench

ROOT = Path(__file__).parents[2]
FREQUENCY = np.geomspace(1, 1e10, 241)
S = 2j * np.pi * FREQUENCY
decade = st.floats(3, 8.5)
pair = st.tuples(decade, st.floats(0.2, 0.9))


def first_order(exponent: float, sign: int = 1) -> np.ndarray:
    return 1 + sign * S / (2 * np.pi * 10**exponent)


def second_order(exponent: float, damping: float, sign: int = 1) -> np.ndarray:
    scaled = S / (2 * np.pi * 10**exponent)
    return 1 + sign * 2 * damping * scaled + scaled**2


@given(
    st.lists(decade, min_size=1, max_size=4),
    st.lists(pair, max_size=2),
    st.lists(st.tuples(decade, st.sampled_from([-1, 1])), max_size=2),
    st.floats(0, 1e-9),
)
def test_a_stable_open_loop_passes(
    poles: list[float], pairs: list[tuple[float, float]], zeros: list[tuple[float, int]], delay: float
) -> None:
    transfer = 1e4 * np.exp(-S * delay)
    for pole in poles:
        transfer /= first_order(pole)
    for one in pairs:
        transfer /= second_order(*one)
    for zero, sign in zeros:
        transfer *= first_order(zero, sign)
    assert unstable_when_open(FREQUENCY, transfer) is False
    assert stable_when_open(FREQUENCY, transfer) is transfer


@given(st.lists(decade, min_size=1, max_size=3), pair, st.lists(decade, max_size=1))
def test_a_pair_in_the_right_half_plane_is_seen(
    poles: list[float], unstable: tuple[float, float], zeros: list[float]
) -> None:
    transfer = 1e4 / second_order(*unstable, sign=-1)
    for pole in poles:
        transfer = transfer / first_order(pole)
    for zero in zeros:
        transfer = transfer * first_order(zero)
    with pytest.raises(Unmeasurable, match="unstable when it is open"):
        stable_when_open(FREQUENCY, transfer)


@given(st.lists(decade, min_size=1, max_size=2), st.floats(5, 8.5), st.floats(0.01, 0.1), st.booleans())
def test_a_sharp_pair_is_seen_or_needs_more_points(
    poles: list[float], exponent: float, damping: float, unstable: bool
) -> None:
    """Far below |T| = 1 too: an inner loop of Q 5 to 50."""
    found = []
    for points in (241, 2401):
        frequency = np.geomspace(1, 1e10, points)
        s = 2j * np.pi * frequency
        scaled = s / (2 * np.pi * 10**exponent)
        transfer = 1e3 / (1 + (-1 if unstable else 1) * 2 * damping * scaled + scaled**2)
        for pole in poles:
            transfer = transfer / (1 + s / (2 * np.pi * 10**pole))
        found.append(unstable_when_open(frequency, transfer))
    assert found[0] in (unstable, None)
    assert found[1] is unstable


def test_a_notch_is_no_pole() -> None:
    for at, damping in itertools.product((1e6, 1.03e6), (0.0, 1e-3, -1e-3)):
        scaled = 1j * FREQUENCY / at
        notch = 1e4 * (1 + 2 * damping * scaled + scaled**2) / first_order(3) / first_order(7) / first_order(8)
        assert unstable_when_open(FREQUENCY, notch) is False


def test_minimum_phase_of_poles_and_zeros_in_the_left_half_plane() -> None:
    transfer = 1e5 * first_order(6.5) / first_order(2) / first_order(5) / second_order(7, 0.4)
    exact = np.degrees(np.unwrap(np.angle(transfer)))
    inner = FREQUENCY < 1e9  # above, the last slope of the magnitude is not its final one
    assert minimum_phase(FREQUENCY, np.abs(transfer))[inner] == pytest.approx(exact[inner], abs=1.5)


def test_an_amplifier_that_oscillates_inside_has_no_margin(pool: LocalPool, tmp_path: Path) -> None:
    """T crosses 1 at 157° above −180° and never turns, but the buffer's output swings by itself."""
    problem = load_problem(ROOT / "circuits" / "three_stage_nmc")
    sizes = {"W12": 31.25e-6, "L12": 0.5e-6, "W34": 50e-6, "L34": 0.28e-6, "W5": 6.84e-6, "L5": 0.41e-6}
    sizes |= {"W67": 1.64e-6, "L67": 1.63e-6, "m7": 2, "W9": 1.69e-6, "L9": 0.44e-6, "m9": 1, "Wb": 1.76e-6}
    sizes |= {"Lb": 0.98e-6, "mt": 4, "m10": 5, "Wnm": 3.94e-6, "Lnm": 0.53e-6, "m8": 7, "Cm1": 1.01e-12}
    sizes["Cm2"] = 4.49e-12
    corner = Corner("c", "fs", 3.094, -10.4, {"load": 18e-12})
    problem = replace(problem, corners=(corner,), specs=tuple(replace(spec, corners=()) for spec in problem.specs))
    evaluator = Evaluator(problem, Workbench(problem, tmp_path / "models"), pool, NoCache())
    (found,) = evaluator.evaluate([sizes])
    assert found.values["c"]["settling_time"] is None
    assert found.values["c"]["phase_margin"] is None
    assert found.values["c"]["gain_margin"] is None
    assert "unstable when it is open" in found.reasons["c", "phase_margin"]
    assert found.values["c"]["dc_gain"] == pytest.approx(104.3, abs=0.1)
