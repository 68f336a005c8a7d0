"""A deck's metrics are measured from its waveforms: by the built-in measurements, or by the user's own `.meas` lines
and Python functions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from eda_agent import metrics
from eda_agent.metrics.measurable import Unmeasurable
from eda_agent.metrics.waveform import Waveform
from eda_agent.simulation.analyses import Simulated
from eda_agent.simulation.circuit_state import LoadedDeck


def measure_all(deck: LoadedDeck, simulated: Simulated) -> dict[str, metrics.Measured]:
    """Metric → measured value, for each metric of a deck."""
    return {metric: _measure(deck, metric, simulated.waves[kind], simulated.meas) for metric, kind in deck.metrics}


def _measure(deck: LoadedDeck, metric: str, wave: Waveform, meas: Mapping[str, float | None]) -> metrics.Measured:
    how, _, text = deck.measures.get(metric, "").partition(" ")
    if how == "meas":
        value = meas.get(metric)
        if value is not None and math.isfinite(value):
            return metrics.Measured(value)
        return metrics.Measured(None, "the .meas line found nothing" if value is None else "the number is not finite")
    if how == "python":
        return metrics.measure_with(own_function(text, deck.programs[text], metric), wave, deck.settings)
    return metrics.measure(metric, wave, deck.settings)


@lru_cache
def _program(path: str, text: str) -> dict[str, Any]:
    scope: dict[str, Any] = {"__name__": Path(path).stem, "__file__": path}
    exec(compile(text, path, "exec"), scope)  # noqa: S102  # a file that the user allowed by name, in a process that is confined
    return scope


def own_function(path: str, text: str, name: str) -> metrics.Measure:
    """The function in a user's file, for files that the user has allowed (`load_measures`); it only raises
    `Unmeasurable`.
    """

    def call(wave: Waveform, settings: Mapping[str, float]) -> float:
        try:
            return float(_program(path, text)[name](wave, settings))
        except Unmeasurable:
            raise
        except Exception as error:  # a user's file may fail in any way, on loading and on calling
            raise Unmeasurable(f"{Path(path).name}: {type(error).__name__}: {error}") from error

    return call
