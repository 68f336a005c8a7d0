"""The noise's check: no circuit has less than its temperature and its supply current allow, and no amplifier in use has
more than 1 mV/√Hz.

A device with the current I has at most gm = I q/(kT) (weak inversion, or a bipolar device), and at least the shot noise
2qI. Referred to its input this is a density of √(2qI)/gm = √2 kT/√(qI). With the whole supply current for I no input
stage has less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from eda_agent.metrics import measure
from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom
from eda_agent.units import format_quantity

BOLTZMANN = 1.380649e-23
CHARGE = 1.602176634e-19
BELOW = 0.1
"""Share of the bound: devices that share their current, as in a stack of inverters, may be slightly below it, never by
20 dB.
"""
LEAST_OUTPUT = 1e-12
"""V/√Hz, the noise of 60 µΩ at room temperature: no output of a chip has so little resistance."""
LEAST_CURRENT = 1e-18
"""A/√Hz, the noise of 16 PΩ at room temperature: no chip insulates so well."""
MOST = 1e-3
"""V/√Hz at an input, the noise of 60 TΩ at room temperature: more is what a division by no gain leaves."""


def check(seen: Observation) -> Iterator[Symptom]:
    for spec in seen.specs:
        metric = spec.metric.name
        wave = seen.wave("noise")
        if spec.metric.analysis != "noise" or wave is None:
            continue
        value = measure(metric, wave, seen.settings)[0]
        if value is None:
            continue
        least = _least(metric, seen)
        if value < least:
            shown = "nothing" if value < 1e-30 else format_quantity(value, spec.metric.unit, 2)
            did = (
                f"its {metric.replace('_', ' ')} is {shown}, but kT allows no less than"
                f" {format_quantity(least, spec.metric.unit, 2)}"
            )
            yield Symptom(
                "noiseless",
                seen.testbench,
                seen.corner,
                did,
                "whether the output is the circuit's own, and whether the models have noise",
            )
        elif metric == "input_noise" and value > MOST:
            resistor = value**2 / (4 * BOLTZMANN * (seen.settings.get("temperature", 27.0) + 273.15))
            did = (
                f"its input noise is {format_quantity(value, spec.metric.unit, 2)}, that of a resistor of"
                f" {format_quantity(resistor, 'Ohm', 2)}"
            )
            yield Symptom(
                "noise alone",
                seen.testbench,
                seen.corner,
                did,
                "whether the output follows the input, and noise_frequency",
            )


def _least(metric: str, seen: Observation) -> float:
    if metric == "output_noise":
        return LEAST_OUTPUT
    current = seen.wave("op", "supply")
    supply = abs(float(current.real("supply")[0])) if current is not None else 1.0
    density = BELOW * voltage_bound(max(supply, 1e-12), seen.settings.get("temperature", 27.0))
    if metric == "input_noise":
        return density
    if metric == "input_noise_current":
        # the same voltage drives the source's capacitance
        return max(
            LEAST_CURRENT,
            density * 2 * math.pi * seen.settings.get("noise_frequency", 0.0) * seen.settings.get("source", 0.0),
        )
    return density * math.sqrt(max(seen.settings.get("noise_stop", 0.0) - seen.settings.get("noise_start", 0.0), 0.0))


def voltage_bound(current: float, temperature: float) -> float:
    """√2 kT/√(qI) in V/√Hz for a current in A at a temperature in °C."""
    return math.sqrt(2) * BOLTZMANN * (temperature + 273.15) / math.sqrt(CHARGE * current)
