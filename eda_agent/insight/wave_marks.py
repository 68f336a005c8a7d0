"""The marks of a transient or a sweep: under- and overshoot, settling and dropout, where the metrics measure them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from eda_agent.metrics import measure
from eda_agent.metrics.waveform import Waveform
from eda_agent.units import format_quantity

Settings = Mapping[str, float]
Point = tuple[float, float, float | None]
"""(x, y, the level where the bar of the mark ends)"""


@dataclass(frozen=True)
class WaveMark:
    """A point of the output. `to`: the level from which its height is measured, None without one."""

    x: float
    y: float
    label: str
    to: float | None = None


def wave_mark(metric: str, wave: Mapping[str, Any], settings: Settings) -> tuple[float, WaveMark] | None:
    """(value of the metric, its mark) on a waveform as workers send it; None without a value or without a place.

    Args:
        settings: those of the testbench in the waveform's corner.
    """
    known = MARKED.get(metric)
    if known is None or "out" not in wave["probes"]:
        return None
    data = {role: np.asarray(values) for role, values in wave["probes"].items()}
    record = Waveform(known.kind, np.asarray(wave["axis"], dtype=float), data)
    value, _, bound, _ = measure(metric, record, settings)
    if value is None or bound or value <= LEAST[known.unit]:
        return None
    x, y, to = known.find(record, settings, value)
    return value, WaveMark(x, y, f"{known.word} {format_quantity(value, known.unit, 3)}", to)


def _half(settings: Settings, rising: bool) -> tuple[float, float]:
    """(start, stop) of the half of a step template after its first or second edge, in s."""
    start = settings["hold"] * (0.1 if rising else 1.1)
    return start, start + settings["hold"]


def _extreme(rising: bool, down: bool) -> Callable[[Waveform, Settings, float], Point]:
    """The lowest or highest output after an edge; the bar ends where the excursion begins."""

    def find(wave: Waveform, settings: Settings, value: float) -> Point:
        start, stop = _half(settings, rising)
        out = wave.real("out")
        inside = np.flatnonzero((wave.axis >= start) & (wave.axis <= stop))
        place = int(inside[np.argmin(out[inside]) if down else np.argmax(out[inside])])
        # an overshoot in % is of the step
        height = value if "load_current" in settings else value / 100 * settings["step"]
        y = float(out[place])
        return float(wave.axis[place]), y, y + height if down else y - height

    return find


def _settled(rising: bool) -> Callable[[Waveform, Settings, float], Point]:
    def find(wave: Waveform, settings: Settings, value: float) -> Point:
        at = _half(settings, rising)[0] + value
        return at, float(np.interp(at, wave.axis, wave.real("out"))), None

    return find


def _fallen(wave: Waveform, settings: Settings, value: float) -> Point:
    """Where the output is `value` below the supply at 98 % of its level."""
    order = np.argsort(wave.axis)
    level = 0.98 * float(np.interp(settings["vdd"], wave.axis[order], wave.real("out")[order]))
    return level + value, level, None


@dataclass(frozen=True)
class Marking:
    """How a metric is marked. `kind`: of its analysis; `find`: (waveform, settings, value) → (x, y, end of the bar)."""

    kind: str
    word: str
    unit: str
    find: Callable[[Waveform, Settings, float], Point]


MARKED: Mapping[str, Marking] = {
    "load_undershoot": Marking("tran", "undershoot", "V", _extreme(rising=True, down=True)),
    "load_overshoot": Marking("tran", "overshoot", "V", _extreme(rising=False, down=False)),
    "overshoot": Marking("tran", "overshoot", "%", _extreme(rising=True, down=False)),
    "overshoot_down": Marking("tran", "undershoot", "%", _extreme(rising=False, down=True)),
    "settling_time": Marking("tran", "settled after", "s", _settled(rising=True)),
    "settling_time_down": Marking("tran", "settled after", "s", _settled(rising=False)),
    "dropout": Marking("dc", "dropout", "V", _fallen),
}
"""Metric → how it is marked."""
NEEDED = ("vdd", "hold", "step", "vcm", "tolerance", "time_step", "load_current", "vref", "r_top", "r_bottom")
LEAST = {"V": 1e-6, "%": 0.1, "s": 0.0}
"""Values up to these have no mark."""
