"""A waveform is the record of one analysis: an axis and one array per probe role.

Axis: frequency in Hz (ac, noise), time in s (tran), swept voltage in V (dc), empty (op). Probe "supply" is the current
out of the supply in A, positive when the circuit draws current. "current" is the current from the circuit into a
voltage source in A. Other probes are voltages in V, complex for ac. Noise has "input" and "output" densities in V/√Hz
instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_agent.metrics.noisy_device import Noisy

Array = NDArray[np.float64] | NDArray[np.complex128]

LOOP = "loop"
"""The probe whose waveform is the gain of a loop; in a testbench it names a 0 V source in the loop."""
PORTS = ("port1", "port2")
"""The probes that name the sources of a two-port, each behind its resistance; its AC waves have `s11` to `s22` too."""
PARAMETERS = ("s11", "s21", "s12", "s22")
"""The scattering parameters among the AC waves of a two-port."""
RESPONSE = "response"
"""The probe whose AC waveform over `in` is that of a circuit which must not oscillate by itself."""
MODES = "modes"
"""The probe that asks for the natural modes of the whole circuit, which must not grow."""
SEARCH = "search"
"""The probe that names the sources by which the slowest level of an input is searched."""
CURRENTS = frozenset({"supply", "current"})
"""Probes that are currents, through the voltage sources that they name."""


@dataclass(frozen=True)
class Waveform:
    """All arrays have the axis's length; for op they have length 1. `noisy`: its noise, if a metric asks for it."""

    kind: str
    axis: NDArray[np.float64]
    probes: Mapping[str, Array]
    noisy: Noisy | None = None

    def real(self, role: str) -> NDArray[np.float64]:
        return np.real(self.probes[role]).astype(np.float64, copy=False)
