"""A noisy device drives a current through a circuit whose state moves: what a charge does to a result at each time, and
the density of the current there.

The result is a number that the noise changes: the time of a crossing of an oscillator, the difference of the outputs of
a comparator. Densities are single-sided, as those of ngspice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from eda_agent.metrics.measurable import Real

IN_TIME = frozenset({"phase_noise", "decision_noise"})
"""Metrics of it: they take simulations of their own beside the deck's analyses."""


@dataclass(frozen=True)
class NoisyDevice:
    """Arrays over equally spaced times.

    Attributes:
        sensitivity: change of the result per charge through the device (result/C).
        white: A²/Hz.
        flicker: A²/Hz at 1 Hz; it falls with the frequency to the power `slope`.
        sign: direction of the current, 1 or -1: the noise of one trap turns with it.
    """

    sensitivity: Real
    white: Real
    flicker: Real
    slope: float
    sign: Real

    def white_part(self) -> float:
        """Mean over time of sensitivity² · density (result²·A²/(C²·Hz))."""
        return float(np.mean(self.sensitivity**2 * self.white))

    def flicker_part(self, frequency: float) -> float:
        """(mean of sensitivity · √density)² at a frequency (Hz): the current is one slow noise times its course."""
        slow = float(np.mean(self.sensitivity * self.sign * np.sqrt(self.flicker)))
        return slow**2 / math.pow(frequency, self.slope)


@dataclass(frozen=True)
class Noisy:
    """The noisy devices of a circuit, by name, over `span` (s); `why` there is no value if there is none."""

    span: float = 0.0
    devices: Mapping[str, NoisyDevice] | None = None
    why: str = ""
