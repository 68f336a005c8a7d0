"""Distributed training: each process plays its share of the tasks; counts and gradients are summed over all processes.

    accelerate launch --num_processes 8 -m eda_agent train RECIPE

Every process draws the same tasks and takes its own; the weights stay equal because every process makes the same step.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

T = TypeVar("T")


class SingleProcess:
    """A single process."""

    rank, size = 0, 1

    def share(self, everything: Sequence[T]) -> list[T]:
        """The share of this process."""
        return list(everything[self.rank :: self.size])

    def total(self, count: int) -> int:
        return count

    def add_gradients(self, weights: Sequence[Any]) -> None:
        """Sum the gradients of all processes, in place."""

    def mean(self, metrics: Mapping[str, float]) -> dict[str, float]:
        """The mean of every metric over the processes that have it."""
        return dict(metrics)

    def wait(self) -> None:
        """Wait for all processes."""


class Processes(SingleProcess):
    """The processes that `accelerate launch` or `torchrun` started."""

    def __init__(self) -> None:
        from accelerate import Accelerator

        self.accelerator = Accelerator(cpu=not torch.cuda.is_available())
        self.rank, self.size = self.accelerator.process_index, self.accelerator.num_processes

    def _sum(self, values: Tensor) -> Tensor:
        result: Tensor = self.accelerator.reduce(values.to(self.accelerator.device), reduction="sum")
        return result

    def total(self, count: int) -> int:
        return int(self._sum(torch.tensor([count]))[0])

    def add_gradients(self, weights: Sequence[Any]) -> None:
        flat = torch.cat(
            [(weight.grad if weight.grad is not None else torch.zeros_like(weight)).reshape(-1) for weight in weights]
        )
        place, flat = 0, self._sum(flat)
        for weight in weights:
            weight.grad = flat[place : place + weight.numel()].view_as(weight).clone()
            place += weight.numel()

    def mean(self, metrics: Mapping[str, float]) -> dict[str, float]:
        from accelerate.utils import gather_object

        found: list[dict[str, float]] = gather_object([dict(metrics)])
        names = dict.fromkeys(name for row in found for name in row)
        return {
            name: sum(row[name] for row in found if name in row) / sum(name in row for row in found) for name in names
        }

    def wait(self) -> None:
        self.accelerator.wait_for_everyone()


def join_processes() -> SingleProcess:
    """This process alone, or with the processes that were launched with it."""
    return Processes() if int(os.environ.get("WORLD_SIZE", "1")) > 1 else SingleProcess()
