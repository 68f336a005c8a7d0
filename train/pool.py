"""A pool is a circuit's designs simulated under many conditions: the source of targets and first examples."""

from __future__ import annotations

import hashlib
import json
import math
import random
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.score import score
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.files import DAMAGED_ARRAYS, write_file
from eda_agent.problem.spec import Corner, Problem, Spec
from eda_agent.problem.target import Target
from eda_agent.simulation.evaluate import CONTENT_VERSION, Evaluator
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.failure import Failure
from eda_agent.simulation.operating_point import OperatingPoint
from eda_agent.train.designs import child, conditions, designs_around, draw_bounds, meets, not_dominated, works

VERSION = 1
_POINT = ("id", "gm_id", "margin")
_COLUMNS = ("sizes", "values", "failed", "points")


@dataclass(frozen=True)
class Pool:
    """`problem`: the circuit with every condition as a corner. For conditions c, designs n: `sizes` (c, n, parameters)
    in SI units,
    `values` (c, n, specs), NaN where unmeasurable, `failed` (c, n), `points` (c, n, devices, 3) with id, gm/id and
    saturation margin.
    Design 1 of each condition is the netlist's own.
    """

    problem: Problem
    devices: tuple[str, ...]
    sizes: NDArray[np.float64]
    values: NDArray[np.float64]
    failed: NDArray[np.bool_]
    points: NDArray[np.float32]

    @property
    def conditions(self) -> tuple[Corner, ...]:
        return self.problem.corners

    @cached_property
    def positions(self) -> NDArray[np.float64]:
        """The designs in the unit cube, (c, n, parameters)."""
        parameters = self.problem.space.parameters
        columns = [
            np.vectorize(parameter.to_unit)(self.sizes[..., index]) for index, parameter in enumerate(parameters)
        ]
        return np.stack(columns, axis=-1)

    def near(self, condition: int, sizing: Mapping[str, float], count: int) -> list[int]:
        """The designs nearest to a sizing, nearest first, without itself."""
        offsets = self.positions[condition] - np.array(self.problem.space.to_unit(sizing))
        distances = np.abs(offsets).sum(-1)
        return [int(index) for index in np.argsort(distances, kind="stable") if distances[index] > 0][:count]

    @cached_property
    def _rows(self) -> list[list[dict[str, float | None]]]:
        names = self.problem.spec_names
        return [
            [
                {name: None if math.isnan(value) else value for name, value in zip(names, numbers, strict=True)}
                for numbers in designs
            ]
            for designs in self.values.tolist()
        ]

    @cached_property
    def _evaluations(self) -> dict[tuple[int, int], Evaluation]:
        return {}

    @cached_property
    def _working(self) -> list[list[int]]:
        return [
            [
                design
                for design, row in enumerate(rows)
                if not self.failed[condition, design] and works(self.problem, row)
            ]
            for condition, rows in enumerate(self._rows)
        ]

    def row(self, condition: int, design: int) -> Mapping[str, float | None]:
        """Spec → value."""
        return self._rows[condition][design]

    def sizing(self, condition: int, design: int) -> dict[str, float]:
        return dict(zip(self.problem.space.names, self.sizes[condition, design].tolist(), strict=True))

    def working(self, condition: int) -> list[int]:
        """Designs whose every spec can be measured, and that are stable."""
        return self._working[condition]

    def turn(self, problem: Problem, condition: int, design: int, index: int) -> Turn:
        """A design as a turn of a run on `problem` under that condition."""
        evaluation = self._evaluation(condition, design)
        sizing = self.sizing(condition, design)
        return Turn(index, Proposal(sizing, policy="pool"), sizing, evaluation, score(problem.specs, evaluation))

    def _evaluation(self, condition: int, design: int) -> Evaluation:
        """Created on first use and kept: a training reads each many times."""
        found = self._evaluations.get((condition, design))
        if found is None:
            corner = self.conditions[condition].name
            failures = (
                (("pool", corner, Failure("no_convergence", "in the pool")),) if self.failed[condition, design] else ()
            )
            points = {
                device: _point(*numbers)
                for device, numbers in zip(self.devices, self.points[condition, design].tolist(), strict=True)
                if not math.isnan(numbers[0])
            }
            found = Evaluation({corner: self.row(condition, design)}, {}, failures, points, 0, 0, 0.0)
            self._evaluations[condition, design] = found
        return found

    def target(
        self,
        condition: int,
        kind: str,
        draw: random.Random,
        tries: int = 200,
        ranges: Mapping[str, tuple[float, float]] | None = None,
    ) -> Target | None:
        """A random target under a condition that a design of the pool meets and the netlist's own sizes do not; None if
        none is found.

        `ranges`: bounds of uniform targets, in SI units.
        """
        able = self.working(condition)
        if len(able) < 8:
            return None
        rows = [self.row(condition, design) for design in able]
        for _ in range(tries):
            bounds = draw_bounds(self.problem, kind, rows, draw, ranges)
            if any(bounds[spec.name] <= 0 for spec in self.problem.specs if spec.metric.ramp == "log"):
                continue
            winners = [design for design, row in zip(able, rows, strict=True) if meets(self.problem, bounds, row)]
            if winners and 1 not in winners:
                return Target(
                    f"{kind[0]}", kind, self.conditions[condition], bounds, self.sizing(condition, winners[0])
                )
        return None


def _point(current: float, gm_id: float, margin: float) -> OperatingPoint:
    unknown = math.nan
    return OperatingPoint(current, current * gm_id, unknown, unknown, unknown, unknown, unknown, gm_id, margin)


