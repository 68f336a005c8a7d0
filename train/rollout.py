"""A rollout plays a batch of tasks: histories grow turn by turn, and at every turn a group of actions is sampled and
simulated.

The batch is played in two halves: one half is sampled while the other is simulated. The simulations of a half run in
parallel on the product's executor. A failed simulation, or an answer that is not a sizing, has reward 0 and stays in
its group.
"""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from eda_agent.agent.env import Environment, play_together
from eda_agent.agent.language.answer import Answer
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.simulation.evaluate import CornerView
from eda_agent.train.algorithms import Plan
from eda_agent.train.codec import Codec
from eda_agent.train.samplers import Sampler
from eda_agent.train.samples import Group, Trajectory
from eda_agent.train.tasks import Task

MakeSpeaker = Callable[[Task, int], Codec]
"""Creates the codec for a task and the number of its trajectory."""


@dataclass
class Batch:
    """`trajectories`: those of each task. `simulations`: number of simulated actions. `sampling`, `simulating`,
    `waiting`: seconds of drawing answers, of simulation, and of waiting for it.
    """

    trajectories: list[list[Trajectory]]
    simulations: int = 0
    sampling: float = 0.0
    simulating: float = 0.0
    waiting: float = 0.0
    solved: int = 0


@dataclass(eq=False)
class _Row:
    """A trajectory being played."""

    env: Environment
    speaker: Codec
    trajectory: Trajectory
    name: str
    answers: list[Answer] = field(default_factory=list)
    prompt: Any = None


class Rollout:
    """`archive`: share of trajectories that start after designs of the pool. `lanes`: halves played in turn, 1 or 2.
    `outcomes`: whether each action's results are stored as questions.
    """

    def __init__(
        self,
        sampler: Sampler,
        speak: MakeSpeaker,
        plan: Plan,
        *,
        archive: float = 0.0,
        lanes: int = 2,
        outcomes: bool = False,
    ):
        self.sampler, self.speak, self.plan, self.archive, self.lanes, self.outcomes = (
            sampler,
            speak,
            plan,
            archive,
            lanes,
            outcomes,
        )

    def play(self, tasks: Sequence[Task], seed: int, numbers: Sequence[int] | None = None) -> Batch:
        """Play a batch; the same tasks, weights and seed give the same one. `numbers`: the tasks' numbers in a larger
        batch: random draws of a task depend on its number, not on its neighbours.
        """
        rows: list[_Row] = []
        by_task: list[list[Trajectory]] = []
        for number, task in zip(numbers or range(len(tasks)), tasks, strict=True):
            own = [self._row(task, f"{seed} {number} {copy}") for copy in range(self.plan.trajectories)]
            by_task.append([row.trajectory for row in own])
            rows += own
        batch = Batch(by_task)
        lanes = [rows[lane :: self.lanes] for lane in range(min(self.lanes, len(rows)))]
        pending: list[Future[list[list[Turn]]] | None] = [None] * len(lanes)
        with ThreadPoolExecutor(1) as simulator:
            for turn in range(self.plan.turns + 1):
                for lane in range(len(lanes)):
                    if pending[lane] is not None:
                        lanes[lane] = self._take(lanes[lane], pending[lane], batch)
                        pending[lane] = None
                    if lanes[lane] and turn < self.plan.turns:
                        asked = self._ask(lanes[lane], lane, turn, batch)
                        pending[lane] = simulator.submit(self._simulate, asked, batch)
        return batch

    def _row(self, task: Task, name: str) -> _Row:
        draw = random.Random(name)
        pool, condition = task.source.pool, task.condition
        turns = [pool.turn(task.problem, condition, 1, 0)]
        if draw.random() < self.archive:
            others = [
                design for design in draw.sample(range(2, pool.sizes.shape[1]), 3) if not pool.failed[condition, design]
            ]
            found = [pool.turn(task.problem, condition, design, index) for index, design in enumerate(others, 1)]
            turns += [turn for turn in found if not turn.met]
        env = Environment(task.problem, CornerView(task.source.evaluator, pool.conditions[condition].name), turns)
        best = env.history.incumbent
        trajectory = Trajectory(task.source.name, task.target.digest, best=best.value if best is not None else 0.0)
        return _Row(env, self.speak(task, draw.randrange(2**31)), trajectory, name)

    def _ask(self, rows: list[_Row], lane: int, turn: int, batch: Batch) -> list[tuple[Environment, list[Proposal]]]:
        start = time.perf_counter()
        for row in rows:
            row.prompt = row.speaker.prompt(row.env.history)
        seeds = [zlib.crc32(f"{row.name} {turn}".encode()) for row in rows]
        answers = self.sampler.sample([row.prompt for row in rows], self.plan.group, seeds, lane)
        for row, own in zip(rows, answers, strict=True):
            row.answers = own
        result = [(row.env, [row.speaker.proposal(answer, row.env.history) for answer in row.answers]) for row in rows]
        batch.sampling += time.perf_counter() - start
        return result

    def _simulate(self, asked: list[tuple[Environment, list[Proposal]]], batch: Batch) -> list[list[Turn]]:
        start = time.perf_counter()
        result = play_together(asked)
        batch.simulating += time.perf_counter() - start
        batch.simulations += sum(turn.evaluation is not None for turns in result for turn in turns)
        return result

    def _take(self, rows: list[_Row], pending: Future[list[list[Turn]]] | None, batch: Batch) -> list[_Row]:
        """Assign the results to their trajectories; returns those that continue."""
        assert pending is not None
        start = time.perf_counter()
        results = pending.result()
        batch.waiting += time.perf_counter() - start
        going = []
        for row, turns in zip(rows, results, strict=True):
            seen = [turn.sizing for turn in row.env.history.turns]
            samples = []
            for answer, turn in zip(row.answers, turns, strict=True):
                sample = row.speaker.sample(row.prompt, answer)
                sample.reward, sample.truncated, sample.repeated = turn.value, answer.truncated, turn.sizing in seen
                if self.outcomes:
                    sample.outcomes = row.speaker.outcomes(row.prompt, answer, turn)
                samples.append(sample)
            row.trajectory.groups.append(Group(samples, row.trajectory.best))
            row.env.append(turns[0])
            row.trajectory.best = max(row.trajectory.best, turns[0].value)
            if turns[0].met:
                batch.solved += 1
            else:
                going.append(row)
        return going
