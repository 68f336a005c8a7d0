"""The output's check: it moves when it is driven, and a circuit that generates a voltage keeps it off the rails."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eda_agent.metrics import METRICS
from eda_agent.metrics.waveform import LOOP
from eda_agent.simulation.soundness.observation import RAIL, Observation
from eda_agent.simulation.soundness.symptom import Symptom
from eda_agent.units import format_quantity

STILL = 1e-3
"""An output that moves by less than this share of its drive is not driven: 60 dB of loss where an amplifier needs gain.
"""
DRIVEN = frozenset(metric.name for metric in METRICS.values() if metric.output == "driven")
"""Metrics of testbenches that drive the output by their input."""
HOLDING = frozenset(metric.name for metric in METRICS.values() if metric.output == "held")
"""Metrics of testbenches whose circuit holds its output: a still output is normal."""
FOLLOWERS = frozenset(
    {"opamp_open_loop", "opamp_loop", "opamp_step", "opamp_cmrr", "opamp_psrr_plus", "opamp_psrr_minus"}
)
"""Templates whose amplifier holds its output at the common mode by feedback."""


def check(seen: Observation) -> Iterator[Symptom]:
    level = seen.level
    place = "" if level is None else _place(level, seen.vdd)
    if seen.metrics & DRIVEN and (moved := _moved(seen)) is not None and moved < STILL:
        where = (
            f"out stands at {place + ',' if place else format_quantity(level, 'V', 3)} and"
            if level is not None
            else "out"
        )
        look = (
            f"what drives the output: {' '.join(seen.held)} in the netlist, and its load"
            if seen.held
            else "what drives the output, the load of the testbench, and the bias"
        )
        yield Symptom("still output", seen.testbench, seen.corner, f"{where} does not move", look)
    elif place and (seen.metrics & HOLDING or seen.template in FOLLOWERS):
        yield Symptom(
            "output at a rail",
            seen.testbench,
            seen.corner,
            f"out stands at {place}",
            "the bias, a start-up state without current, and what loads the output",
        )


def _place(level: float, vdd: float) -> str:
    """The rail at which a voltage (V) lies, "" for none."""
    if abs(level) < RAIL * vdd:
        return f"{format_quantity(level, 'V', 3)}, the negative rail"
    return f"{format_quantity(level, 'V', 3)}, the supply" if abs(level - vdd) < RAIL * vdd else ""


def _moved(seen: Observation) -> float | None:
    """The output's movement for a stimulus of 1 (1 V in AC, or 1 in a probed loop; of the supply in time and in
    sweeps); None without a stimulus.
    """
    found = [
        float(np.ptp(wave.real("out"))) / seen.vdd
        for kind in ("tran", "dc")
        if (wave := seen.wave(kind, "out")) is not None
    ]
    if (response := seen.response) is not None:
        found.append(float(np.abs(response.probes[LOOP if LOOP in response.probes else "out"]).max()))
    return max(found) if found else None
