"""The phase noise of an oscillator is the power in 1 Hz at an offset from its frequency, on one side, relative to the
carrier.

A noise current i through a device moves the waveform in time by α(t) = ∫ h i dt, with the shift h(τ) that a charge
causes at each phase (`perturbation`). White noise of single-sided density S(τ) has the autocorrelation S/2 · δ, so that
the variance of α grows by c = mean(h² S) / 2 per second, and far from the carrier (Demir et al., 2000, eq. 42 with f ≫
π f₀² c)

    L(Δf) = f₀² c / Δf² = f₀² / Δf² · mean(h² S) / 2

Flicker noise is one slow noise times its course over the period, √S(τ); what it does in a period is the mean of h √S,
and the phase 2π f₀ α has the single-sided density f₀² / Δf² · mean(h √S)², of which half is in each sideband:

    L(Δf) = f₀² / Δf² · mean(h √S(Δf))² / 2
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from eda_agent.metrics.measurable import Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.noisy_device import Noisy
from eda_agent.metrics.waveform import Waveform


def phase_noise(noisy: Noisy, offset: float) -> float:
    """L (1/Hz) at an offset (Hz) from the oscillation."""
    frequency = 1 / noisy.span
    if not noisy.devices:
        raise Unmeasurable(noisy.why or "no device of the circuit has noise")
    if offset >= frequency / 2:
        raise Unmeasurable("the offset frequency is not far below the oscillation")
    total = sum(one.white_part() + one.flicker_part(offset) for one in noisy.devices.values())
    return total / 2 * (frequency / offset) ** 2


@metric(
    "phase_noise",
    "dBc/Hz",
    ramp="linear",
    span=20,
    analysis="tran",
    definition="single-sideband phase noise of an oscillator at offset_frequency from its frequency",
    second="tests/measurements/test_phase_noise.py",
    at=("offset_frequency",),
)
def _phase_noise(wave: Waveform, settings: Mapping[str, float]) -> float:
    if wave.noisy is None or wave.noisy.why:
        raise Unmeasurable(wave.noisy.why if wave.noisy else "phase noise is measured in the oscillator templates")
    found = phase_noise(wave.noisy, settings["offset_frequency"])
    if found <= 0:
        raise Unmeasurable("no device of the circuit has noise")
    return 10 * math.log10(found)
