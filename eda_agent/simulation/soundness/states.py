"""The check of states: testbenches of one circuit under the same conditions find the same DC state.

A circuit with more than one DC state (a reference without start-up, a latch) may be in one state in one testbench and
in another in the next. Each measurement is then right and the table as a whole is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom
from eda_agent.units import format_quantity

APART = 0.01
"""Share of the supply by which two levels of one state may differ. The analyses of one state agree within the
simulator's tolerance, 1 mV.
"""
CURRENTS_APART = 0.05
"""Relative difference of two currents of one state: a mirror's output moves by less over a step of a sweep."""
SWEPT = {
    "reference": "temperature",
    "reference_line": "vdd",
    "current_reference": "temperature",
    "current_reference_line": "vdd",
    "current_reference_compliance": "compliance",
    "ldo_line": "vdd",
    "ldo_load": "load_current",
    "regulator_line": "vdd",
    "regulator_load": "load_current",
}
"""Template → the setting that its DC sweep moves."""
BIASED = frozenset({"reference", "current_reference", "ldo_ac", "regulator_ac"})
"""Templates whose operating point is that of the nominal settings."""
CONDITIONS = ("vdd", "temperature", "compliance", "vref", "r_top", "r_bottom", "load_current")


@dataclass(frozen=True)
class Level:
    """The output (V or A) of a testbench under its nominal conditions."""

    seen: Observation
    probe: str
    value: float

    @property
    def text(self) -> str:
        return format_quantity(self.value, "A" if self.probe == "current" else "V", 3)

    def agrees(self, other: Level) -> bool:
        if self.probe == "current":
            return abs(self.value - other.value) <= CURRENTS_APART * max(abs(self.value), abs(other.value))
        return abs(self.value - other.value) <= APART * self.seen.vdd


def check(seen: Iterable[Observation]) -> Iterator[Symptom]:
    """The testbenches that are in another state than an earlier one under the same conditions, in each corner."""
    first: dict[tuple[object, ...], Level] = {}
    for one in seen:
        for level in levels(one):
            conditions = tuple(one.settings.get(name) for name in CONDITIONS)
            earlier = first.setdefault((one.corner, level.probe, conditions), level)
            if not level.agrees(earlier):
                yield _symptom(level, earlier)
                break


def levels(seen: Observation) -> Iterator[Level]:
    """The output of a testbench under its nominal conditions, from each analysis that has it."""
    for probe in ("out", "current"):
        if seen.template in BIASED and (wave := seen.wave("op", probe)) is not None:
            yield Level(seen, probe, float(wave.real(probe)[0]))
        wave, setting = seen.wave("dc", probe), SWEPT.get(seen.template)
        if wave is None or wave.axis.size < 2 or setting is None or setting not in seen.settings:
            continue
        order, at = np.argsort(wave.axis), seen.settings[setting]
        axis = wave.axis[order]
        if axis[0] <= at <= axis[-1]:
            yield Level(seen, probe, float(np.interp(at, axis, wave.real(probe)[order])))


def _symptom(level: Level, earlier: Level) -> Symptom:
    where = "at its operating point" if earlier.seen.testbench == level.seen.testbench else earlier.seen.testbench
    place = where if where.startswith("at ") else f"in {where}"
    what = "the output current is" if level.probe == "current" else "out stands at"
    return Symptom(
        "two states",
        level.seen.testbench,
        level.seen.corner,
        f"{what} {level.text} here and {earlier.text} {place}, under the same conditions",
        "the start-up of the circuit: it has more than one DC state, and a simulation may find either",
        beside=earlier.seen.testbench,
    )
