"""A circuit that oscillates by itself has no small-signal response: poles in the right half plane.

Its AC analysis looks normal and gives numbers that nothing shows on a bench. Such poles lift the phase above the
minimum phase of the magnitude (`open_loop`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from eda_agent.metrics.measurable import Complex
from eda_agent.metrics.natural_modes import Mode, grows
from eda_agent.metrics.open_loop import LEAST, unstable_when_open
from eda_agent.metrics.section import finer
from eda_agent.metrics.waveform import PARAMETERS, RESPONSE, Waveform
from eda_agent.units import format_quantity

OSCILLATES = "the circuit oscillates by itself: poles in the right half plane"
TOO_SHARP = "a resonance is too sharp for the points of the sweep: whether the circuit oscillates is unknown"


def why_not_stable(wave: Waveform | None, mode: Mode | None = None) -> str:
    """Why the AC response of a testbench is that of no stable circuit, or that this cannot be told; "" if it is stable.

    Judged are the circuit's natural `mode`, the `RESPONSE` of a testbench and the parameters of a two-port between its
    resistances.
    """
    if mode is not None and grows(mode):
        return _growing(mode)
    if wave is None or len(wave.axis) < LEAST or not {RESPONSE, *PARAMETERS} & wave.probes.keys():
        return ""
    if mode is not None and mode.known_to >= wave.axis[-1]:
        return ""
    for transfer in _responses(wave):
        unstable = unstable_when_open(wave.axis, transfer)
        if unstable is not False:
            unstable = unstable_when_open(*finer(wave.axis, transfer))
        if unstable is None and mode is not None:
            continue
        if unstable is not False:
            return TOO_SHARP if unstable is None else OSCILLATES
    return ""


def in_feedback(why: str, settings: Mapping[str, float]) -> str:
    """The reason with the testbench's share of feedback, which decides whether an amplifier oscillates."""
    return f"{why} (feedback: {settings['feedback']:g})" if why and "feedback" in settings else why


def _growing(mode: Mode) -> str:
    if mode.frequency:
        at = format_quantity(mode.frequency, "Hz", 3)
        return f"the circuit oscillates by itself at {at}: poles in the right half plane"
    within = format_quantity(1 / mode.growth, "s", 3)
    return f"the circuit leaves its operating point within {within}: a pole in the right half plane"


def _responses(wave: Waveform) -> Iterator[Complex]:
    if RESPONSE in wave.probes:
        yield wave.probes[RESPONSE].astype(np.complex128) / wave.probes.get("in", 1.0)
    for name in PARAMETERS:
        if name in wave.probes and float(np.max(np.abs(wave.probes[name]))) > 0:
            yield wave.probes[name].astype(np.complex128)
