"""The progress of a training run is its phase, the steps done in it and the optimizer. Checkpoints keep it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from eda_agent.train import checkpoint
from eda_agent.train.distributed import SingleProcess
from eda_agent.train.journal import TrainingJournal
from eda_agent.train.model_bundle import ModelBundle
from eda_agent.train.policies import parameters
from eda_agent.train.recipe import Recipe
from eda_agent.train.sources import Tell

WARM_UP = {"warm_start": 20, "rl": 5}
"""Steps over which the learning rate rises, by phase."""


class Progress:
    """The progress of a run, from its last checkpoint.

    Args:
        recipe: of the run.
        folder: the run's.
        kind: the trained model; gets the checkpoint's weights.
        tell: called with (phase, step, steps, metrics) after each step.
        processes: only the first writes.

    Attributes:
        phase: warm_start or rl.
        done: steps done in this phase.
        behind: the weights that the sampler of a stopped run had; {} for the model's own.
        optimizer: of the phase.
    """

    def __init__(self, recipe: Recipe, folder: Path, kind: ModelBundle, tell: Tell, processes: SingleProcess):
        self.recipe, self.folder, self.kind, self.tell, self.processes = recipe, folder, kind, tell, processes
        self.optimizer = self._new_optimizer()
        self.phase, self.done = "warm_start", 0
        self.behind: dict[str, torch.Tensor] = {}
        kept = checkpoint.checkpoints(folder / "checkpoints")
        if kept:
            state, self.behind = checkpoint.load(kept[-1], kind.policy.model, self.optimizer, kind.read(kept[-1]))
            self.phase, self.done = state["phase"], state["done"]
        done = (
            {"warm_start": recipe.warm_start.steps, "rl": self.done}
            if self.phase == "rl"
            else {"warm_start": self.done, "rl": 0}
        )
        self.journal = TrainingJournal(folder, done) if processes.rank == 0 else None

    def close(self) -> None:
        """Close the journal."""
        if self.journal is not None:
            self.journal.close()

    def enter(self, phase: str) -> None:
        """Begin a phase, with a new optimizer."""
        self.optimizer = self._new_optimizer()
        self.phase, self.done = phase, 0

    def set_rate(self, step: int, steps: int, peak: float, *, decay: bool) -> None:
        """Set the learning rate of a step: up to `peak` in the warm-up; with `decay` then along a cosine to a tenth."""
        rate = peak * min(1.0, (step + 1) / WARM_UP[self.phase])
        if decay:
            rate *= 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * step / steps))
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def run(self, steps: int, do: Callable[[int], Mapping[str, float]]) -> None:
        """Run the remaining steps of the phase and store checkpoints, also at an interrupt.

        Args:
            steps: of the phase in all.
            do: makes the step of a number, and returns its metrics.
        """
        try:
            for step in range(self.done, steps):
                start = time.perf_counter()
                metrics = {**do(step), "step_time": time.perf_counter() - start}
                self.done = step + 1
                if self.journal is not None:
                    self.journal.add(self.phase, self.done, metrics)
                    self.tell(self.phase, self.done, steps, metrics)
                if self.done % self.recipe.save_every == 0 and self.done < steps:
                    self._save()
        except KeyboardInterrupt:
            self._save()
            raise
        self.done = steps
        self._save()

    def _new_optimizer(self) -> torch.optim.Optimizer:
        weights = [parameter for _, parameter in parameters(self.kind.policy.model)]
        return torch.optim.AdamW(weights, lr=1.0, betas=(0.9, 0.98), weight_decay=0.01)

    def _save(self) -> None:
        if self.processes.rank > 0:
            return
        step = self.done + (self.recipe.warm_start.steps if self.phase == "rl" else 0)
        state: dict[str, Any] = {"phase": self.phase, "done": self.done}
        checkpoint.save(self.folder / "checkpoints", step, self.kind.policy.model, self.optimizer, state, self.behind)
