"""A Monte Carlo run simulates many samples of one sizing: every device varies by the foundry's mismatch. If the PDK has
process statistics, all devices of a sample also vary together. eda-agent makes the draws.

The samples of a seed are the same for every sizing, so two sizings can be compared sample by sample.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from eda_agent.errors import InputError
from eda_agent.problem.pdk import CutLibrary
from eda_agent.problem.pdk.bins import ANY, Box
from eda_agent.problem.pdk.process import process_sample
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Spec
from eda_agent.simulation.collect import measured
from eda_agent.simulation.deck import Deck
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.executor import Task
from eda_agent.simulation.instance import Instance
from eda_agent.simulation.scratch import Scratch
from eda_agent.simulation.window import run_wide


@dataclass(frozen=True)
class Yield:
    """`passed` of `samples`, with the exact (Clopper–Pearson) 95 % interval of the share."""

    passed: int
    samples: int

    @property
    def share(self) -> float:
        return self.passed / self.samples if self.samples else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        # the quantiles of a beta distribution; imported here, because every reader of a journal imports this module
        from scipy.special import betaincinv

        failed = self.samples - self.passed
        low = float(betaincinv(self.passed, failed + 1, 0.025)) if self.passed else 0.0
        high = float(betaincinv(self.passed + 1, failed, 0.975)) if failed else 1.0
        return low, high


@dataclass(frozen=True)
class MonteCarlo:
    """The results of all samples.

    `values`: spec → one value per sample, in its worst simulated corner; None if it could not be measured. `bounds`:
    spec → for each sample ">" or "<" if its value is censored, else "".

    `process`: whether the samples also vary in process. `wanted`: number of samples asked for, more than there are if
    the user stopped it.
    """

    specs: tuple[Spec, ...]
    values: Mapping[str, Sequence[float | None]]
    bounds: Mapping[str, Sequence[str]]
    corners: tuple[str, ...]
    seed: int
    process: bool = False
    wanted: int = 0

    def yield_of(self, spec: Spec) -> Yield:
        met = self._met(spec)
        return Yield(sum(met), len(met))

    @property
    def total(self) -> Yield:
        """Samples that meet every spec; a spec without a bound is only watched."""
        bounded = [spec for spec in self.specs if spec.minimum is not None or spec.maximum is not None]
        rows = list(zip(*map(self._met, bounded), strict=True))
        return Yield(sum(map(all, rows)), len(rows))

    def _met(self, spec: Spec) -> list[bool]:
        """By sample; a censored value counts only if its bound proves it."""
        return [
            spec.met(value, bound) for value, bound in zip(self.values[spec.name], self.bounds[spec.name], strict=True)
        ]

    def censored(self, name: str) -> int:
        """Number of samples whose value is only bounded."""
        return sum(bool(bound) for bound in self.bounds[name])

    def spread(self, name: str) -> tuple[float, float]:
        """(mean, standard deviation) of the measured samples, without censored ones."""
        found = [
            value
            for value, bound in zip(self.values[name], self.bounds[name], strict=True)
            if value is not None and not bound
        ]
        if len(found) < 2:
            return (found[0] if found else math.nan), math.nan
        if min(found) == max(found):
            # the rounding of their mean would be a deviation
            return found[0], 0.0
        mean = math.fsum(found) / len(found)
        return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in found) / (len(found) - 1))

    def sigmas(self, spec: Spec) -> float:
        """Standard deviations from the mean to the nearer bound, negative beyond it; nan if they are unknown.

        A third of it is the capability index Cpk (Kane, Journal of Quality Technology 18 (1986) 41).
        """
        mean, deviation = self.spread(spec.name)
        low = math.inf if spec.minimum is None else mean - spec.minimum
        high = math.inf if spec.maximum is None else spec.maximum - mean
        return min(low, high) / deviation if deviation > 0 else math.nan


BATCH = 64
"""Samples that are prepared together: the first results come before the models of the last sample are drawn."""


def sample_decks(evaluator: Evaluator, corners: Sequence[str]) -> list[Deck]:
    """The decks that each sample simulates: those of a spec's testbench in these corners."""
    wanted = {spec.testbench for spec in evaluator.problem.specs}
    return [deck for deck in evaluator.workbench.decks if deck.corner in corners and deck.testbench in wanted]


