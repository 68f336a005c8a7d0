"""The noise of an oscillator in its steady period: how far a charge through each device shifts all later edges, and the
noise current of the device at each phase.

The shifts follow from the small-signal conductances and capacitances along the period (`metrics.perturbation`). A
transient with charges into the nets at three phases must confirm them, each time: else there is no value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from eda_agent.metrics.measurable import Real, Unmeasurable
from eda_agent.metrics.noisy_device import Noisy
from eda_agent.metrics.oscillator import SWING, rises, rising_edges
from eda_agent.metrics.perturbation import time_shifts
from eda_agent.metrics.waveform import Waveform
from eda_agent.simulation.circuit_state import CircuitState, LoadedDeck
from eda_agent.simulation.decision_noise import noisy_decision
from eda_agent.simulation.failure import SimulationFailed
from eda_agent.simulation.ngspice import Ngspice
from eda_agent.simulation.noise_circuit import NoiseCircuit, noise_circuit
from eda_agent.simulation.trajectory import Along, along
from eda_agent.units import format_quantity

STEPS = 153
"""Steps of a period: odd (see `time_shifts`)."""
FINE = 200
"""Least steps of a period in a transient."""
SETTLED = 0.01
"""Largest change of any voltage from one period to the next, as a share of the output's swing."""
PHASES = (0.15, 0.48, 0.81)
KICK = 1e-3
"""Voltage step of a charge, as a share of the output's swing."""
LONGEST = 40
AGREES = 0.1
"""Largest difference between the shifts in a transient and the computed ones, as a share of them."""


def noisy_period(ngspice: Ngspice, deck: LoadedDeck, state: CircuitState, cards: str, wave: Waveform) -> Noisy:
    """The noise of the oscillator of a deck, whose transient is `wave`; or why it has none."""
    try:
        if any(metric == "decision_noise" for metric, _ in deck.metrics):
            return noisy_decision(ngspice, deck, state, cards)
        return _noisy_period(ngspice, deck, state, cards, wave)
    except Unmeasurable as error:
        return Noisy(why=str(error))
    except SimulationFailed as failed:
        return Noisy(why=f"the simulation of the noise failed: {failed.failure.words or failed.failure.kind}")


def _noisy_period(ngspice: Ngspice, deck: LoadedDeck, state: CircuitState, cards: str, wave: Waveform) -> Noisy:
    if deck.settings.get("ripple", 0) > 0:
        raise Unmeasurable("the supply has a ripple: phase noise needs a testbench without it")
    edges = rising_edges(wave.axis, wave.real("out"), float(wave.axis[-1]) / 2, SWING * deck.settings["vdd"])
    circuit = noise_circuit(deck, state, cards)
    guess = float(edges[-1] - edges[0]) / (edges.size - 1)
    stop = float(wave.axis[-1]) + 2.5 * guess
    steady = _steady(circuit.transient(ngspice, guess / FINE, stop), deck.probes["out"])
    with circuit.held(ngspice, 1 / steady.period) as held:
        found = along(circuit, held, steady.times(), steady.voltages)
    slope = found.derivative()
    shifts, decay = time_shifts(found.trajectory, slope)
    _confirm(ngspice, circuit, steady, found, shifts, decay)
    return Noisy(steady.period, found.devices(shifts))


@dataclass(frozen=True)
class Steady:
    """The last period of a transient that has settled."""

    out: str
    start: float
    period: float
    level: float
    swing: float
    voltages: dict[str, Real]

    def times(self) -> Real:
        return self.start + np.linspace(0, self.period, STEPS + 1)


def _steady(found: dict[str, Real], out: str) -> Steady:
    time, value = found["time"], found[out]
    late = value[time > time[-1] / 2]
    level, swing = float(late.max() + late.min()) / 2, float(np.ptp(late))
    edges = rises(time, value, level)
    if edges.size < 8:
        raise Unmeasurable("no steady oscillation with fine time steps")
    start, end = float(edges[-2]), float(edges[-1])
    period, before = end - start, float(edges[-2] - edges[-3])
    worst = max(abs(float(np.interp(end, time, row) - np.interp(start, time, row))) for row in _volts(found).values())
    if worst > SETTLED * swing or abs(period - before) > SETTLED / 2 * period:
        change = format_quantity(worst, "V", 2)
        raise Unmeasurable(f"the oscillation has not settled: a voltage changes by {change} in a period; raise run:")
    return Steady(out, start, period, level, swing, found)


def _volts(found: dict[str, Real]) -> dict[str, Real]:
    return {name: row for name, row in found.items() if name != "time"}


def _confirm(ngspice: Ngspice, circuit: NoiseCircuit, steady: Steady, found: Along, shifts: Real, decay: float) -> None:
    """Raise `Unmeasurable` if charges in a transient shift its edges otherwise."""
    count, period = len(circuit.nets), steady.period
    wait = min(max(math.ceil(math.log(0.02) / math.log(decay)) if 0 < decay < 1 else 2, 2), LONGEST) + 2
    signs = np.cos(1 + 2.4 * np.arange(count))
    charges = KICK * steady.swing * signs * found.capacitances()
    width = period / 50
    times = [steady.start + (6 + place * (wait + 2) + phase) * period for place, phase in enumerate(PHASES)]
    cards = []
    for number, (net, charge) in enumerate(zip(circuit.nets, charges.tolist(), strict=True)):
        points = " ".join(f"{at - width!r} 0 {at!r} {charge / width!r} {at + width!r} 0" for at in times)
        cards.append(f"icharge{number} 0 {net} dc 0 pwl(0 0 {points})\n")
    stop = times[-1] + (wait + 2) * period
    waves = circuit.transient(ngspice, period / FINE, stop, "".join(cards))
    edges = rises(waves["time"], waves[steady.out], steady.level)
    calm = edges[(edges > steady.start - period / 2) & (edges < times[0] - period / 4)]
    exact = float(calm[-1] - calm[0]) / (calm.size - 1)
    measured = []
    for at in times:
        before = float(edges[edges < at - width][-1])
        after = float(edges[edges < at + wait * period][-1])
        measured.append(after - before - round((after - before) / exact) * exact)
    places = np.floor(np.array(PHASES) * STEPS).astype(int)
    expected = shifts[places, :count] @ charges
    error = float(np.linalg.norm(expected - measured) / np.linalg.norm(expected))
    if error > AGREES:
        raise Unmeasurable(
            f"a charge shifts the edges by {100 * error:.0f} % more or less in a transient than the small signals say"
        )
