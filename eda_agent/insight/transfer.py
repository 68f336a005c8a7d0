"""A transfer function is the output of an AC analysis divided by its input; waveforms come as plain data, as workers
send them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eda_agent.metrics.waveform import LOOP


def transfer(wave: Mapping[str, Any]) -> list[complex]:
    """out / in at every point of the axis, or the loop gain if the testbench measures it; the input is 1 V if it was
    not recorded.
    """
    if LOOP in wave["probes"]:
        return _complexes(wave["probes"][LOOP])
    out = _complexes(wave["probes"]["out"])
    if "in" not in wave["probes"]:
        return out
    return [
        one / other if other else complex(0) for one, other in zip(out, _complexes(wave["probes"]["in"]), strict=True)
    ]


def decibels(values: Sequence[complex]) -> list[float]:
    return [20 * math.log10(max(abs(value), 1e-30)) for value in values]


def unwrapped(values: Sequence[complex]) -> list[float]:
    """Phase in degrees without jumps of 360°."""
    phase: list[float] = np.unwrap(np.degrees(np.angle(np.asarray(values, dtype=complex))), period=360).tolist()
    return phase


def _complexes(values: Any) -> list[complex]:
    """From [real parts, imaginary parts], or from real numbers alone."""
    if values and isinstance(values[0], list):
        return [complex(real, imaginary) for real, imaginary in zip(*values, strict=True)]
    return [complex(value) for value in values]
