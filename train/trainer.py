"""A training run simulates pools, does a warm start and then reinforcement learning. This module combines the learner's
concrete
classes.

The folder holds `recipe.yaml`, `metrics.jsonl`, `tensorboard/`, `checkpoints/` and at the end `model/`, the folder for
`--policy local --model`.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import load_file, save_file

from eda_agent.agent.history import History
from eda_agent.errors import EdaAgentError, Finding, InputError
from eda_agent.files import write_text
from eda_agent.simulation.executors import open_pool
from eda_agent.train import checkpoint, warm_start
from eda_agent.train.advantages import estimator
from eda_agent.train.algorithms import algorithm
from eda_agent.train.credit import Credit
from eda_agent.train.distributed import SingleProcess, join_processes
from eda_agent.train.journal import TrainingJournal
from eda_agent.train.learner import Learner, Rules
from eda_agent.train.loss import Surrogate
from eda_agent.train.model_bundle import ModelBundle, make_bundle
from eda_agent.train.policies import Trainable, parameters
from eda_agent.train.prefetch import Prefetch
from eda_agent.train.recipe import Recipe, load_recipe, recipe_data, spans
from eda_agent.train.rollout import Batch, Rollout
from eda_agent.train.samples import Trajectory
from eda_agent.train.sources import Tell, open_sources, targets_of
from eda_agent.train.tasks import Curriculum, check_circuits
from eda_agent.train.tree import Packed, packs

WARM_UP = {"warm_start": 20, "rl": 5}


def train(recipe: Recipe, folder: Path, *, resume: bool = False, tell: Tell = lambda *_: None) -> Path:
    """Run a recipe in `folder`. An interrupt (Ctrl-C) stores a checkpoint and is raised again.

    Returns:
        the folder of the finished model.

    Raises:
        InputError: the recipe cannot run, the folder holds another run, or it holds a run and `resume` is False.
    """
    check_circuits(recipe.circuits)
    given, others = targets_of(recipe), join_processes()
    if others.rank == 0:
        _claim(recipe, folder, resume)
    torch.manual_seed(recipe.seed)
    kind = make_bundle(recipe)
    with contextlib.closing(open_pool(recipe.workers, recipe.cluster)) as executor:
        # the first process simulates the pools, the others read them
        sources = list(open_sources(recipe, executor, tell, given)) if others.rank == 0 else []
        others.wait()
        sources = sources or list(open_sources(recipe, executor, given=given))
        run = _Run(
            recipe,
            folder,
            kind,
            Curriculum(sources, recipe.rl.tight, given=given, bounds=spans(recipe.bounds)),
            tell,
            others,
        )
        try:
            run.warm_start()
            run.reinforce()
        except torch.OutOfMemoryError:
            raise EdaAgentError(
                "the device's memory is full\n    → smaller rl.row_tokens, model.checkpointing: true, or fewer"
                " rl.tasks; the last checkpoint is intact"
            ) from None
        finally:
            run.close()
    others.wait()
    return kind.save(folder / "model") if others.rank == 0 else folder / "model"


def _claim(recipe: Recipe, folder: Path, resume: bool) -> None:
    """Write the recipe into the folder, or compare it with the stored one."""
    path = folder / "recipe.yaml"
    if path.exists():
        if not resume:
            raise InputError(
                Finding("this folder already holds a training run", folder, fix="add --resume, or choose another --out")
            )
        then = load_recipe(path)
        changed = [key for key, value in recipe_data(recipe).items() if recipe_data(then)[key] != value]
        if changed:
            raise InputError(
                Finding(
                    f"the run was started with another recipe: {', '.join(changed)} differ",
                    folder,
                    fix=f"give {path}, or start a new run",
                )
            )
    folder.mkdir(parents=True, exist_ok=True)
    write_text(path, yaml.safe_dump(recipe_data(recipe), sort_keys=False))


class _Run:
    """The phases; each continues from the last checkpoint."""

    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        kind: ModelBundle,
        curriculum: Curriculum,
        tell: Tell,
        processes: SingleProcess,
    ):
        self.recipe, self.folder, self.kind, self.curriculum, self.tell = recipe, folder, kind, curriculum, tell
        self.processes = processes
        self._histories: list[History] | None = None
        self.optimizer = self._optimizer()
        self.state: dict[str, Any] = {"phase": "warm_start", "done": 0}
        self.behind: dict[str, torch.Tensor] = {}
        kept = checkpoint.checkpoints(folder / "checkpoints")
        if kept:
            self.state, self.behind = checkpoint.load(kept[-1], kind.policy.model, self.optimizer, kind.read(kept[-1]))
        done = (
            {"warm_start": recipe.warm_start.steps, "rl": self.state["done"]}
            if self.state["phase"] == "rl"
            else {"warm_start": self.state["done"], "rl": 0}
        )
        self.journal = TrainingJournal(folder, done) if self.processes.rank == 0 else None

    def close(self) -> None:
        if self.journal is not None:
            self.journal.close()

    def _optimizer(self) -> torch.optim.Optimizer:
        weights = [parameter for _, parameter in parameters(self.kind.policy.model)]
        return torch.optim.AdamW(weights, lr=1.0, betas=(0.9, 0.98), weight_decay=0.01)

    def _rate(self, phase: str, step: int, steps: int, peak: float, *, decay: bool) -> None:
        rate = peak * min(1.0, (step + 1) / WARM_UP[phase])
        if decay:
            rate *= 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * step / steps))
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def _save(self, phase: str, done: int) -> None:
        self.state = {"phase": phase, "done": done}
        if self.processes.rank > 0:
            return
        step = done + (self.recipe.warm_start.steps if phase == "rl" else 0)
        checkpoint.save(
            self.folder / "checkpoints", step, self.kind.policy.model, self.optimizer, self.state, self.behind
        )

    def _phase(self, phase: str, steps: int, do: Callable[[int], Mapping[str, float]]) -> None:
        """Run the remaining steps of a phase and store checkpoints, also at an interrupt."""
        done = self.state["done"]
        try:
            for step in range(done, steps):
                start = time.perf_counter()
                metrics = {**do(step), "step_time": time.perf_counter() - start}
                done = step + 1
                if self.journal is not None:
                    self.journal.add(phase, done, metrics)
                    self.tell(phase, done, steps, metrics)
                if done % self.recipe.save_every == 0 and done < steps:
                    self._save(phase, done)
        except KeyboardInterrupt:
            self._save(phase, done)
            raise
        self._save(phase, steps)

    def _examples(self, seed: str) -> list[Packed]:
        """This process's rows of a supervised step, packed: from the pools, and a quarter as many from the runs in the
        recipe.
        """
        rules, options = self.recipe.warm_start, self.kind.options
        tasks = self.curriculum.draw(rules.batch, f"{seed} warm")
        rows = warm_start.batch(tasks, rules, f"{seed} rows", options)
        if rules.runs:
            if self._histories is None:
                self._histories = [warm_start.read_run(Path(folder)) for folder in rules.runs]
            rows += warm_start.from_runs(self._histories, max(1, rules.batch // 4), f"{seed} runs", options)
        return [packed for packed, _ in packs(self.processes.share(rows), self.recipe.rl.row_tokens)]

    def _reference(self) -> Trainable:
        """The policy at the start of this phase, stored in the run's folder: a resumed run measures its divergence from
        the same policy.
        """
        path = self.folder / "reference.safetensors"
        if not path.exists():
            part = path.with_suffix(".part")
            save_file({name: value.contiguous() for name, value in self.kind.weights().items()}, part)
            part.replace(path)
        result = self.kind.reference()
        result.model.load_state_dict(load_file(path), strict=False)
        return result

    def warm_start(self) -> None:
        rules, kind = self.recipe.warm_start, self.kind
        if self.state["phase"] != "warm_start":
            return
        if rules.steps and self.state["done"] < rules.steps:
            # no simulation runs meanwhile
            torch.set_num_threads(self.recipe.threads or os.cpu_count() or 1)
            precision = self.recipe.model.dtype if rules.dtype == "model" else rules.dtype
            learner = Learner(
                kind.policy,
                self.optimizer,
                Rules(row_tokens=self.recipe.rl.row_tokens, bfloat16=precision == "bfloat16"),
                processes=self.processes,
            )
            kind.dropout(rules.dropout)

            coming = Prefetch(
                self._examples, [f"{self.recipe.seed} {number}" for number in range(self.state["done"], rules.steps)]
            )
            with contextlib.closing(coming):

                def step(number: int) -> Mapping[str, float]:
                    self._rate("warm_start", number, rules.steps, rules.learning_rate, decay=True)
                    return learner.imitate_packed(coming.next())

                self._phase("warm_start", rules.steps, step)
        kind.dropout(0.0)
        self.optimizer = self._optimizer()
        self.state = {"phase": "rl", "done": 0}

    def reinforce(self) -> None:
        rl, kind = self.recipe.rl, self.kind
        if not rl.steps or self.state["done"] >= rl.steps:
            return
        # one thread samples, one learns, and the simulators run in parallel
        torch.set_num_threads(self.recipe.threads or 1)
        chosen = algorithm(rl.algorithm)
        plan = chosen.plan(rl.turns, rl.group)
        estimate = estimator(
            rl.estimator, **{name: int(value) if name == "k" else value for name, value in rl.estimator_options.items()}
        )
        credit = Credit(rl.incumbent, rl.descendants, rl.repeat)
        reference = self._reference() if rl.kl else None
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
        learner = Learner(kind.policy, self.optimizer, rules, reference, self.processes)
        replayer = Learner(
            kind.policy,
            self.optimizer,
            Rules(row_tokens=rl.row_tokens, bfloat16=rules.bfloat16),
            processes=self.processes,
        )
        sampler = kind.sampler(rl.temperature)
        rollout = Rollout(sampler, kind.speak, plan, archive=rl.archive, outcomes=rl.outcomes > 0)
        sampler.load(self.behind or kind.weights())

        def play(step: int) -> Batch:
            tasks = self.curriculum.draw(rl.tasks * plan.tasks, f"{self.recipe.seed} rl {step}")
            numbers = self.processes.share(range(len(tasks)))
            return rollout.play([tasks[number] for number in numbers], self.recipe.seed * 1_000_003 + step, numbers)

        replayed = Prefetch(
            self._examples,
            (
                [
                    f"{self.recipe.seed} rl {number} {copy}"
                    for number in range(self.state["done"], rl.steps)
                    for copy in range(rl.replay)
                ]
                if rl.replay
                else []
            ),
        )
        with contextlib.closing(replayed), ThreadPoolExecutor(1) as beside:
            # samples collected during learning step k use the weights from before that step
            coming: list[Future[Batch]] = [beside.submit(play, self.state["done"])]

            def step(number: int) -> Mapping[str, float]:
                self._rate("rl", number, rl.steps, rl.learning_rate, decay=False)
                imitated: Mapping[str, float] = {}
                for _ in range(rl.replay):
                    imitated = replayer.imitate_packed(replayed.next())
                start = time.perf_counter()
                batch = coming.pop().result()
                waited = time.perf_counter() - start
                if rl.ahead:
                    weights = kind.weights()
                    self.behind = {name: value.clone() for name, value in weights.items()}
                    sampler.load(self.behind)
                    if number + 1 < rl.steps:
                        coming.append(beside.submit(play, number + 1))
                for trajectories in batch.trajectories:
                    chosen.assign(trajectories, estimate, credit)
                flat = [trajectory for trajectories in batch.trajectories for trajectory in trajectories]
                if rl.per_circuit:
                    same_size(flat)
                metrics = learner.learn(flat, self.recipe.seed * 1_000_003 + number)
                if not rl.ahead and number + 1 < rl.steps:
                    sampler.load(kind.weights())
                    coming.append(beside.submit(play, number + 1))
                return {
                    **metrics,
                    "simulations": batch.simulations,
                    "solved": batch.solved / len(flat),
                    "waited": waited,
                    "sampling": batch.sampling,
                    "simulating": batch.simulating,
                    **{f"replay/{name}": value for name, value in imitated.items()},
                }

            self._phase("rl", rl.steps, step)


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


def untrained(recipe: Recipe, folder: Path) -> Path:
    """The initial model of a recipe, for comparison."""
    torch.manual_seed(recipe.seed)
    return make_bundle(recipe).save(folder)