def pool_problem(
    problem: Problem, count: int, seed: int, ranges: Mapping[str, tuple[float, float]] | None = None
) -> Problem:
    """The problem under `count` random conditions, each a corner."""
    draw = random.Random(f"conditions of {problem.name} {seed}")
    return replace(
        problem,
        corners=tuple(conditions(problem, draw, count, ranges)),
        specs=tuple(replace(spec, corners=()) for spec in problem.specs),
    )


def make_pool(
    problem: Problem,
    evaluator: Callable[[], Evaluator],
    known: Mapping[str, float],
    designs: int,
    rounds: int,
    seed: int,
    folder: Path,
    tell: Callable[[int, int], None] = lambda done, all_: None,
    begin: Callable[[random.Random, int], list[dict[str, float]]] | None = None,
    name: str | None = None,
) -> Pool:
    """The pool of a problem (see `pool_problem`): read from `folder`, or simulated and stored there, condition by
    condition, so that a stopped one continues.

    Args:
        evaluator: returns the problem's simulator; called only if something is simulated.
        known: the first design.
        designs, rounds: of `designs` per condition, 1 / (`rounds` + 1) lie around `known`; the rest are neighbours of
        the best found so far.
        tell: called with (done, all) simulations.
        begin: other first designs of a condition, from (draw, count); the pool's `name` should then identify it.
    """
    begin = begin or (lambda draw, count: designs_around(problem, problem.space.snap(known), draw, count))
    path = folder / f"{name or problem.name}-{_digest(problem, known, designs, rounds, seed)}.npz"
    kept = _read(path)
    if kept is None:
        parts = path.with_suffix(".parts")
        simulate: Evaluator | None = None
        columns = []
        for number, corner in enumerate(problem.corners):
            part = parts / f"{number}.npz"
            column = _read(part)
            if column is None:
                simulate = simulate or evaluator()
                column = _simulated(
                    simulate,
                    corner.name,
                    random.Random(f"pool of {problem.name} {seed} {number}"),
                    designs,
                    rounds,
                    begin,
                )
                _write(part, column)
                tell((number + 1) * designs, len(problem.corners) * designs)
            columns.append(column)
        kept = {key: np.stack([column[key] for column in columns]) for key in _COLUMNS} | {
            "devices": columns[0]["devices"]
        }
        _write(path, kept)
        shutil.rmtree(parts, ignore_errors=True)
    return Pool(problem, tuple(json.loads(str(kept["devices"]))), *(kept[key] for key in _COLUMNS))


def _simulated(
    evaluator: Evaluator,
    corner: str,
    draw: random.Random,
    designs: int,
    rounds: int,
    begin: Callable[[random.Random, int], list[dict[str, float]]],
) -> dict[str, NDArray[Any]]:
    """The designs of one condition: the arrays of a pool without their first axis, and the devices."""
    problem = evaluator.problem
    chosen = begin(draw, designs // (rounds + 1))
    found = evaluator.evaluate(chosen, [corner])
    for turn in range(rounds):
        rows = [evaluation.values[corner] for evaluation in found]
        parents = not_dominated(problem, rows) or list(range(len(chosen)))
        count = designs - len(chosen) if turn == rounds - 1 else designs // (rounds + 1)
        children = [child(problem, chosen[draw.choice(parents)], draw) for _ in range(count)]
        chosen = chosen + children
        found = found + evaluator.evaluate(children, [corner])
    devices = tuple(label for _, _, label in evaluator.workbench.mosfets)
    return {
        "devices": np.array(json.dumps(devices)),
        "sizes": np.array([[design[name] for name in problem.space.names] for design in chosen]),
        "values": np.array([[_number(evaluation, corner, spec) for spec in problem.specs] for evaluation in found]),
        "failed": np.array([bool(evaluation.failures) for evaluation in found]),
        "points": np.array([_points(evaluation, devices) for evaluation in found], dtype=np.float32),
    }


def _read(path: Path) -> dict[str, NDArray[Any]] | None:
    """The data that `_write` stored; None if it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as data:
            found = {key: data[key] for key in ("devices", *_COLUMNS)}
            tuple(json.loads(str(found["devices"])))
            return found
    except DAMAGED_ARRAYS:
        return None


def _write(path: Path, kept: Mapping[str, NDArray[Any]]) -> None:
    # another process may have finished the same pool and removed the files
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(
        path,
        lambda part: np.savez_compressed(
            part,
            devices=kept["devices"],
            sizes=kept["sizes"],
            values=kept["values"],
            failed=kept["failed"],
            points=kept["points"],
        ),
    )


def _number(evaluation: Evaluation, corner: str, spec: Spec) -> float:
    """A value for the pool, which stores no bounds: a censored one only if its bound counts as a value (see
    `agent.score`).
    """
    value, bound = evaluation.values[corner][spec.name], evaluation.bounds.get((corner, spec.name), "")
    if value is None or (bound == ">" and spec.maximum is not None) or (bound == "<" and spec.minimum is not None):
        return math.nan
    return float(value)


def _points(evaluation: Evaluation, devices: tuple[str, ...]) -> list[list[float]]:
    found = evaluation.operating_points
    return [
        [getattr(found[device], name) for name in _POINT] if device in found else [math.nan] * 3 for device in devices
    ]


def _digest(problem: Problem, known: Mapping[str, float], *rest: object) -> str:
    content = (
        VERSION,
        CONTENT_VERSION,
        problem.text,
        problem.netlist.text(),
        repr(problem.corners),
        sorted(known.items()),
        rest,
    )
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16]
