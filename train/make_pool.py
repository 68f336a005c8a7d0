"""Making a pool: designs are simulated condition by condition and kept in a file."""

from __future__ import annotations

import hashlib
import json
import math
import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_agent.files import DAMAGED_ARRAYS, write_file
from eda_agent.problem.spec import Problem, Spec
from eda_agent.simulation.evaluate import CONTENT_VERSION, Evaluator
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.train.designs import child, designs_around, not_dominated
from eda_agent.train.pool import Pool

VERSION = 1
_POINT = ("id", "gm_id", "margin")
_COLUMNS = ("sizes", "values", "failed", "points")


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
