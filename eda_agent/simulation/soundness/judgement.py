"""The judgement distinguishes a testbench that cannot test from a bad start: some other sizings have no symptom only if
the start is bad.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eda_agent.errors import Finding
from eda_agent.problem.space import Sizing
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.soundness import (
    amplifier,
    analog_switch,
    charge_pump,
    comparator,
    converter,
    fully_differential,
    low_noise_amplifier,
    noise,
    oscillator,
    output,
    own_oscillation,
    power_on_reset,
    reference,
    regulator,
    sample_hold,
    sram_cell,
    states,
    supply,
    switching,
)
from eda_agent.simulation.soundness.observation import Observation, observe
from eda_agent.simulation.soundness.symptom import Symptom
from eda_agent.simulation.soundness.unmoved import unmoved
from eda_agent.units import counted

CHECKS = (
    fully_differential.check,
    amplifier.check,
    switching.check,
    analog_switch.check,
    charge_pump.check,
    power_on_reset.check,
    sram_cell.check,
    converter.check,
    own_oscillation.check,
    low_noise_amplifier.check,
    sample_hold.check,
    output.check,
    comparator.check,
    oscillator.check,
    regulator.check,
    reference.check,
    noise.check,
    supply.check,
)
"""Causes before their effects: the first symptom of a testbench is reported."""
DRAWS = 32
"""Number of sizings in which a symptom of the baseline is looked for: a circuit that works in a tenth of its space
passes with 97 %.
"""


@dataclass(frozen=True)
class Soundness:
    """`refused`: symptoms of every sizing. `said`: symptoms of the baseline that some sizing does not show. `values`:
    spec → value of the baseline.
    """

    refused: tuple[Symptom, ...]
    said: tuple[Symptom, ...]
    draws: int = 0

    @property
    def findings(self) -> list[Finding]:
        """The refused symptoms as one message; a cause in several testbenches is reported once."""
        others = f"; {counted(self.draws, 'other sizing')} over the ranges did no better" if self.draws else ""
        return [
            Finding(
                f"{heading(names)} {'does' if len(names) == 1 else 'do'} not test:"
                f" {first.did}{others if first.check != 'unmoved' else ''}",
                fix=f"check {first.look}",
            )
            for names, first in together(self.refused)
        ]

    @property
    def notes(self) -> list[str]:
        """The reported symptoms, a sentence each."""
        return [f"at the netlist's own sizes, in {heading(names)}: {first.did}" for names, first in together(self.said)]

    @property
    def testbenches(self) -> frozenset[str]:
        """Testbenches with any symptom: their measurements are meaningless."""
        return frozenset(symptom.testbench for symptom in (*self.refused, *self.said))

    def shows(self, check: str) -> bool:
        """Whether a testbench has a symptom of this kind."""
        return any(symptom.check == check for symptom in (*self.refused, *self.said))


def judge(evaluator: Evaluator, seconds: float = math.inf) -> Soundness:
    """Check the baseline in the first corner; if it shows a symptom, check other sizings until some do not.

    Simulated without the cache. The draws depend only on the design space. After `seconds` no more are drawn, and a
    symptom that is left is said and not refused.
    """
    begun = time.monotonic()
    problem = evaluator.problem
    corner, start = problem.corners[0].name, problem.space.initial
    sizings = _draws(evaluator)
    base, other = observe(evaluator, [start, sizings[0]], corner)
    found = symptoms_of(base)
    told = {symptom.testbench for symptom in found}
    frozen = (
        [symptom for symptom in unmoved(base, other) if symptom.testbench not in told] if sizings[0] != start else []
    )
    if not found:
        return Soundness(tuple(frozen), ())
    left, looked = _escaping([symptom for symptom in found if not symptom.mild], other), [other]
    batch = max(2, evaluator.executor.size)
    while left and len(looked) < len(sizings) and time.monotonic() - begun < seconds:
        started = time.monotonic()
        more = observe(evaluator, sizings[len(looked) : len(looked) + batch], corner, _needed(left))
        looked += more
        batch = _next_batch(batch, time.monotonic() - started, begun + seconds - time.monotonic(), evaluator)
        for seen in more:
            left = _escaping(left, seen)
    # a testbench that was never simulated again shows nothing
    again = {seen.testbench for shown in looked for seen in shown}
    stopped = len(looked) < len(sizings)
    refused = [] if stopped else [symptom for symptom in left if symptom.testbench in again]
    hopeless = {symptom.testbench for symptom in refused}
    said = [symptom for symptom in found if symptom.testbench not in hopeless]
    # if something else is refused, unmoved results follow from it
    return Soundness(tuple(_first(refused) or frozen), tuple(_first(said)), len(looked))


def _next_batch(batch: int, took: float, left: float, evaluator: Evaluator) -> int:
    """Twice as many sizings, or as many as fit in the time that is left (s); at least one for each worker."""
    fit = batch * left / took if took > 0 else math.inf
    return max(evaluator.executor.size, 1, int(min(2 * batch, fit)))


def symptoms_of(seen: Iterable[Observation]) -> list[Symptom]:
    """All symptoms of these observations, causes before their effects."""
    seen = list(seen)
    return [*(symptom for one in seen for check in CHECKS for symptom in check(one)), *states.check(seen)]


def together(symptoms: Iterable[Symptom]) -> list[tuple[list[str], Symptom]]:
    """Symptoms of one kind in several testbenches as one: (testbenches, the first of them)."""
    groups: dict[str, list[Symptom]] = {}
    for symptom in symptoms:
        groups.setdefault(symptom.check, []).append(symptom)
    return [(list(dict.fromkeys(one.testbench for one in group)), group[0]) for group in groups.values()]


def heading(names: Sequence[str]) -> str:
    return f"testbench{'es' if len(names) > 1 else ''} {' and '.join(names)}"


def _needed(symptoms: Iterable[Symptom]) -> set[str]:
    """The testbenches in which these symptoms can be seen."""
    return {name for symptom in symptoms for name in (symptom.testbench, symptom.beside) if name}


def _escaping(symptoms: Sequence[Symptom], seen: Sequence[Observation]) -> list[Symptom]:
    """The symptoms that another sizing does not avoid: its testbench shows them, or others in their place, or was not
    simulated.
    """
    ill = {symptom.testbench for symptom in symptoms_of(seen) if not symptom.mild}
    simulated = {one.testbench for one in seen}
    return [one for one in symptoms if one.testbench not in simulated or one.testbench in ill]


def _first(symptoms: Iterable[Symptom]) -> list[Symptom]:
    """The first symptom of each testbench."""
    result: dict[str, Symptom] = {}
    for symptom in symptoms:
        result.setdefault(symptom.testbench, symptom)
    return list(result.values())


def _draws(evaluator: Evaluator) -> list[Sizing]:
    """Legal sizings over the whole space and half way to it in turn: a working one may be near the start."""
    space, draw = evaluator.problem.space, random.Random(0)
    start = space.to_unit(space.initial)
    return [
        space.from_unit([place + (0.5, 1.0)[number % 2] * (draw.random() - place) for place in start])
        for number in range(DRAWS)
    ]
