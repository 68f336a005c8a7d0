"""Evaluation plays a policy on shipped targets that no training has used, many in parallel, and records the best score
after each turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.language.circuit import CircuitWords
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Corner
from eda_agent.problem.target import read_targets, with_target
from eda_agent.simulation.cache import MemoryCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.executor import Executor
from eda_agent.simulation.workbench import Workbench
from eda_agent.train.algorithms import Plan
from eda_agent.train.make_pool import make_pool
from eda_agent.train.model_bundle import ModelBundle
from eda_agent.train.rollout import MakeSpeaker, Rollout
from eda_agent.train.tasks import CIRCUITS, Source, Task


def held_out_tasks(name: str, executor: Executor, limit: int | None = None) -> list[Task]:
    """The shipped targets of a shipped circuit as tasks; their only known designs are the netlist's own and an unused
    proof.
    """
    targets = read_targets(CIRCUITS / name / "targets.json")[:limit]
    base = load_problem(CIRCUITS / name)
    corners: dict[str, Corner] = {}
    for target in targets:
        corners.setdefault(repr(target.corner), replace(target.corner, name=f"t{len(corners)}"))
    problem = replace(
        base, corners=tuple(corners.values()), specs=tuple(replace(spec, corners=()) for spec in base.specs)
    )
    evaluator = Evaluator(
        problem, Workbench(problem, cache_folder() / "models"), executor, MemoryCache(), points_everywhere=True
    )
    pool = make_pool(problem, lambda: evaluator, base.space.initial, 2, 0, 0, cache_folder() / "pools")
    source = Source(name, pool, CircuitWords(problem), 1.0, lambda: evaluator)
    order = list(corners)
    tasks = []
    for target in targets:
        condition = order.index(repr(target.corner))
        placed = replace(target, corner=corners[repr(target.corner)])
        tasks.append(Task(source, condition, placed, with_target(problem, placed)))
    return tasks


def play(
    kind: ModelBundle,
    tasks: Sequence[Task],
    turns: int,
    seed: int,
    temperature: float = 1.0,
    speak: MakeSpeaker | None = None,
) -> NDArray[np.float64]:
    """(tasks × (turns + 1)): best score after 0 (the baseline), 1, … turns of one trajectory each; 1 once every spec is
    met.
    """
    sampler = kind.sampler(temperature)
    sampler.load(kind.weights())
    batch = Rollout(sampler, speak or kind.speak, Plan(1, 1, turns, 1)).play(tasks, seed)
    curves = np.zeros((len(tasks), turns + 1))
    for row, (trajectory,) in enumerate(batch.trajectories):
        rewards = [group.samples[0].reward for group in trajectory.groups]
        start = trajectory.groups[0].before if trajectory.groups else trajectory.best
        reached = np.maximum.accumulate([start, *rewards])
        curves[row] = [*reached, *[reached[-1]] * (turns + 1 - len(reached))]
    return curves
