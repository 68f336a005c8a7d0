"""Reinforcement is the second phase of a training run: the model plays tasks and learns from their scores.

One thread samples and one learns, while the simulators run beside them.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from eda_agent.train.advantages import estimator
from eda_agent.train.algorithms import algorithm
from eda_agent.train.credit import Credit
from eda_agent.train.imitation import Examples
from eda_agent.train.learner import Learner, Rules
from eda_agent.train.loss import Surrogate
from eda_agent.train.model_bundle import ModelBundle
from eda_agent.train.policies import Trainable
from eda_agent.train.prefetch import Prefetch
from eda_agent.train.progress import Progress
from eda_agent.train.rollout import Batch, Rollout
from eda_agent.train.samples import Trajectory
from eda_agent.train.tasks import Curriculum
from eda_agent.train.tree import Packed


def reinforce(progress: Progress, examples: Examples, curriculum: Curriculum) -> None:
    """Run the remaining steps of this phase."""
    rl = progress.recipe.rl
    if not rl.steps or progress.done >= rl.steps:
        return
    torch.set_num_threads(progress.recipe.threads or 1)
    seeds = [
        f"{progress.recipe.seed} rl {number} {copy}"
        for number in range(progress.done, rl.steps)
        for copy in range(rl.replay)
    ]
    with contextlib.closing(Prefetch(examples.of, seeds)) as replayed, ThreadPoolExecutor(1) as beside:
        steps = _Steps(progress, curriculum, replayed, beside)
        progress.run(rl.steps, steps.step)


class _Steps:
    """The steps of the phase.

    Args:
        progress: of the run.
        curriculum: draws the tasks.
        replayed: examples of supervised steps between.
        beside: the thread that samples.
    """

    def __init__(
        self,
        progress: Progress,
        curriculum: Curriculum,
        replayed: Prefetch[str, list[Packed]],
        beside: ThreadPoolExecutor,
    ):
        self.progress, self.curriculum, self.replayed, self.beside = progress, curriculum, replayed, beside
        self.recipe, self.rl, self.kind = progress.recipe, progress.recipe.rl, progress.kind
        rl, kind, processes = self.rl, self.kind, progress.processes
        self.algorithm = algorithm(rl.algorithm)
        self.plan = self.algorithm.plan(rl.turns, rl.group)
        options = {name: int(value) if name == "k" else value for name, value in rl.estimator_options.items()}
        self.estimate = estimator(rl.estimator, **options)
        self.credit = Credit(rl.incumbent, rl.descendants, rl.repeat)
        reference = _reference(kind, progress.folder) if rl.kl else None
        rules = Rules(
            Surrogate(rl.clip_low, rl.clip_high, rl.correction, rl.sequence_ratio),
            rl.epochs,
            rl.minibatches,
            rl.temperature,
            rl.kl,
            rl.kl_kind,
            rl.row_tokens,
            self.recipe.model.dtype == "bfloat16",
            outcomes=rl.outcomes,
        )
        self.learner = Learner(kind.policy, progress.optimizer, rules, reference, processes)
        plain = Rules(row_tokens=rl.row_tokens, bfloat16=rules.bfloat16)
        self.replayer = Learner(kind.policy, progress.optimizer, plain, processes=processes)
        self.sampler = kind.sampler(rl.temperature)
        self.rollout = Rollout(self.sampler, kind.speak, self.plan, archive=rl.archive, outcomes=rl.outcomes > 0)
        self.sampler.load(progress.behind or kind.weights())
        # samples collected during learning step k use the weights from before that step
        self.coming: list[Future[Batch]] = [beside.submit(self._play, progress.done)]

    def _play(self, step: int) -> Batch:
        """This process's share of the trajectories of a step."""
        tasks = self.curriculum.draw(self.rl.tasks * self.plan.tasks, f"{self.recipe.seed} rl {step}")
        numbers = self.progress.processes.share(range(len(tasks)))
        return self.rollout.play([tasks[number] for number in numbers], self._seed(step), numbers)

    def _seed(self, step: int) -> int:
        return self.recipe.seed * 1_000_003 + step

    def step(self, number: int) -> Mapping[str, float]:
        """One step: supervised examples, then the trajectories that were sampled meanwhile. Returns its metrics."""
        rl, more = self.rl, number + 1 < self.rl.steps
        self.progress.set_rate(number, rl.steps, rl.learning_rate, decay=False)
        imitated: Mapping[str, float] = {}
        for _ in range(rl.replay):
            imitated = self.replayer.imitate_packed(self.replayed.next())
        start = time.perf_counter()
        batch = self.coming.pop().result()
        waited = time.perf_counter() - start
        if rl.ahead:
            self.progress.behind = {name: value.clone() for name, value in self.kind.weights().items()}
            self.sampler.load(self.progress.behind)
            if more:
                self.coming.append(self.beside.submit(self._play, number + 1))
        for trajectories in batch.trajectories:
            self.algorithm.assign(trajectories, self.estimate, self.credit)
        flat = [trajectory for trajectories in batch.trajectories for trajectory in trajectories]
        if rl.per_circuit:
            same_size(flat)
        metrics = self.learner.learn(flat, self._seed(number))
        if not rl.ahead and more:
            self.sampler.load(self.kind.weights())
            self.coming.append(self.beside.submit(self._play, number + 1))
        return {
            **metrics,
            "simulations": batch.simulations,
            "solved": batch.solved / len(flat),
            "waited": waited,
            "sampling": batch.sampling,
            "simulating": batch.simulating,
            **{f"replay/{name}": value for name, value in imitated.items()},
        }


def _reference(kind: ModelBundle, folder: Path) -> Trainable:
    """The policy at the start of this phase, stored in the run's folder: a resumed run measures its divergence from the
    same policy.
    """
    path = folder / "reference.safetensors"
    if not path.exists():
        part = path.with_suffix(".part")
        save_file({name: value.contiguous() for name, value in kind.weights().items()}, part)
        part.replace(path)
    result = kind.reference()
    result.model.load_state_dict(load_file(path), strict=False)
    return result


def same_size(trajectories: list[Trajectory]) -> None:
    """Scale advantages so that their root mean square is 1 in every circuit (after ARCS, arXiv 2603.29068)."""
    for circuit in {trajectory.circuit for trajectory in trajectories}:
        samples = [
            sample for trajectory in trajectories if trajectory.circuit == circuit for sample in trajectory.samples
        ]
        known = [sample for sample in samples if sample.advantage is not None]
        size = math.sqrt(sum((sample.advantage or 0.0) ** 2 for sample in known) / max(len(known), 1))
        for sample in known:
            sample.advantage = (sample.advantage or 0.0) / (size or 1.0)
