"""A bias search finds the voltages of a draft's bias ports at which the netlist's own sizes work: the devices are
saturated, and the circuit amplifies. Each batch of candidates is simulated as corners of one problem.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from eda_agent.metrics import METRICS
from eda_agent.problem.draft.bias_levels import BiasPort, first_levels
from eda_agent.problem.draft.saturation import ENOUGH, NAME
from eda_agent.problem.settings import work_out
from eda_agent.problem.spec import Corner, Problem, Spec, Testbench
from eda_agent.problem.structure import Structure
from eda_agent.run.evaluate_once import open_evaluator
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.operating_point import OperatingPoint

SEARCH_SECONDS = 20.0
"""Of simulators and of this process, for one search."""
_STEPS = (0.02, 0.04, 0.07, 0.11, 0.16)
"""Shares of the supply by which a level moves up and down, first all of them, then the smaller ones."""
_GRID = 0.01
_LEAST, _MOST = -0.3, 0.1
"""V: margins beyond these count no further."""
_OVERDRIVES = (0.1, 0.35)
"""V: a current source outside them carries far less or more than its size is made for."""
_GAIN = "dc_gain"
_PER_DB = 2e-4
"""V of margin that a dB of gain is worth."""
Levels = dict[str, float]


@dataclass(frozen=True)
class _Tried:
    """`least`: the smallest saturation margin in V, those of devices that are off being `_LEAST`."""

    levels: Levels
    score: float
    least: float
    works: bool
    points: Mapping[str, OperatingPoint]


class _Search:
    """The candidates of one problem. `mode`: the setting of the common mode, None for the testbench's own."""

    def __init__(
        self,
        evaluator: Evaluator,
        problem: Problem,
        bench: Testbench,
        devices: Sequence[str],
        ports: Sequence[BiasPort],
        mode: float | None,
    ):
        self._evaluator, self._problem, self._bench, self._devices = evaluator, problem, bench, devices
        self._ports, self._mode = ports, mode
        self._sources = [name for one in ports if one.source for name in one.devices]
        self._vdd = problem.corners[0].vdd
        self.seconds = 0.0

    def of(self, candidates: Iterable[Levels]) -> list[_Tried]:
        """Every candidate, simulated in one batch."""
        begun, first = time.process_time(), self._problem.corners[0]
        levels = {f"try{number}": found for number, found in enumerate(candidates)}
        modes = {} if self._mode is None else {"vcm": self._mode}
        corners = [
            Corner(name, first.process, first.vdd, first.temperature, {**first.settings, **modes, **self._volts(found)})
            for name, found in levels.items()
        ]
        problem = replace(self._problem, corners=tuple(corners))
        seen = self._evaluator.for_problem(problem).evaluate([problem.space.initial])[0]
        self.seconds += seen.seconds + time.process_time() - begun
        return [
            self._judged(found, seen.corner_points.get(name, {}), seen.values.get(name, {}))
            for name, found in levels.items()
        ]

    def _volts(self, levels: Levels) -> dict[str, float]:
        return {
            _setting(number): levels[one.port] if one.type == "nmos" else self._vdd - levels[one.port]
            for number, one in enumerate(self._ports)
        }

    def _judged(
        self, levels: Levels, points: Mapping[str, OperatingPoint], values: Mapping[str, float | None]
    ) -> _Tried:
        margins = [_margin(points.get(name)) for name in self._devices]
        low, high = _OVERDRIVES
        drives = [points[name].vgs - points[name].vth for name in self._sources if name in _known(points)]
        strain = max((max(low - drive, drive - high, 0.0) for drive in drives), default=0.0)
        gain = values.get(_GAIN, 0.0 if _GAIN in self._bench.sources else 100.0) or 0.0
        least = min(margins)
        score = least + sum(margins) / len(margins) - strain + _PER_DB * min(max(gain, 0.0), 100.0)
        return _Tried(levels, score, least, least >= ENOUGH and strain == 0 and gain > 0, points)


def _known(points: Mapping[str, OperatingPoint]) -> dict[str, OperatingPoint]:
    """Those with a threshold: not every model tells its own."""
    return {name: point for name, point in points.items() if math.isfinite(point.vth)}


def _margin(point: OperatingPoint | None) -> float:
    if point is None or point.region == "off" or not math.isfinite(point.margin):
        return _LEAST
    return min(max(point.margin, _LEAST), _MOST)


