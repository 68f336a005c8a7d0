"""The noise of a decision is the rms of the differential input that makes a clocked comparator decide at random.

White noise through each device reaches the difference of the outputs early in regeneration by h(τ), per charge at time
τ, and the input by the gain G: variance = Σ ∫ (h/G)² S/2 dτ, S single-sided. (J. Kim, B. S. Leibowitz, J. Ren, C. J.
Madden, "Simulation and analysis of random decision errors in clocked comparators", IEEE Trans. Circuits and Systems I
56 (8), 2009.) Flicker noise is left out: it moves the offset from one decision to the next by little.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from eda_agent.metrics.measurable import Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.noisy_device import Noisy
from eda_agent.metrics.waveform import Waveform


def decision_noise(noisy: Noisy) -> float:
    """V rms at the input, of devices whose sensitivities are referred to it (V/C)."""
    if not noisy.devices:
        raise Unmeasurable(noisy.why or "no device of the circuit has noise")
    return math.sqrt(sum(one.white_part() for one in noisy.devices.values()) / 2 * noisy.span)


@metric(
    "decision_noise",
    "V",
    analysis="tran",
    definition="rms white noise of a clocked comparator's decision, referred to its differential input",
    second="tests/measurements/test_decision_noise.py",
)
def _decision_noise(wave: Waveform, settings: Mapping[str, float]) -> float:
    if wave.noisy is None:
        raise Unmeasurable("decision_noise is measured in the template comparator_noise")
    return decision_noise(wave.noisy)
