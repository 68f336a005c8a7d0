"""The compact model's sampler in training: the product's sampler on torch, with the trainer's weights."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from eda_agent.agent.language.model import CompactModel
from eda_agent.agent.language.sampling import CompactSampler
from eda_agent.agent.language.torch_engine import TorchEngine


class TrainingSampler(CompactSampler):
    """`model` is the sampler's own copy."""

    def __init__(self, model: CompactModel, temperature: float = 1.0):
        super().__init__(TorchEngine(model), temperature)
        self.model = model

    def load(self, weights: Mapping[str, Tensor]) -> None:
        self.model.load_state_dict(weights)
        self.forget()