def monte_carlo(
    evaluator: Evaluator, sizing: Sizing, samples: int, seed: int = 0, corners: Sequence[str] | None = None,
    process: bool | None = None, done: Callable[[int], None] | None = None,
) -> MonteCarlo:  # fmt: skip
    """Simulate `samples` samples of a legal sizing. Ctrl-C ends it early: the samples that are complete count.

    Args:
        corners: by default the first one.
        process: whether the samples also vary in process; None does so if the PDK has statistics.
        done: called with the number of finished decks.

    Raises:
        InputError: the models have no mismatch, or only ngspice can elaborate the circuit.
    """
    problem, bench = evaluator.problem, evaluator.workbench
    chosen = tuple(corners or [problem.corners[0].name])
    instance = bench.instance(sizing)
    decks = sample_decks(evaluator, chosen)
    if not any(deck.library.spreads or any(one.draws for one in deck.library.drawn.values()) for deck in decks):
        raise InputError(
            f"the models of {problem.pdk.name} have no mismatch\n    → Monte Carlo needs sky130A, gf180mcuD,"
            " ihp-sg13g2 or a PDK file with `mismatch:`"
        )
    if bench.hierarchical:
        raise InputError(f"Monte Carlo needs a circuit that can be flattened; {bench.hierarchical} cannot")
    if process and not problem.pdk.process:
        raise InputError(
            f"the models of {problem.pdk.name} have no usable process statistics\n    → leave --process out and use"
            " corners, or use gf180mcuD or ihp-sg13g2"
        )
    varied = bool(problem.pdk.process) if process is None else process
    evaluator.prepare()
    replies: dict[int, dict[str, Any]] = {}

    def tell(at: int, index: int, reply: dict[str, Any]) -> None:
        replies[at + index] = reply
        if done is not None:
            done(len(replies))

    with contextlib.closing(Scratch()) as scratch, contextlib.suppress(KeyboardInterrupt):
        for first in range(0, samples, BATCH):
            at = first * len(decks)
            tasks = []
            for sample in range(first, min(first + BATCH, samples)):
                chip = _chip(evaluator, instance, seed, sample, scratch.folder) if varied else None
                for deck in decks:
                    drawn = deck if chip is None else _drawn(deck, chip, f"{seed}-{sample}")
                    if chip is not None:
                        evaluator.executor.adopt(drawn, evaluator.executor.preparations[deck.key])
                    biased, limit = deck.key in evaluator.biased, deck.limit(problem.budget.timeout)
                    sampled = (seed, sample)
                    tasks.append(Task(drawn, instance, biased, timeout=limit, sample=sampled, wanted_only=True))
            # a wider window may have replaced what was told
            replies |= {
                at + index: reply for index, reply in enumerate(run_wide(evaluator.executor, tasks, partial(tell, at)))
            }
    places = range(len(decks))
    complete = [sample for sample in range(samples) if all(sample * len(decks) + place in replies for place in places)]
    if not complete:
        raise KeyboardInterrupt
    # specs that count in none of these corners are left out
    counted = tuple(
        spec for spec in problem.specs if not spec.testbench or any(spec.counts_in(corner) for corner in chosen)
    )
    values: dict[str, list[float | None]] = {spec.name: [] for spec in counted}
    bounds: dict[str, list[str]] = {spec.name: [] for spec in counted}
    for sample in complete:
        by_place = {
            (deck.testbench, deck.corner): replies[sample * len(decks) + number] for number, deck in enumerate(decks)
        }
        for spec in counted:
            value, bound = _worst(spec, by_place, chosen, instance)
            values[spec.name].append(value)
            bounds[spec.name].append(bound)
    return MonteCarlo(counted, values, bounds, chosen, seed, varied, samples)


def _drawn(deck: Deck, chip: CutLibrary, name: str) -> Deck:
    """A deck with the models of one sample, in every window."""
    widen = deck.widen
    wide = None if widen is None else lambda level: _drawn(widen(level), chip, name)
    return replace(deck, library=chip, key=f"{deck.key}-{name}", widen=wide)


def _chip(evaluator: Evaluator, instance: Instance, seed: int, sample: int, folder: Path) -> CutLibrary:
    """The models of one sample, cut to the sizes of this design."""
    boxes: dict[str, Box] = {}
    for device in instance.parts.devices:
        name = device.library or device.model
        if device.whole:
            boxes[name] = (ANY, ANY)
            continue
        if device.kind != "m" or (not device.library and evaluator.problem.pdk.device(name) is None):
            continue
        width, length = device.values["w"] / max(device.values.get("nf", 1.0), 1.0), device.values["l"]
        (w0, w1), (l0, l1) = boxes.get(name, ((width, width), (length, length)))
        boxes[name] = ((min(w0, width), max(w1, width)), (min(l0, length), max(l1, length)))
    return process_sample(evaluator.problem.pdk, boxes, seed, sample, folder)


def _worst(
    spec: Spec, replies: Mapping[tuple[str, str], Mapping[str, Any]], corners: Sequence[str], instance: Instance
) -> tuple[float | None, str]:
    """The value of one sample with its bound, in its worst corner; None if it cannot be measured in one of them."""
    if not spec.testbench:
        return instance.parts.gate_area, ""
    found: list[tuple[float, str]] = []
    for corner in corners:
        if spec.counts_in(corner):
            value, _, bound = measured(spec, replies[spec.testbench, corner], instance)
            if value is None:
                return None, ""
            found.append((float(value), bound))
    if not found:
        return None, ""
    unmet = [one for one in found if not spec.met(*one)]
    # a quantity that is only watched has no better side: the larger value is shown
    worst = min if spec.maximum is None and spec.minimum is not None else max
    return worst(unmet or found)
