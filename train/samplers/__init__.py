"""A sampler draws answers to prompts: weights in, tokens and their log-probabilities out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from eda_agent.agent.language.answer import Answer


class Sampler(Protocol):
    """`sample` returns `group` answers for each prompt; a prompt is a history in the model's language.

    A prompt with the same weights and the same one of `seeds` gives the same answers, independent of the other prompts.
    `lane`: prompts of a lane continue those of its last call. `load` loads the weights of the trainer's model.
    """

    def sample(self, prompts: Sequence[Any], group: int, seeds: Sequence[int], lane: int = 0) -> list[list[Answer]]: ...
    def load(self, weights: Mapping[str, Any]) -> None: ...
