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
from eda_agent.metrics.own_oscillation import in_feedback, why_not_stable
from eda_agent.metrics.waveform import Waveform
from eda_agent.simulation.analyses import Simulated
from eda_agent.simulation.circuit_state import LoadedDeck

RESULT = "result"
"""In place of an analysis: the metric is a named result of the deck itself."""


def measure_all(deck: LoadedDeck, simulated: Simulated) -> dict[str, metrics.Measured]:
    """Metric → measured value, for each metric of a deck; none if its circuit oscillates by itself."""
    if why := why_not_stable(simulated.waves.get("ac"), simulated.mode):
        why = in_feedback(why, deck.settings)
        return {metric: metrics.Measured(None, why) for metric, _ in deck.metrics}
    return {
        metric: _result(metric, simulated)
        if kind == RESULT
        else _measure(deck, metric, simulated.waves[kind], simulated.meas)
        for metric, kind in deck.metrics
        if kind == RESULT or kind in simulated.waves
    }


def _result(name: str, simulated: Simulated) -> metrics.Measured:
    """A named result of a designer's deck: its last value, or the smallest or largest of a loop."""
    for key, choose in ((name, None), (name.removesuffix("_min"), min), (name.removesuffix("_max"), max)):
        found = simulated.results.get(key)
        if found is not None and found.values and (choose is not None or key == name):
            return metrics.Measured(choose(found.values) if choose else found.values[-1])
    known = simulated.results.get(name)
    return metrics.Measured(None, known.why if known and known.why else "the deck gave no such number")


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
