"""A task is a circuit with a random target under a random condition; a curriculum draws tasks and refuses held-out
ones.

Circuits that no model may be trained on are refused by name and by structure, and shipped targets by their hash.
"""

from __future__ import annotations

import bisect
import itertools
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from pathlib import Path

from eda_agent.agent.language.circuit import CircuitWords
from eda_agent.bench.suite import HELD_OUT, LEARNED
from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.fingerprint import fingerprint
from eda_agent.problem.target import Target, read_targets, with_target
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.train.held_out import held_out_shapes
from eda_agent.train.pool import Pool

CIRCUITS = Path(str(resources.files("eda_agent.circuits")))


@dataclass(frozen=True, eq=False)
class Source:
    """A circuit from which tasks are drawn: its pool, its description, and the evaluator that simulates its conditions.

    `weight`: its relative frequency. `opened` creates the evaluator on first use, because reading its models takes
    seconds.
    """

    name: str
    pool: Pool
    words: CircuitWords
    weight: float
    opened: Callable[[], Evaluator]

    @cached_property
    def evaluator(self) -> Evaluator:
        return self.opened()


@dataclass(frozen=True, eq=False)
class Task:
    """`problem` has the target under one condition, number `condition` of the source's pool."""

    source: Source
    condition: int
    target: Target
    problem: Problem


def check_circuits(names: Sequence[str]) -> None:
    """Raise `InputError` for a circuit that is held out or unknown."""
    if not names:
        raise InputError(f"circuits: none is named\n    → {', '.join(LEARNED)}")
    for name in names:
        if name in HELD_OUT:
            raise InputError(
                f"circuits: {name} is held out: training on it would invalidate its results\n    → one of"
                f" {', '.join(LEARNED)}"
            )
        if name not in LEARNED and not Path(name).is_file():
            raise InputError(
                f"circuits: {name} is neither a shipped circuit nor a spec file\n    → one of {', '.join(LEARNED)}"
            )


def check_structure(name: str, problem: Problem) -> None:
    """Raise `InputError` for a circuit with the structure of a held-out one."""
    other = held_out_shapes().get(fingerprint(problem))
    if other is not None:
        raise InputError(
            f"circuits: {name} has the structure of {other}, which is held out: no model may be trained on it"
        )


def spec_file(name: str) -> Path:
    return CIRCUITS / name / "spec.yaml" if name in LEARNED else Path(name)


def held_out(folder: Path = CIRCUITS) -> frozenset[str]:
    """The hashes of every shipped target."""
    return frozenset(target.digest for path in sorted(folder.glob("*/targets.json")) for target in read_targets(path))


class Curriculum:
    """Draws tasks: circuits in proportion to their weight, conditions at random, targets tight with probability `tight`
    and uniform
    otherwise.

    `given`: circuit → targets to draw from instead of random ones; each has the condition with the same index in the
    pool
    (`pool_problem`). `bounds`: ranges of the uniform targets' bounds (SI units), by spec.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        tight: float = 0.5,
        refused: frozenset[str] | None = None,
        given: Mapping[str, Sequence[Target]] | None = None,
        bounds: Mapping[str, tuple[float, float]] | None = None,
    ):
        self.sources, self.tight, self.given, self.bounds = tuple(sources), tight, given or {}, bounds
        self.refused = held_out() if refused is None else refused

    def draw(self, count: int, seed: str) -> list[Task]:
        """`count` tasks; the same for the same `seed`."""
        draw = random.Random(seed)
        result: list[Task] = []
        # systematic sampling: `count` equidistant points on the sources in a row, where each source is as long as its
        # weight
        ends = list(itertools.accumulate(source.weight for source in self.sources))
        start = draw.random()
        places = [(start + number) / count * ends[-1] for number in range(count)]
        draw.shuffle(places)
        for place in places:
            task = None
            while task is None:
                source = self.sources[min(bisect.bisect_right(ends, place), len(ends) - 1)]
                task = self.task(source, draw)
                # a circuit without a target under this condition is replaced by another
                place = draw.random() * ends[-1]
            result.append(task)
        return result

    def task(self, source: Source, draw: random.Random) -> Task | None:
        if source.name in self.given:
            condition = draw.randrange(len(self.given[source.name]))
            target: Target | None = replace(
                self.given[source.name][condition], corner=source.pool.conditions[condition]
            )
        else:
            condition = draw.randrange(len(source.pool.conditions))
            target = source.pool.target(
                condition, "tight" if draw.random() < self.tight else "uniform", draw, ranges=self.bounds
            )
        if target is None:
            return None
        if target.digest in self.refused:
            raise InputError(f"the target {target.digest} of {source.name} is held out")
        return Task(source, condition, target, with_target(source.pool.problem, target))


def known_sizing(name: str, problem: Problem) -> Mapping[str, float]:
    """The first design of a circuit's pool: the known one of a shipped circuit, else the netlist's own sizes."""
    path = CIRCUITS / name / "known.json"
    return json.loads(path.read_text())["sizing"] if path.exists() else problem.space.initial


def given_targets(path: Path) -> tuple[Target, ...]:
    """Targets to train on, from a file. Raises `InputError` if one is held out."""
    targets = read_targets(path)
    refused = held_out()
    for target in targets:
        if target.digest in refused:
            raise InputError(
                f"{path}: the target {target.name!r} is one of the shipped ones, which are held out ({target.digest})"
            )
    return targets
