"""Metrics of an SRAM cell: static noise margins by its butterfly curves, the read current and the leakage.

A template forces one storage net and then the other; each curve shows the net that is free. The margin is the side of
a square between the two curves (E. Seevinck, F. List and J. Lohstroh, IEEE J. Solid-State Circuits 22, 1987).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.measurable import Real, Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform

POINTS = 2001


def spans(settings: Mapping[str, float]) -> tuple[float, float]:
    """Ends (V) of the two curves on the axis: up to the first q is forced, up to the second qb, then neither.

    Each curve ends half a step of the sweep before its end here.
    """
    half = settings["vdd"] / 400
    return settings["vdd"] + half, 2 * settings["vdd"] + half


def diagonals(wave: Waveform, settings: Mapping[str, float]) -> tuple[Real, Real]:
    """(place along the other diagonal, distance between the curves along the diagonal), both in V · √2.

    The place is q - qb. The distance is positive where the curve of a forced q lies above.
    """
    axis, q, qb = wave.axis, wave.real("q"), wave.real("qb")
    first, second = spans(settings)
    sides = []
    for part in (axis <= first, (axis > first) & (axis <= second)):
        place, height = (q - qb)[part], (q + qb)[part]
        order = np.argsort(place, kind="stable")
        sides.append((place[order], height[order]))
    low, high = max(side[0][0] for side in sides), min(side[0][-1] for side in sides)
    if high <= low:
        raise Unmeasurable("the butterfly curves do not overlap")
    at = np.linspace(low, high, POINTS)
    return at, np.interp(at, *sides[0]) - np.interp(at, *sides[1])


def bistable_margin(wave: Waveform, settings: Mapping[str, float]) -> float:
    """V: the side of the largest square in the smaller of the two lobes."""
    _, apart = diagonals(wave, settings)
    least = min(float(np.max(apart)), float(np.max(-apart))) / 2
    if least <= 1e-3 * settings["vdd"]:
        raise Unmeasurable("the cell has one stable state only")
    return least


def state(wave: Waveform, settings: Mapping[str, float]) -> float:
    """q - qb (V) at the end, where no net is forced any more; the cell was left with qb high."""
    if wave.axis[-1] <= spans(settings)[1]:
        raise Unmeasurable("the sweep ends early: ngspice finds no operating point there")
    return float(wave.real("q")[-1] - wave.real("qb")[-1])


@metric(
    "hold_snm",
    "V",
    analysis="dc",
    typical=0.3,
    ask="keep",
    definition="static noise margin of a memory cell with its word line low",
    second="tests/measurements/test_sram_cell.py",
)
def _hold_snm(wave: Waveform, settings: Mapping[str, float]) -> float:
    return bistable_margin(wave, settings)


@metric(
    "read_snm",
    "V",
    analysis="dc",
    typical=0.15,
    definition="static noise margin of a memory cell with its word line and both bit lines high",
    second="tests/measurements/test_sram_cell.py",
)
def _read_snm(wave: Waveform, settings: Mapping[str, float]) -> float:
    return bistable_margin(wave, settings)


@metric(
    "write_snm",
    "V",
    analysis="dc",
    typical=0.2,
    ask="keep",
    definition="static noise margin of a write: side of the smallest square between the butterfly curves where q is"
    " above qb, the state that is overwritten",
    second="tests/measurements/test_sram_cell.py",
)
def _write_snm(wave: Waveform, settings: Mapping[str, float]) -> float:
    at, apart = diagonals(wave, settings)
    over = apart[at >= 0]
    if not over.size or float(np.min(over)) <= 0:
        raise Unmeasurable("the cell keeps its state: it is not written")
    return float(np.min(over)) / 2


@metric(
    "read_current",
    "A",
    analysis="dc",
    typical=20e-6,
    ask="keep",
    definition="current that a memory cell draws from the bit line of its low side while it is read",
    second="tests/measurements/test_sram_cell.py",
)
def _read_current(wave: Waveform, settings: Mapping[str, float]) -> float:
    if state(wave, settings) > -settings["vdd"] / 2:
        raise Unmeasurable("the cell loses its state while it is read")
    return math.fabs(float(wave.real("current")[-1]))


@metric(
    "cell_leakage",
    "A",
    analysis="dc",
    typical=100e-12,
    ask="relax",
    definition="current of a memory cell that holds, from the supply and both bit lines at the supply",
    second="tests/measurements/test_sram_cell.py",
)
def _cell_leakage(wave: Waveform, settings: Mapping[str, float]) -> float:
    if abs(state(wave, settings)) < settings["vdd"] / 2:
        raise Unmeasurable("the cell does not hold a state")
    return abs(float(wave.real("supply")[-1]))
