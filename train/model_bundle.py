"""A model bundle is a policy's model, language and sampler; it reads and writes the weights."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from eda_agent.agent.language.model import CompactConfig, CompactModel
from eda_agent.agent.language.torch_engine import load_compact
from eda_agent.train.codec import Codec, CompactCodec
from eda_agent.train.policies import CompactTrainable, Trainable
from eda_agent.train.recipe import Recipe
from eda_agent.train.samplers import Sampler
from eda_agent.train.samplers.compact import TrainingSampler
from eda_agent.train.tasks import Task
from eda_agent.train.warm_start import shuffled_language


class ModelBundle(Protocol):
    """`options`: the form of the language. `weights`: for a sampler to load. `read`: the weights in a checkpoint's
    folder.
    """

    @property
    def options(self) -> Mapping[str, bool | int]: ...
    @property
    def policy(self) -> Trainable: ...
    def speak(self, task: Task, number: int) -> Codec: ...
    def sampler(self, temperature: float) -> Sampler: ...
    def weights(self) -> Mapping[str, Tensor]: ...
    def read(self, folder: Path) -> Mapping[str, Tensor]: ...
    def reference(self) -> Trainable: ...
    def dropout(self, share: float) -> None: ...
    def save(self, folder: Path) -> Path: ...


class CompactBundle:
    """The compact language and its model."""

    def __init__(self, recipe: Recipe):
        given = recipe.model
        if given.path is not None:
            self.model = load_compact(Path(given.path))
        else:
            self.model = CompactModel(
                CompactConfig(
                    width=given.width,
                    layers=given.layers,
                    heads=given.heads,
                    hidden=given.hidden,
                    points=given.points,
                    window=max(recipe.rl.turns, 10),
                    outcomes=bool(recipe.warm_start.outcomes or recipe.rl.outcomes),
                )
            )
        if given.checkpointing:
            self.model.gradient_checkpointing = True
        if torch.cuda.is_available():
            self.model.to("cuda")
        self.policy = CompactTrainable(self.model)
        self.options: Mapping[str, bool | int] = {
            "points": self.model.config.points,
            "window": self.model.config.window,
        }
        self.shown = recipe.rl.history

    def speak(self, task: Task, number: int) -> Codec:
        return CompactCodec(
            shuffled_language(task.source.words, task.problem, random.Random(number), self.options), self.shown
        )

    def sampler(self, temperature: float) -> Sampler:
        # it draws one word after another for few histories at a time, which is faster on a CPU
        return TrainingSampler(copy.deepcopy(self.model).cpu(), temperature)

    def weights(self) -> Mapping[str, Tensor]:
        return {name: value.detach().cpu() for name, value in self.model.state_dict().items()}

    def read(self, folder: Path) -> Mapping[str, Tensor]:
        return load_file(folder / "model.safetensors")

    def reference(self) -> Trainable:
        return CompactTrainable(copy.deepcopy(self.model).requires_grad_(False).eval())

    def dropout(self, share: float) -> None:
        self.model.train(share > 0)
        for module in self.model.modules():
            if isinstance(module, nn.Dropout):
                module.p = share

    def save(self, folder: Path) -> Path:
        self.model.save_pretrained(folder)
        return folder


def make_bundle(recipe: Recipe) -> ModelBundle:
    """The bundle of a recipe's kind, with its model."""
    if recipe.model.kind == "compact":
        return CompactBundle(recipe)
    from eda_agent.train.text import TextBundle

    return TextBundle(recipe)
