"""The compact model's sampler: prefixes are computed once, kept from turn to turn, and shared by the group without copying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from eda_agent.agent.language import words
from eda_agent.agent.language.answer import Answer
from eda_agent.agent.language.compact import Prompt, Tokens, given_words
from eda_agent.agent.language.model import Cache, CompactModel
from eda_agent.errors import Finding, InputError

_SLOT, _GIVEN = words.COLUMNS.index("slot"), words.COLUMNS.index("given_slot")


@dataclass
class _Kept:
    """The prompts of a lane's last call and their cache."""

    prompts: list[Tokens] = field(default_factory=list)
    cache: Cache | None = None


class CompactSampler:
    """`temperature` divides the logits. A prompt that continues one of the call before costs only what is new.

    Answers are drawn by inverting the cumulative distribution at numbers of a generator of their own a prompt, so that an answer does
    not depend on which other prompts are asked beside it.
    """

    def __init__(self, model: CompactModel, temperature: float = 1.0):
        self.model, self.temperature = model.eval(), temperature
        self._kept: dict[int, _Kept] = {}

    def load(self, weights: Mapping[str, Tensor]) -> None:
        self.model.load_state_dict(weights)
        self._kept = {}

    @torch.no_grad()
    def sample(self, prompts: Sequence[Prompt], group: int, seeds: Sequence[int], lane: int = 0) -> list[list[Answer]]:
        cache = self._prefill([prompt.tokens for prompt in prompts], lane)
        batch, steps = len(prompts), max(len(prompt.asks) for prompt in prompts)
        columns = len(words.COLUMNS)
        asks = np.zeros((batch, steps, columns), dtype=np.int16)
        legal = np.zeros((batch, steps, words.LEVELS), dtype=np.bool_)
        legal[:, :, 0] = True  # behind a row's last parameter
        best = np.zeros((batch, steps), dtype=np.int64)
        draws = np.zeros((batch, group, steps), dtype=np.float32)
        for row, prompt in enumerate(prompts):
            count = len(prompt.asks)
            asks[row, :count], legal[row, :count], best[row, :count] = prompt.asks, prompt.legal, prompt.best
            draws[row, :, :count] = np.random.default_rng(seeds[row]).random((group, count), dtype=np.float32)
        tokens = np.zeros((batch, group, steps), dtype=np.int64)
        logprobs = np.zeros((batch, group, steps), dtype=np.float32)
        branches: list[tuple[Tensor, Tensor]] = []
        for step in range(steps):
            ids = np.broadcast_to(asks[:, None, step], (batch, group, columns)).copy()
            if step:
                ids[..., _GIVEN : _GIVEN + 3] = given_words(asks[:, step - 1, None, _SLOT], tokens[:, :, step - 1], best[:, None, step - 1])
            logits = self.model.branch(torch.from_numpy(ids.astype(np.int64)), cache, branches).float()
            chosen, logprob = draw(logits / self.temperature, torch.from_numpy(legal[:, None, step]), torch.from_numpy(draws[:, :, step]))
            tokens[:, :, step], logprobs[:, :, step] = chosen.numpy(), logprob.numpy()
        return [
            [Answer(tokens[row, index, :count], logprobs[row, index, :count]) for index in range(group)]
            for row, count in enumerate(len(prompt.asks) for prompt in prompts)
        ]

    def _prefill(self, prompts: list[Tokens], lane: int) -> Cache:
        kept, cache = self._kept.get(lane, _Kept()), None
        continued = _continued(kept.prompts, prompts)
        if kept.cache is not None and continued is not None:
            rows = torch.tensor(continued)
            cache = Cache([key[rows] for key in kept.cache.keys], [value[rows] for value in kept.cache.values], kept.cache.lengths[rows])
            news = [prompt[len(kept.prompts[row]) :] for prompt, row in zip(prompts, continued, strict=True)]
        else:
            news = prompts
        lengths = torch.tensor([len(new) for new in news])
        if int(lengths.max()) or cache is None:
            ids = np.zeros((len(news), max(int(lengths.max()), 1), len(words.COLUMNS)), dtype=np.int64)
            for row, new in enumerate(news):
                ids[row, : len(new)] = new
            cache = self.model.extend(torch.from_numpy(ids), lengths, cache)
        self._kept[lane] = _Kept(prompts, cache)
        return cache


def draw(logits: Tensor, legal: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
    """Tokens (…) and their log-probabilities from logits (…, vocabulary) among what is `legal` (broadcast), at `uniform` (…) in [0, 1)."""
    logprobs = logits.masked_fill(~legal, float("-inf")).log_softmax(-1)
    cumulative = logprobs.exp().cumsum(-1)
    # the total differs from 1 by rounding; what is illegal has no width and cannot be hit
    chosen = torch.searchsorted(cumulative, (uniform * cumulative[..., -1])[..., None].contiguous(), right=True).squeeze(-1)
    chosen = chosen.clamp(max=logits.shape[-1] - 1)
    return chosen, logprobs.gather(-1, chosen[..., None]).squeeze(-1)


def _continued(old: list[Tokens], new: list[Tokens]) -> list[int] | None:
    """For each new prompt the row of an old one that it begins with; None unless all have one."""
    rows, start = [], 0
    for prompt in new:
        # trajectories keep their order; those that ended are left out
        for row in range(start, len(old)):
            before = old[row]
            if len(before) <= len(prompt) and (prompt[: len(before)] == before).all():
                rows.append(row)
                start = row + 1
                break
        else:
            return None
    return rows


def load_compact(folder: Path) -> CompactModel:
    """A compact model. Raises `InputError` where there is none."""
    try:
        return CompactModel.from_pretrained(folder)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(
            Finding(f"this is no model: {str(error).splitlines()[0]}", folder, fix="give the folder that `eda-agent train` wrote")
        ) from None
