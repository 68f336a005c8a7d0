"""Modes far from the sweep's points: sections of any quality factor, and rings and latches that take hours, with poles
in closed form.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from eda_agent.metrics import measure
from eda_agent.metrics.natural_modes import fastest_growing, grows
from eda_agent.metrics.own_oscillation import why_not_stable
from eda_agent.metrics.waveform import Waveform

from .test_own_oscillation import simulated


def section(quality: float, center: float, beside: str = "") -> str:
    gm = 2 * math.pi * center * 1e-12
    return (
        f".subckt part in out vdd vss\nRv vdd vss 100k\nG1 vss x in out {gm}\nC1 x vss 1p\nR1 x vss {quality / gm}\n"
        f"G2 vss out x vss {gm}\nC2 out vss 990f\n{beside}.ends\n"
    )


def ring(gain: float, resistance: float, capacitance: float, stages: int = 3) -> str:
    lines = ""
    for stage in range(stages):
        before, here = f"n{(stage - 1) % stages}", f"n{stage}"
        lines += f"Gr{stage} {here} vss {before} vss {gain / resistance}\nRr{stage} {here} vss {resistance}\n"
        lines += f"Cr{stage} {here} vss {capacitance}\n"
    return lines


@pytest.mark.parametrize("center", [1e6, 1.23e6])
@pytest.mark.parametrize("quality", [300.0, 700.0, 1e3, 1e5])
def test_a_section_of_any_quality_without_modes(quality: float, center: float) -> None:
    frequency = np.logspace(3, 10, 281)
    for sign in (1, -1):
        ratio = frequency / center * 1j
        response = (ratio / quality) / (1 + sign * ratio / quality + ratio**2)
        wave = Waveform("ac", frequency, {"out": response, "response": response})
        assert bool(why_not_stable(wave)) == (sign < 0)
        if sign > 0:
            assert measure("q_factor", wave, {}).value == pytest.approx(quality, rel=5e-3)


@pytest.mark.parametrize("quality", [1e3, 1e5])
def test_a_sharp_filter_is_measured(quality: float, tmp_path: Path) -> None:
    names = ("q_factor", "bandwidth")
    found = simulated(tmp_path, section(quality, 1e6), "C1: {min: 100f, max: 10p}", "filter", names)
    assert found["q_factor"] == pytest.approx(quality, rel=5e-3)
    assert found["bandwidth"] == pytest.approx(1e6 / quality, rel=5e-3)


@pytest.mark.parametrize(("gain", "capacitance"), [(2.05, 10e-6), (1.95, 10e-6), (2.05, 1e-3)])
def test_a_slow_ring_beside_a_filter(gain: float, capacitance: float, tmp_path: Path) -> None:
    # three stages -g / (1 + sRC): s RC = g e^(j60°) - 1, which grows above a gain of 2
    cell = section(5, 1e6, ring(gain, 1e6, capacitance))
    found = simulated(tmp_path, cell, "C1: {min: 100f, max: 10p}", "filter", ("q_factor",))
    if gain > 2:
        assert found == {"q_factor": None}
    else:
        assert found["q_factor"] == pytest.approx(5, rel=5e-3)


@pytest.mark.parametrize(("stages", "gain"), [(3, 2.05), (3, 1.95), (2, 2.0), (2, 0.9)])
@pytest.mark.parametrize("time", [1e-9, 1e-3, 1.0, 100.0])
def test_modes_of_rings_at_any_speed(stages: int, gain: float, time: float) -> None:
    """Rings of inverting stages: of three a pair of poles grows above a gain of 2, of two a real one above 1."""
    frequency = np.logspace(-4, 10, 29)
    g = np.eye(stages) + gain * np.roll(np.eye(stages), 1, axis=0)
    s = 2j * math.pi * frequency[:, None, None]
    seen = fastest_growing(frequency, np.linalg.inv((g + s * time * np.eye(stages)) * 1e-6), 1e3)
    pole = (gain * np.exp(1j * math.pi / 3 if stages == 3 else 0j) - 1) / time
    assert seen is not None and grows(seen) == (pole.real > 0)
    if pole.real > 0:
        assert seen.growth == pytest.approx(pole.real, rel=1e-6)
        assert seen.frequency == pytest.approx(pole.imag / (2 * math.pi), rel=1e-6, abs=1e-12)
