"""The sampler of the compact model: prefixes are computed once, kept from turn to turn, and shared by a group without
copying.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.language import words
from eda_agent.agent.language.answer import Answer
from eda_agent.agent.language.engine import Engine, Logits
from eda_agent.agent.language.expectation import legal as legal_outcomes
from eda_agent.agent.language.prompt import Prompt, Tokens


@dataclass
class _Kept:
    """The prompts of a lane's last call and their cache."""

    prompts: list[Tokens] = field(default_factory=list)
    cache: Any = None


class CompactSampler:
    """A sampler. `temperature` divides the logits. A prompt that continues one of the previous call costs only its new
    part.

    Answers are drawn by inverting the cumulative distribution at random numbers of a separate generator per prompt, so
    that an answer does not depend on the other prompts of the batch.
    """

    def __init__(self, engine: Engine, temperature: float = 1.0):
        self.engine, self.temperature = engine, temperature
        self._kept: dict[int, _Kept] = {}

    def forget(self) -> None:
        """Drop all cached states, because the weights have changed."""
        self._kept = {}

    def sample(
        self, prompts: Sequence[Prompt], group: int, seeds: Sequence[int], lane: int = 0, *, expect: bool = False
    ) -> list[list[Answer]]:
        """`group` answers to each prompt. With `expect` each has the probabilities of its outcomes; the prompts must
        then have the same number of questions.
        """
        assert not expect or len({len(prompt.asks) for prompt in prompts}) == 1
        cache = self._prefill([prompt.tokens for prompt in prompts], lane)
        batch, steps = len(prompts), max(len(prompt.asks) for prompt in prompts)
        counts = [len(prompt.asks) for prompt in prompts]
        legal = np.zeros((batch, steps, words.LEVELS), dtype=np.bool_)
        legal[:, :, 0] = True  # after a row's last question
        draws = np.zeros((batch, group, steps), dtype=np.float32)
        for row, (prompt, count) in enumerate(zip(prompts, counts, strict=True)):
            legal[row, :count] = prompt.legal
            draws[row, :, :count] = np.random.default_rng(seeds[row]).random((group, count), dtype=np.float32)
        tokens = np.zeros((batch, group, steps), dtype=np.int64)
        logprobs = np.zeros((batch, group, steps), dtype=np.float32)
        branches: list[Any] = []
        for step in range(steps):
            ids = np.zeros((batch, group, len(words.COLUMNS)), dtype=np.int64)
            for row, (prompt, count) in enumerate(zip(prompts, counts, strict=True)):
                if step < count:
                    ids[row] = prompt.row(step, tokens[row])
            logits = self.engine.branch(ids, cache, branches)
            tokens[:, :, step], logprobs[:, :, step] = draw(
                logits / np.float32(self.temperature), legal[:, None, step], draws[:, :, step]
            )
        answers = [
            [Answer(tokens[row, index, :count], logprobs[row, index, :count]) for index in range(group)]
            for row, count in enumerate(counts)
        ]
        return self._expected(prompts, answers, cache, branches) if expect else answers

    def _expected(
        self, prompts: Sequence[Prompt], answers: list[list[Answer]], cache: Any, branches: list[Any]
    ) -> list[list[Answer]]:
        """The answers with their predicted outcomes; the prompts must have the same number of questions."""
        specs = max(len(prompt.expect) for prompt in prompts)
        group = len(answers[0])
        ids = np.zeros((len(prompts), group, specs, len(words.COLUMNS)), dtype=np.int64)
        for row, (prompt, own) in enumerate(zip(prompts, answers, strict=True)):
            ids[row, :, : len(prompt.expect)] = prompt.expects(np.stack([answer.tokens for answer in own]))
        logits = self.engine.branch(
            ids.reshape(len(prompts), group * specs, -1), cache, self.engine.spread(branches, specs)
        )
        shares = np.exp(log_softmax(np.where(legal_outcomes(), logits, -np.inf))).reshape(
            len(prompts), group, specs, -1
        )
        return [
            [replace(answer, outcomes=shares[row, index, : len(prompt.expect)]) for index, answer in enumerate(own)]
            for row, (prompt, own) in enumerate(zip(prompts, answers, strict=True))
        ]

    def _prefill(self, prompts: list[Tokens], lane: int) -> Any:
        kept, cache = self._kept.get(lane, _Kept()), None
        continued = _continued(kept.prompts, prompts)
        if kept.cache is not None and continued is not None:
            cache = self.engine.rows(kept.cache, continued)
            news = [prompt[len(kept.prompts[row]) :] for prompt, row in zip(prompts, continued, strict=True)]
        else:
            news = prompts
        lengths = np.array([len(new) for new in news], dtype=np.int64)
        if int(lengths.max()) or cache is None:
            ids = np.zeros((len(news), max(int(lengths.max()), 1), len(words.COLUMNS)), dtype=np.int64)
            for row, new in enumerate(news):
                ids[row, : len(new)] = new
            cache = self.engine.extend(ids, lengths, cache)
        self._kept[lane] = _Kept(prompts, cache)
        return cache


def log_softmax(logits: Logits) -> Logits:
    """Log softmax along the last axis; −inf stays."""
    shifted = logits - logits.max(-1, keepdims=True)
    result: Logits = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return result


def draw(logits: Logits, legal: NDArray[np.bool_], uniform: NDArray[np.float32]) -> tuple[NDArray[np.int64], Logits]:
    """Tokens (…) and their log-probabilities from logits (…, vocabulary) among `legal` (broadcast), at `uniform` (…) in
    [0, 1).
    """
    logprobs = log_softmax(np.where(legal, logits, np.float32(-np.inf)))
    cumulative = np.exp(logprobs).cumsum(-1)
    # the total differs from 1 by rounding; illegal tokens have no width and cannot be hit
    chosen = (cumulative <= (uniform * cumulative[..., -1])[..., None]).sum(-1)
    chosen = np.minimum(chosen, logits.shape[-1] - 1)
    return chosen, np.take_along_axis(logprobs, chosen[..., None], -1)[..., 0]


def _continued(old: list[Tokens], new: list[Tokens]) -> list[int] | None:
    """For each new prompt the row of the old prompt that it continues; None unless all have one."""
    rows, start = [], 0
    for prompt in new:
        # trajectories keep their order; finished ones are left out
        for row in range(start, len(old)):
            before = old[row]
            if len(before) <= len(prompt) and (prompt[: len(before)] == before).all():
                rows.append(row)
                start = row + 1
                break
        else:
            return None
    return rows
