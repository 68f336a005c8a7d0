"""A circuit's natural modes are read from AC analyses with a current into each of its nets in turn
(`metrics.natural_modes`).

A testbench asks for them with the probe `modes`. Its deck then has a source of no current at every net that the first
operating point showed; these sources change nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from eda_agent.metrics.measurable import Complex
from eda_agent.metrics.natural_modes import Mode, fastest_growing
from eda_agent.metrics.waveform import MODES
from eda_agent.problem.loop_probe import ac_sources
from eda_agent.simulation.circuit_state import LoadedDeck

READ_AT = 2
"""Frequencies per decade."""
SLOWEST_READ = 1e-4
"""Hz from which modes are read, whatever the testbench's own sweep is: it may begin far above a slow mode."""

WITHOUT_SWEEP = "ac dec 2 1e3 1e10"
"""The band of a transient."""


def measure_modes(
    deck: LoadedDeck,
    alter: Callable[[str, float], None],
    analyse: Callable[[str], str],
    read: Callable[[str], Complex],
) -> Mode | None:
    """The mode of the loaded circuit that grows fastest, None if it cannot be told.

    Args:
        deck: the circuit's.
        alter: sets a source's AC magnitude.
        analyse: runs a command and returns the plot's name.
        read: returns a vector by its name, such as `ac3.out`.
    """
    nets, analyses = deck.probed_nets(), dict(deck.analyses)
    command = analyses.get("ac", WITHOUT_SWEEP if "tran" in analyses else "")
    if MODES not in deck.probes or not nets or not command:
        return None
    start, stop = command.split()[-2:]
    lower = max(0, math.ceil(math.log10(float(start) / SLOWEST_READ)))
    sweep = f"ac dec {READ_AT} {float(start) / 10**lower!r} {stop}"
    silent = ac_sources(deck.tail)
    for source in silent:
        alter(source, 0.0)
    columns = []
    for number in range(len(nets)):
        alter(deck.mode_source(number), 1.0)
        plot = analyse(sweep)
        columns.append(np.stack([read(f"{plot}.{net}") for net in nets], axis=-1))
        alter(deck.mode_source(number), 0.0)
    for source, magnitude in silent.items():
        alter(source, magnitude)
    return fastest_growing(np.real(read(f"{plot}.frequency")), np.stack(columns, axis=-1), float(start))
