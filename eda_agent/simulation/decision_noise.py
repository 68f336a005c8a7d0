"""The noise of a clocked comparator's decision: what a charge through each device at each time does to the difference
of the outputs early in regeneration, over what the input does to it.

With balanced inputs the circuit stays between both decisions, where the difference is linear in the input and in
charges. Charges in a transient must confirm the small signals, each time.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eda_agent.metrics.decision_noise import decision_noise
from eda_agent.metrics.measurable import Real, Unmeasurable
from eda_agent.metrics.noisy_device import Noisy, NoisyDevice
from eda_agent.metrics.perturbation import Trajectory, backwards
from eda_agent.simulation.circuit_state import CircuitState, LoadedDeck
from eda_agent.simulation.ngspice import Ngspice
from eda_agent.simulation.noise_circuit import NoiseCircuit, noise_circuit
from eda_agent.simulation.trajectory import Along, along

STEPS = 201
INPUT = 20e-6
"""V: differential input by which the gain is measured."""
GAINS = (50.0, 100.0)
"""Gains from the input to the outputs at which the decision is read: early in regeneration, both must agree."""
PLACES = (0.65, 0.8, 0.9)
KICK = 20e-6
"""V: step of a net by a charge."""
AGREES = 0.1
"""Largest difference between both gains, and between a transient and the small signals."""
BEFORE = 1.5
"""Start of the noise before the clock's edge, in times from the edge to the reading."""


def noisy_decision(ngspice: Ngspice, deck: LoadedDeck, state: CircuitState, cards: str) -> Noisy:
    """The noise of the comparator of a deck, referred to its differential input. Raises `Unmeasurable`."""
    circuit = noise_circuit(deck, state, cards)
    settings = deck.settings
    period, level = 1 / settings["frequency"], settings["vcm"]
    edge, step, stop = period / 2, period / 2000, 0.98 * period
    balanced = circuit.transient(ngspice, step, stop)
    time, rest = balanced["time"], balanced["outp"] - balanced["outn"]

    def difference(half: float, added: str = "") -> Real:
        inputs = (f"alter @vinp[dc] = {level + half!r}", f"alter @vinn[dc] = {level - half!r}")
        found = circuit.transient(ngspice, step, stop, added, inputs)
        return np.interp(time, found["time"], found["outp"] - found["outn"])

    gain = (difference(INPUT / 2) - difference(-INPUT / 2)) / (2 * INPUT)
    ends = [_first(time, gain, edge, least) for least in GAINS]
    if abs(float(np.interp(ends[1], time, rest))) > GAINS[1] * INPUT:
        raise Unmeasurable("the decision is not balanced with equal inputs: the comparator has an offset")
    start = edge - BEFORE * (ends[1] - edge)
    if start <= edge / 4:
        raise Unmeasurable("the decision takes too long in a period of the clock: lower frequency:")
    times = np.linspace(start, ends[1], STEPS + 1)
    with circuit.held(ngspice, 1 / (ends[1] - edge)) as held:
        found = along(circuit, held, times, balanced)
    places = [int(np.argmin(np.abs(times - end))) for end in ends]
    results = [_referred(circuit, found, place, float(np.interp(times[place], time, gain)), times) for place in places]
    _confirm(
        circuit,
        found,
        results[1],
        float(np.interp(ends[1], time, gain)),
        times,
        lambda text: float(np.interp(ends[1], time, difference(0.0, text) - rest)),
    )
    early, late = (decision_noise(Noisy(span, devices)) for span, devices, _ in results)
    if abs(early - late) > AGREES * late:
        raise Unmeasurable("the noise of the decision depends on the instant in regeneration at which it is read")
    span, devices, _ = results[1]
    return Noisy(span, devices)


def _first(time: Real, gain: Real, edge: float, least: float) -> float:
    reached = np.flatnonzero((time > edge) & (np.abs(gain) >= least))
    if not reached.size:
        raise Unmeasurable("the outputs do not part from balanced inputs: no regeneration in the clock's half")
    return float(time[reached[0]])


def _referred(
    circuit: NoiseCircuit, found: Along, place: int, gain: float, times: Real
) -> tuple[float, dict[str, NoisyDevice], Real]:
    """Span, devices with input-referred sensitivities up to a time, and the change of the outputs by charges."""
    size = found.trajectory.c.shape[1]
    weights = np.zeros(size)
    weights[circuit.nets.index("outp")], weights[circuit.nets.index("outn")] = 1.0, -1.0
    line = found.trajectory
    table, _ = backwards(Trajectory(line.step, line.c[: place + 1], line.g[: place + 1]), weights)
    full = np.zeros((len(line.c) - 1, size))
    full[:place] = table
    return float(times[-1] - times[0]), found.devices(full / gain), full


def _confirm(
    circuit: NoiseCircuit,
    found: Along,
    result: tuple[float, dict[str, NoisyDevice], Real],
    gain: float,
    times: Real,
    changed: Callable[[str], float],
) -> None:
    """Raise `Unmeasurable` if charges in a transient change the outputs otherwise."""
    count = len(circuit.nets)
    charges = KICK * np.cos(1 + 2.4 * np.arange(count)) * found.capacitances()
    width = float(times[-1] - times[0]) / 150
    steps = [int(share * STEPS) for share in PLACES]
    expected, measured = [], []
    for step in steps:
        at = float(times[step] + times[step + 1]) / 2
        cards = "".join(
            f"icharge{number} 0 {net} dc 0 pwl(0 0 {at - width!r} 0 {at!r} {charge / width!r} {at + width!r} 0)\n"
            for number, (net, charge) in enumerate(zip(circuit.nets, charges.tolist(), strict=True))
        )
        measured.append(changed(cards))
        expected.append(float(result[2][step, :count] @ charges))
    error = float(np.linalg.norm(np.subtract(expected, measured)) / np.linalg.norm(expected))
    if error > AGREES:
        raise Unmeasurable(
            f"a charge moves the decision by {100 * error:.0f} % more or less in a transient than the small signals say"
        )
