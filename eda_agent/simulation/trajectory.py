"""Along a trajectory a held circuit gives the coefficients of its perturbations and the noise of its devices, at the
voltages of a transient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eda_agent.metrics.measurable import Real, Unmeasurable
from eda_agent.metrics.noisy_device import NoisyDevice
from eda_agent.metrics.perturbation import Trajectory
from eda_agent.simulation.flat_lines import FlatLine
from eda_agent.simulation.held_circuit import HeldCircuit
from eda_agent.simulation.noise_circuit import NoiseCircuit
from eda_agent.spice_numbers import parse_spice_number

EVERY = 3
"""Steps from one noise analysis to the next."""


@dataclass(frozen=True)
class Along:
    """`volts`: (times, nets) V, those of `circuit.nets` first. `heard`: times of the noise analyses; `densities`:
    device → (heard, 3) as of `HeldCircuit.densities`.
    """

    circuit: NoiseCircuit
    trajectory: Trajectory
    volts: Real
    heard: Sequence[int]
    densities: Mapping[str, Real]

    def derivative(self) -> Real:
        """dv/dt (V/s) of the circuit's nets at the first time of a period."""
        count = len(self.circuit.nets)
        return np.asarray((self.volts[1, :count] - self.volts[-2, :count]) / (2 * self.trajectory.step))

    def capacitances(self) -> Real:
        """Mean capacitance (F) of each of the circuit's nets."""
        count = len(self.circuit.nets)
        return np.asarray(np.abs(self.trajectory.c.mean(axis=0).diagonal()[:count]))

    def devices(self, sensitivity: Real) -> dict[str, NoisyDevice]:
        """The noisy devices, with the result per charge into each unknown, (times − 1, n)."""
        nets = {net: place for place, net in enumerate([*self.circuit.nets, *self.circuit.driven])}
        count = len(self.circuit.nets)
        middle = (self.volts[1:] + self.volts[:-1]) / 2
        between = np.arange(len(middle)) + 0.5

        def at(table: Real, net: str, most: int) -> Real | float:
            place = nets.get(net, most)
            return table[:, place] if place < most else 0.0

        result = {}
        for one in self.circuit.noisy:
            assert one.across is not None
            first, second = one.across
            rows = self.densities[one.name]
            white, flicker = (np.interp(between, self.heard, rows[:, column]) for column in (0, 1))
            slopes = rows[rows[:, 1] > 0, 2]
            across = at(middle, first, len(nets)) - at(middle, second, len(nets)) + np.zeros(len(middle))
            result[one.name] = NoisyDevice(
                sensitivity=at(sensitivity, second, count) - at(sensitivity, first, count) + np.zeros(len(middle)),
                white=white,
                flicker=flicker,
                slope=float(np.median(slopes)) if slopes.size else 1.0,
                sign=np.where(across < 0, -1.0, 1.0),
            )
        return result


def along(circuit: NoiseCircuit, held: HeldCircuit, times: Real, found: Mapping[str, Real]) -> Along:
    """The circuit at equally spaced times of a transient, whose vectors are `found`."""
    volts = np.stack([np.interp(times, found["time"], found[net]) for net in [*circuit.nets, *circuit.driven]], axis=1)
    count, coils = len(circuit.nets), circuit.coils
    size = count + len(coils)
    c, g = np.zeros((2, times.size, size, size))
    for number, one in enumerate(coils, count):
        c[:, number, number] = inductance(one)
        for node, sign in zip(one.nodes, (1.0, -1.0), strict=True):
            if node in circuit.nets:
                place = circuit.nets.index(node)
                g[:, place, number] += sign
                g[:, number, place] -= sign
    heard = list(range(0, times.size, EVERY))
    rows: dict[str, list[tuple[float, float, float]]] = {one.name: [] for one in circuit.noisy}
    for place, now in enumerate(volts):
        held.hold(now.tolist())
        g[place, :count, :count], c[place, :count, :count] = held.admittances()
        if place in heard:
            for name, density in held.densities().items():
                rows[name].append(density)
    return Along(
        circuit,
        Trajectory(float(times[1] - times[0]), c, g),
        volts,
        heard,
        {name: np.array(row) for name, row in rows.items()},
    )


def inductance(one: FlatLine) -> float:
    """H of an inductor's line."""
    words = one.rest.split()
    value = parse_spice_number(words[0]) if words else None
    if value is None:
        raise Unmeasurable(f"noise in time needs a number for the inductance of {one.name}")
    return value
