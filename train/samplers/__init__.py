"""A sampler draws answers to prompts: tokens and their log-probabilities out, weights in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from eda_agent.agent.language.answer import Answer


class Sampler(Protocol):
    """`sample` gives `group` answers for each prompt; a prompt is what the model's language made of a history.

    A prompt with the same weights and the same one of `seeds` gives the same answers, whatever is asked beside it. `lane`: prompts of the same lane continue those asked in it before. `load`
    takes the weights of the trainer's model.
    """

    def sample(self, prompts: Sequence[Any], group: int, seeds: Sequence[int], lane: int = 0) -> list[list[Answer]]: ...
    def load(self, weights: Mapping[str, Any]) -> None: ...
