"""Imitation is the first phase of a training run: the model learns the answers of good turns of pools and of runs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

import torch

from eda_agent.agent.history import History
from eda_agent.train import warm_start
from eda_agent.train.distributed import SingleProcess
from eda_agent.train.learner import Learner, Rules
from eda_agent.train.model_bundle import ModelBundle
from eda_agent.train.prefetch import Prefetch
from eda_agent.train.progress import Progress
from eda_agent.train.recipe import Recipe
from eda_agent.train.tasks import Curriculum
from eda_agent.train.tree import Packed, packs


class Examples:
    """The examples of supervised steps, this process's share of them."""

    def __init__(self, recipe: Recipe, kind: ModelBundle, curriculum: Curriculum, processes: SingleProcess):
        self.recipe, self.kind, self.curriculum, self.processes = recipe, kind, curriculum, processes
        self._histories: list[History] | None = None

    def of(self, seed: str) -> list[Packed]:
        """The rows of one step, packed: from the pools, and a quarter as many from the runs in the recipe."""
        rules, options = self.recipe.warm_start, self.kind.options
        tasks = self.curriculum.draw(rules.batch, f"{seed} warm")
        rows = warm_start.batch(tasks, rules, f"{seed} rows", options)
        if rules.runs:
            if self._histories is None:
                self._histories = [warm_start.read_run(Path(folder)) for folder in rules.runs]
            rows += warm_start.from_runs(self._histories, max(1, rules.batch // 4), f"{seed} runs", options)
        return [packed for packed, _ in packs(self.processes.share(rows), self.recipe.rl.row_tokens)]


def imitate(progress: Progress, examples: Examples) -> None:
    """Run this phase, if it is not done, and enter the next one."""
    if progress.phase != "warm_start":
        return
    recipe, kind = progress.recipe, progress.kind
    rules = recipe.warm_start
    if progress.done < rules.steps:
        # no simulation runs meanwhile
        torch.set_num_threads(recipe.threads or os.cpu_count() or 1)
        precision = recipe.model.dtype if rules.dtype == "model" else rules.dtype
        learner = Learner(
            kind.policy,
            progress.optimizer,
            Rules(row_tokens=recipe.rl.row_tokens, bfloat16=precision == "bfloat16"),
            processes=progress.processes,
        )
        kind.dropout(rules.dropout)
        seeds = [f"{recipe.seed} {number}" for number in range(progress.done, rules.steps)]
        with contextlib.closing(Prefetch(examples.of, seeds)) as coming:

            def step(number: int) -> Mapping[str, float]:
                progress.set_rate(number, rules.steps, rules.learning_rate, decay=True)
                return learner.imitate_packed(coming.next())

            progress.run(rules.steps, step)
    kind.dropout(0.0)
    progress.enter("rl")
