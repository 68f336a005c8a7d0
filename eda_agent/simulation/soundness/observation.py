"""An observation is the data of one testbench for one sizing in one corner: waveforms, settings, and the bias of the
input pair.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_agent.errors import InputError
from eda_agent.metrics.natural_modes import Mode
from eda_agent.metrics.waveform import LOOP, Waveform
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem, Spec, Testbench
from eda_agent.problem.structure import recognise
from eda_agent.simulation.deck import Deck
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.executor import Task
from eda_agent.simulation.reply import sound

RAIL = 0.01
"""Share of the supply: closer to a rail than this no device that drives the output has enough drain-source voltage (18
mV of 1.8 V are less than kT/q, and a saturated device needs about 4 kT/q).
"""


@dataclass(frozen=True)
class Observation:
    """The data of one testbench.

    Attributes:
        template: "" for a user's deck.
        specs: the specs that the testbench measures.
        able: the metrics that its template can measure.
        settings: also vdd (V) and temperature (°C).
        pair: device of the input pair → its current in A, if known.
        held: sources inside the circuit on its output.
        mode: the natural mode that grows fastest, if it was asked for.
    """

    testbench: str
    corner: str
    template: str
    specs: tuple[Spec, ...]
    able: frozenset[str]
    settings: Mapping[str, float]
    waves: Mapping[str, Waveform]
    pair: Mapping[str, float]
    held: tuple[str, ...] = ()
    mode: Mode | None = None

    @cached_property
    def metrics(self) -> frozenset[str]:
        """The metrics that it should measure: all of its template, or those of the specs for a user's deck."""
        return frozenset(spec.metric.name for spec in self.specs) | (self.able if self.template else frozenset())

    @property
    def vdd(self) -> float:
        return self.settings["vdd"]

    @property
    def level(self) -> float | None:
        """The output's voltage (V) at the operating point, else in the middle of the transient or of the sweep; None
        without an output probe.

        A sweep may end where no circuit works (a regulator below its dropout), and a supply may be switched off
        (start-up): points at a rail count only if every point is at one.
        """
        for kind in ("op", "tran", "dc"):
            if kind in self.waves and "out" in self.waves[kind].probes:
                out = self.waves[kind].real("out")
                off = out[~self.at_rail(out)]
                return float(np.median(off if off.size else out))
        return None

    def at_rail(self, voltage: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which voltages (V) lie within `RAIL` of a rail."""
        return np.minimum(np.abs(voltage), np.abs(voltage - self.vdd)) < RAIL * self.vdd

    @property
    def response(self) -> Waveform | None:
        """The AC response of a driven output or of a probed loop."""
        return self.wave("ac", LOOP) or self.wave("ac", "out")

    def wave(self, kind: str, *roles: str) -> Waveform | None:
        """The waveform of an analysis, if it ran with these probes."""
        found = self.waves.get(kind)
        return found if found is not None and all(role in found.probes for role in roles) else None


def observe(
    evaluator: Evaluator, sizings: Sequence[Sizing], corner: str, testbenches: Collection[str] | None = None
) -> list[tuple[Observation, ...]]:
    """The observations of all (or these) testbenches for each sizing in a corner, without the cache; a failed
    simulation gives none.
    """
    evaluator.prepare()
    decks = [
        deck
        for deck in evaluator.workbench.decks
        if deck.corner == corner and (testbenches is None or deck.testbench in testbenches)
    ]
    timeout = evaluator.problem.budget.timeout
    tasks = [
        Task(deck, instance, operating_point=_biased(deck), waveforms=True, timeout=timeout)
        for instance in map(evaluator.workbench.instance, sizings)
        for deck in decks
    ]
    replies = iter(evaluator.executor.run(tasks) if tasks else ())
    return [read(evaluator.problem, [(deck, next(replies)) for deck in decks]) for _ in sizings]


def watch(evaluator: Evaluator, sizing: Sizing) -> tuple[Evaluation, tuple[Observation, ...]]:
    """An evaluation of a sizing in every corner, with its observations. Cached results give no observations: use an
    evaluator without cache.
    """
    pending = evaluator.begin([sizing])
    decks = {deck.key: deck for deck in pending.decks}
    shown: list[tuple[Deck, dict[str, Any]]] = []

    def keep(place: int, reply: dict[str, Any]) -> None:
        shown.append((decks[pending.places[place][1]], reply))
        evaluator.keep(pending, place, {key: entry for key, entry in reply.items() if key != "waveforms"})

    evaluator.executor.run(
        [
            replace(task, waveforms=True, operating_point=task.operating_point or _biased(task.deck))
            for task in pending.tasks
        ],
        keep,
    )
    evaluator.go_on(pending)
    while pending.tasks:
        # wider windows show the same circuit
        evaluator.executor.run(pending.tasks, lambda place, reply: evaluator.keep(pending, place, reply))
        evaluator.go_on(pending)
    return evaluator.finish(pending)[0], read(evaluator.problem, shown)


def read(problem: Problem, replies: Sequence[tuple[Deck, Mapping[str, Any]]]) -> tuple[Observation, ...]:
    """The observations in the replies to decks."""
    pair = _input_pair(problem)
    result = []
    for deck, reply in replies:
        if not sound(reply) or "waveforms" not in reply:
            continue
        bench = problem.testbenches[deck.testbench]
        specs = tuple(
            spec for spec in problem.specs if spec.testbench == deck.testbench and spec.counts_in(deck.corner)
        )
        if not specs:
            # no spec counts here
            continue
        currents = {
            name: abs(numbers["id"]) for name, numbers in reply.get("operating_point", {}).items() if name in pair
        }
        result.append(
            Observation(
                deck.testbench,
                deck.corner,
                bench.template,
                specs,
                frozenset(bench.sources),
                deck.settings,
                {kind: _wave(kind, wave) for kind, wave in reply["waveforms"].items()},
                currents,
                _held(problem, bench),
                Mode(*reply["mode"]) if "mode" in reply else None,
            )
        )
    return tuple(result)


def _biased(deck: Deck) -> bool:
    return any(kind == "op" for kind, _ in deck.analyses)


def _input_pair(problem: Problem) -> frozenset[str]:
    """The devices of the input pair, named as in operating points."""
    try:
        pair = recognise(problem.netlist, problem.subckt, problem.pdk).input_pair
    except InputError:
        return frozenset()
    return frozenset(fet.name for fet in pair or ())


def _held(problem: Problem, bench: Testbench) -> tuple[str, ...]:
    """Sources of the circuit itself on its output."""
    scope = problem.netlist.subcircuits[problem.subckt]
    outs = {port for port, net in bench.nets.items() if net == bench.probes.get("out")}
    return tuple(
        device.name.upper() for device in scope.devices if device.kind in "ve" and outs & set(device.nodes[:2])
    )


def _wave(kind: str, data: Mapping[str, Any]) -> Waveform:
    """The inverse of a session's format: complex arrays are [real parts, imaginary parts]."""
    probes: dict[str, Any] = {}
    for role, array in data["probes"].items():
        nested = bool(array) and isinstance(array[0], list)
        probes[role] = np.array(array[0]) + 1j * np.array(array[1]) if nested else np.array(array)
    return Waveform(kind, np.array(data["axis"]), probes)
