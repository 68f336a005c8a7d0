"""Metrics of a circuit with hysteresis: the input's voltage at which the output switches, upwards and downwards."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eda_agent.metrics.measurable import Real, Unmeasurable
from eda_agent.metrics.metric import metric
from eda_agent.metrics.waveform import Waveform


def thresholds(sweep: Real, driven: Real, output: Real, level: float) -> tuple[float, float]:
    """(V of the input while it rises, while it falls) at which the output passes `level` (V).

    The sweep is of the template `hysteresis`: the input rises up to the middle of it and falls behind it.
    """
    top = int(np.argmax(driven))
    found: list[float] = []
    for part in (slice(0, top + 1), slice(top, len(sweep))):
        over = output[part] > level
        places = np.flatnonzero(over[1:] != over[:-1])
        if len(places) != 1:
            way = "upwards" if not found else "downwards"
            raise Unmeasurable(f"the output passes vdd/2 {len(places)} times while the input is swept {way}")
        at = int(places[0])
        low, high = output[part][at : at + 2]
        share = (level - low) / (high - low)
        found.append(float(driven[part][at] + share * (driven[part][at + 1] - driven[part][at])))
    return found[0], found[1]


def _thresholds(wave: Waveform, settings: Mapping[str, float]) -> tuple[float, float]:
    return thresholds(wave.axis, wave.real("in"), wave.real("out"), settings["vdd"] / 2)


@metric(
    "threshold_rising",
    "V",
    ramp="linear",
    span=0.5,
    analysis="dc",
    output="driven",
    typical=1.1,
    definition="input voltage at which the output passes vdd/2 while the input rises in DC",
    second="tests/measurements/test_hysteresis.py",
)
def _threshold_rising(wave: Waveform, settings: Mapping[str, float]) -> float:
    return _thresholds(wave, settings)[0]


@metric(
    "threshold_falling",
    "V",
    ramp="linear",
    span=0.5,
    analysis="dc",
    output="driven",
    typical=0.7,
    definition="input voltage at which the output passes vdd/2 while the input falls in DC",
    second="tests/measurements/test_hysteresis.py",
)
def _threshold_falling(wave: Waveform, settings: Mapping[str, float]) -> float:
    return _thresholds(wave, settings)[1]


@metric(
    "hysteresis",
    "V",
    analysis="dc",
    output="driven",
    typical=0.3,
    definition="rising threshold minus falling threshold",
    second="tests/measurements/test_hysteresis.py",
)
def _hysteresis(wave: Waveform, settings: Mapping[str, float]) -> float:
    rising, falling = _thresholds(wave, settings)
    return rising - falling
