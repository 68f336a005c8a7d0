"""The check of a low-noise amplifier: something of the input arrives at the output."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom

LEAST = 0.1
"""Largest |s21| over the sweep, -20 dB, below which there is no amplifier: its passives alone lose less."""


def check(seen: Observation) -> Iterator[Symptom]:
    """A symptom if the two-port attenuates at every frequency: a mild one up to 20 dB, which capacitors around a device
    that is off may pass; no mild one if a spec of s21 accepts a loss.
    """
    wave = seen.wave("ac", "s21") if seen.template == "low_noise_amplifier" else None
    if wave is None:
        return
    most = float(np.max(np.abs(wave.probes["s21"])))
    gains = [spec.minimum for spec in seen.specs if spec.metric.name == "s21"]
    if most < LEAST or (most < 1 and (not gains or any(gain is not None and gain >= 0 for gain in gains))):
        mild = most >= LEAST
        did = f"it does not amplify: s21 is at most {20 * np.log10(max(most, 1e-12)):.0f} dB"
        look = "the bias (ports held under bias, and  bias  and  feed  of the template), the input and the output"
        check = "attenuates a little" if mild else "does not amplify"
        yield Symptom(check, seen.testbench, seen.corner, did, look, mild)