def _setting(number: int) -> str:
    return f"bias_level_{number}"


def searched_levels(
    problem: Problem, structure: Structure, ports: Sequence[BiasPort], common_modes: Sequence[float]
) -> tuple[Levels, float | None] | None:
    """(port → level in V from the rail of its devices, common mode in V or None for the testbench's own), or None
    where the voltages as they are need no search or none is better.

    Args:
        problem: the draft, with its ports at half of the supply.
        structure: the circuit.
        ports: those to search.
        common_modes: other ones that may be tried, V.
    """
    asked = next((spec for spec in problem.specs if spec.name == NAME and spec.devices), None)
    bench = None if asked is None else _with_levels(problem.testbenches[asked.testbench], ports)
    if asked is None or bench is None:
        return None
    specs = [replace(asked, corners=())]
    if _GAIN in bench.sources:
        specs.append(Spec(_GAIN, METRICS[_GAIN], bench.name, None, None))
    trial = replace(problem, specs=tuple(specs), testbenches={bench.name: bench}, corners=problem.corners[:1])
    vdd = trial.corners[0].vdd
    half = dict.fromkeys([one.port for one in ports], vdd / 2)
    own = work_out({**bench.settings, **{_setting(number): "0" for number in range(len(ports))}}, trial.corners[0])
    first: _Tried | None = None
    best: tuple[_Tried, float | None] | None = None
    spent = 0.0
    opening = replace(trial, testbenches={bench.name: replace(bench, settings=_at_half(bench, len(ports)))})
    with open_evaluator(opening, keep_points=True) as evaluator:
        for mode in (None, *common_modes):
            search = _Search(evaluator, trial, bench, asked.devices, ports, mode)
            if first is None:
                first = search.of([half])[0]
                if first.works or not first.points:
                    return None
            found = _descent(
                search, structure, ports, first, mode if mode is not None else own.get("vcm", vdd / 2), vdd
            )
            spent += search.seconds
            if best is None or found.score > best[0].score:
                best = (found, mode)
            if best[0].least >= 0 or spent > SEARCH_SECONDS:
                break
    if first is None or best is None or best[0].score <= first.score:
        return None
    return best[0].levels, best[1]


def _at_half(bench: Testbench, count: int) -> dict[str, str]:
    return {**bench.settings, **{_setting(number): "vdd/2" for number in range(count)}}


def _descent(
    search: _Search, structure: Structure, ports: Sequence[BiasPort], first: _Tried, mode: float, vdd: float
) -> _Tried:
    """The best levels, one port after the other from the first levels of the thresholds at `first`."""
    thresholds = {name: point.vth for name, point in _known(first.points).items()}
    start = first_levels(structure, ports, thresholds, vdd, mode)
    best = search.of([{port: _on_grid(level, vdd) for port, level in start.items()}])[0]
    for steps in (_STEPS, _STEPS[:3]):
        for one in ports:
            if search.seconds > SEARCH_SECONDS or (best.works and best.least >= _MOST):
                return best
            now = best.levels[one.port]
            moved = {_on_grid(now + sign * step * vdd, vdd) for step in steps for sign in (-1, 1)} - {now}
            best = max([best, *search.of({**best.levels, one.port: level} for level in sorted(moved))], key=_score)
    return best


def _score(tried: _Tried) -> float:
    return tried.score


def _on_grid(level: float, vdd: float) -> float:
    return round(min(max(round(level / _GRID), 0), round(vdd / _GRID)) * _GRID, 6)


def _with_levels(bench: Testbench, ports: Sequence[BiasPort]) -> Testbench | None:
    """The testbench with a setting for the voltage of every port, and without analyses that no candidate needs; None
    where a port has no voltage source.
    """
    deck = bench.deck
    for number, one in enumerate(ports):
        line = rf"^(Vbias_{re.escape(one.port)} \S+ 0 dc )\{{[^}}]*\}}$"
        deck, count = re.subn(line, rf"\g<1>{{{_setting(number)}}}", deck, flags=re.MULTILINE | re.IGNORECASE)
        if count != 1:
            return None
    analyses = tuple(one for one in bench.analyses if one.kind in {"op", bench.sources.get(_GAIN, "op")})
    sources = {_GAIN: bench.sources[_GAIN]} if _GAIN in bench.sources else {}
    return replace(bench, deck=deck, analyses=analyses, sources=sources)
