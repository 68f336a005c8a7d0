"""Metrics of an SRAM cell: static noise margins by its butterfly curves, the read current and the leakage.

A template forces one storage net and then the other, from rail to rail; each curve shows the net that is free. The
margin is the side of a square between the two curves (E. Seevinck, F. List and J. Lohstroh, IEEE J. Solid-State
Circuits 22, 1987).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eda_agent.metrics.measurable import Real, Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform

POINTS = 2001


class Sweep(NamedTuple):
    """A part of the sweep of a template, between two places on its axis, in supplies: half a step before its first
    point and after its last.
    """

    start: float
    stop: float

    def of(self, wave: Waveform, vdd: float) -> NDArray[np.bool_]:
        """Which points of a waveform are its own. Raises `Unmeasurable` if the sweep does not reach it."""
        found = (wave.axis > self.start * vdd) & (wave.axis <= self.stop * vdd)
        if not found.any():
            raise Unmeasurable("the sweep ends early: ngspice finds no operating point there")
        return found


Q, QB = Sweep(-0.0025, 1.0025), Sweep(1.0025, 2.0075)
"""The storage net q is forced from rail to rail, then qb."""
FREE, OTHER = Sweep(2.0075, 2.0225), Sweep(2.0375, 2.0525)
"""Neither net is forced: the cell was left with qb high, and in a read a second time with q high."""
AGAIN_Q, AGAIN_QB = Sweep(2.0225, 3.0275), Sweep(3.0275, 4.0325)
"""The same as the first two with the other bit line low, in a write."""


def diagonals(wave: Waveform, vdd: float, one: tuple[str, Sweep], other: tuple[str, Sweep]) -> tuple[Real, Real]:
    """(place along the other diagonal, distance between the curves along the diagonal), both in V · √2.

    Args:
        wave: the sweep of a template.
        vdd: V.
        one: a storage net, and where it is forced.
        other: the same of the other net.

    Returns:
        `one` - `other`, equally spaced over what both curves cover; the distance, positive where the curve of a forced
        `one` lies above.
    """
    sides = []
    for _, sweep in (one, other):
        part = sweep.of(wave, vdd)
        first, second = wave.real(one[0])[part], wave.real(other[0])[part]
        order = np.argsort(first - second, kind="stable")
        sides.append(((first - second)[order], (first + second)[order]))
    low, high = max(side[0][0] for side in sides), min(side[0][-1] for side in sides)
    if high <= low:
        raise Unmeasurable("the butterfly curves do not overlap")
    at = np.linspace(low, high, POINTS)
    return at, np.interp(at, *sides[0]) - np.interp(at, *sides[1])


def bistable_margin(wave: Waveform, settings: Mapping[str, float]) -> float:
    """V: the side of the largest square in the smaller of the two lobes.

    A lobe lies between two neighbouring crossings of the curves; beyond the last crossing they only part. The curve of
    a forced q is above the other from the state of q low to the next crossing, and below it from the last but one to
    the state of q high. Between these two crossings, often one, lie no states of the cell.
    """
    vdd = settings["vdd"]
    at, apart = diagonals(wave, vdd, ("q", Q), ("qb", QB))
    # no net leaves the rails, so that the curves have crossed before they end: what is left there is rounding
    apart[[0, -1]] = min(apart[0], 0.0), max(apart[-1], 0.0)
    ends = np.flatnonzero(np.diff(np.sign(apart)))
    least = 2e-3 * vdd
    low, high = [], []
    for one, other in itertools.pairwise(ends):
        lobe = apart[one + 1 : other + 1]
        if at[one] < 0 and float(np.max(lobe)) > least:
            low.append(float(np.max(lobe)))
        if at[other] > 0 and float(np.min(lobe)) < -least:
            high.append(-float(np.min(lobe)))
    if not low or not high:
        raise Unmeasurable("the cell has one stable state only")
    return min(low[0], high[-1]) / 2


def state(wave: Waveform, settings: Mapping[str, float], part: Sweep = FREE) -> float:
    """q - qb (V) at the end of a part, where no net is forced; the cell was left with qb high, after `OTHER` with q."""
    index = int(np.flatnonzero(part.of(wave, settings["vdd"]))[-1])
    return float(wave.real("q")[index] - wave.real("qb")[index])


def written_margin(wave: Waveform, vdd: float, high: tuple[str, Sweep], low: tuple[str, Sweep]) -> float:
    """V: the margin of the write that takes the net `high` low; see `diagonals` for the nets.

    Raises:
        Unmeasurable: the curves meet where `high` is above `low`.
    """
    at, apart = diagonals(wave, vdd, high, low)
    # a net that is written stands at the rail within rounding
    over = apart[at >= min(0.0, max(float(at[-1]), -1e-3 * vdd))]
    if not over.size or float(np.min(over)) <= 0:
        raise Unmeasurable(f"the cell keeps its state: a zero is not written into {high[0]}")
    return float(np.min(over)) / 2


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
    definition="static noise margin of a write, the smaller of both sides: side of the smallest square between the"
    " butterfly curves in the state that is overwritten",
    second="tests/measurements/test_sram_cell.py",
)
def _write_snm(wave: Waveform, settings: Mapping[str, float]) -> float:
    vdd = settings["vdd"]
    return min(
        written_margin(wave, vdd, ("q", Q), ("qb", QB)), written_margin(wave, vdd, ("qb", AGAIN_QB), ("q", AGAIN_Q))
    )


@metric(
    "read_current",
    "A",
    analysis="dc",
    typical=20e-6,
    ask="keep",
    definition="current that a memory cell draws from the bit line of its low side while it is read, the smaller of"
    " both sides",
    second="tests/measurements/test_sram_cell.py",
)
def _read_current(wave: Waveform, settings: Mapping[str, float]) -> float:
    vdd = settings["vdd"]
    if state(wave, settings) > -vdd / 2 or state(wave, settings, OTHER) < vdd / 2:
        raise Unmeasurable("the cell loses its state while it is read")
    current = np.abs(wave.real("current"))
    return min(float(current[part.of(wave, vdd)][-1]) for part in (FREE, OTHER))


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
