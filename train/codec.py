"""A codec encodes the history of a task in the model's language and decodes its answers."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.history import History
from eda_agent.agent.language.answer import Answer
from eda_agent.agent.language.compact import CompactLanguage
from eda_agent.agent.language.expectation import legal
from eda_agent.agent.language.prompt import Prompt
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.train.samples import Sample

_CERTAIN = np.zeros(1, dtype=np.float32)
_OUTCOMES = legal()[None]


class Codec(Protocol):
    """One task, one trajectory."""

    def prompt(self, history: History) -> Any: ...
    def sample(self, prompt: Any, answer: Answer) -> Sample:
        """The answer with the tokens that a model reads for it."""

    def outcomes(self, prompt: Any, answer: Answer, turn: Turn) -> tuple[Sample, ...]:
        """The questions about the result of the answer, with `turn`, the actual result; none for a language without
        such questions.
        """

    def proposal(self, answer: Answer, history: History) -> Proposal: ...


class CompactCodec:
    """The compact language. `shown`: "true" shows the history, "none" only the baseline, "shuffled" the results of
    other turns.
    """

    def __init__(self, language: CompactLanguage, shown: str = "true"):
        self.language, self.shown = language, shown

    def prompt(self, history: History) -> Prompt:
        return self.language.prompt(altered(history, self.shown))

    def sample(self, prompt: Prompt, answer: Answer) -> Sample:
        inputs = np.concatenate([prompt.tokens, prompt.inputs(answer.tokens)])
        return Sample(inputs, answer.tokens, answer.logprobs, prompt.legal)

    def proposal(self, answer: Answer, history: History) -> Proposal:
        return Proposal(self.language.sizing(answer.tokens.tolist(), altered(history, self.shown)), policy="local")

    def outcomes(self, prompt: Prompt, answer: Answer, turn: Turn) -> tuple[Sample, ...]:
        return expected(prompt, answer.tokens, self.language.outcomes(turn)) if turn.evaluation is not None else ()


def expected(prompt: Prompt, answer: NDArray[np.int64], found: NDArray[np.int64]) -> tuple[Sample, ...]:
    """The questions about the result of an answer, one per spec, with the actual results: each separately after the
    answer.
    """
    before = np.concatenate([prompt.tokens, prompt.inputs(answer)])
    return tuple(
        Sample(np.concatenate([before, question[None]]), found[number : number + 1], _CERTAIN, _OUTCOMES)
        for number, question in enumerate(prompt.expects(answer))
    )


def altered(history: History, shown: str) -> History:
    """The history as an ablation shows it: complete, only its baseline, or every sizing with the results of the next
    turn.
    """
    if shown == "true" or len(history.turns) < 2:
        return history
    if shown == "none":
        return History(history.problem, history.turns[:1])
    turns = history.simulated
    moved = [
        Turn(
            turn.index,
            turn.proposal,
            turn.sizing,
            turns[(number + 1) % len(turns)].evaluation,
            turns[(number + 1) % len(turns)].score,
        )
        for number, turn in enumerate(turns)
    ]
    return History(history.problem, tuple(moved))
