r"""A perturbation is a small change of a circuit's state that moves along a trajectory: a linear system with
coefficients that change in time.

With voltages and branch currents x, d(C x)/dt + G x = i, where C(t) and G(t) are those of the bias at each time. The
trapezoidal rule gives from step to step

    (C' / h + G' / 2) x' = (C / h − G / 2) x + i

What a charge does to a result w·x at the end is found backwards (adjoint), for all times and nets at once. Of an
oscillator the monodromy matrix has an eigenvalue of 1; its left eigenvector takes from a perturbation what remains of
it for ever: a shift in time (A. Demir, A. Mehrotra, J. Roychowdhury, "Phase noise in oscillators: a unifying theory and
numerical methods for characterization", IEEE Trans. Circuits and Systems I 47 (5), 2000; the same as the impulse
sensitivity function of A. Hajimiri and T. H. Lee, "A general theory of phase noise in electrical oscillators", IEEE J.
Solid-State Circuits 33 (2), 1998).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eda_agent.metrics.measurable import Real, Unmeasurable

NEAR = 0.1
"""Largest distance of the multiplier of a shift in time from 1: the coefficients are those of a true period."""
ALIKE = 0.97
"""Least cosine between its right eigenvector and the derivative of the waveforms."""


@dataclass(frozen=True)
class Trajectory:
    """Coefficients at equally spaced times.

    Attributes:
        step: s between times.
        c, g: (times, n, n) F and S; of branches of inductors H and 1.
    """

    step: float
    c: Real
    g: Real


def backwards(trajectory: Trajectory, weights: Real) -> tuple[Real, Real]:
    """What a charge does to `weights`·x at the last time.

    Returns:
        (times − 1, n) result per charge within each step, and the weights (n,) of the state at the first time.
    """
    c, g, step = trajectory.c, trajectory.g, trajectory.step
    found = np.zeros((len(c) - 1, weights.size))
    row = weights
    for place in range(len(c) - 2, -1, -1):
        solved = np.linalg.solve((c[place + 1] / step + g[place + 1] / 2).T, row)
        found[place] = solved / step
        row = (c[place] / step - g[place] / 2).T @ solved
    return found, row


def time_shifts(trajectory: Trajectory, slope: Real) -> tuple[Real, float]:
    """The lasting shift in time per charge into each unknown, over one period.

    Args:
        trajectory: of one period, its last time a period after the first; an even number of times, because the
            trapezoidal rule turns the sign of what has no capacitance in each step.
        slope: derivative of the first unknowns at the first time (V/s).

    Returns:
        (times − 1, n) s/C, positive for a later waveform; and the magnitude of the next multiplier, by which other
        perturbations decay in a period.

    Raises:
        Unmeasurable: the coefficients have no lasting shift in time.
    """
    c, g, step = trajectory.c, trajectory.g, trajectory.step
    monodromy = np.eye(c.shape[1])
    for place in range(len(c) - 1):
        right = (c[place] / step - g[place] / 2) @ monodromy
        monodromy = np.linalg.solve(c[place + 1] / step + g[place + 1] / 2, right)
    values, left = np.linalg.eig(monodromy.T)
    own = int(np.argmin(np.abs(values - 1)))
    multiplier = values[own]
    others = np.delete(values, own)
    # what has no capacitance alternates, and is no mode
    decaying = np.abs(others[np.real(others) > -0.5]) if others.size else np.zeros(1)
    there, right_vectors = np.linalg.eig(monodromy)
    along = np.real(right_vectors[:, int(np.argmin(np.abs(there - multiplier)))])
    cosine = abs(along[: slope.size] @ slope) / np.linalg.norm(along[: slope.size]) / np.linalg.norm(slope)
    if abs(multiplier - 1) > NEAR or cosine < ALIKE:
        raise Unmeasurable("no lasting shift in time: the circuit's small-signal models do not describe its period")
    along = along * (slope @ slope) / (along[: slope.size] @ slope)
    weights = np.real(left[:, own])
    found, _ = backwards(trajectory, weights / (weights @ along))
    places = (np.arange(len(c) - 1) + 0.5) / (len(c) - 1)
    growth = float(np.real(multiplier)) ** (1 - places)
    return -found / growth[:, None], float(decaying.max(initial=0.0))
