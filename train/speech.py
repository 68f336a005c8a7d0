"""A speaker tells a model the history of a task in the model's language, and understands its answers."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.language.answer import Answer
from eda_agent.agent.language.compact import CompactLanguage
from eda_agent.agent.language.outcome import legal
from eda_agent.agent.language.prompt import Prompt
from eda_agent.agent.turn import History, Proposal, Turn
from eda_agent.train.samples import Sample


class Speaker(Protocol):
    """One task, one trajectory."""

    def prompt(self, history: History) -> Any: ...
    def sample(self, prompt: Any, answer: Answer) -> Sample:
        """The answer with the tokens that a model reads for it."""

    def outcome(self, prompt: Any, answer: Answer, history: History, turn: Turn) -> Sample | None:
        """The question what comes of the answer, with `turn`, which is what came; None for a language that does not ask."""

    def proposal(self, answer: Answer, history: History) -> Proposal: ...


class CompactSpeaker:
    """The compact language. `shown`: "true" tells the history, "none" nothing but the baseline, "shuffled" the results of other turns."""

    def __init__(self, language: CompactLanguage, shown: str = "true"):
        self.language, self.shown = language, shown

    def prompt(self, history: History) -> Prompt:
        return self.language.prompt(altered(history, self.shown))

    def sample(self, prompt: Prompt, answer: Answer) -> Sample:
        inputs = np.concatenate([prompt.tokens, prompt.inputs(answer.tokens)])
        return Sample(inputs, answer.tokens, answer.logprobs, prompt.legal)

    def proposal(self, answer: Answer, history: History) -> Proposal:
        return Proposal(self.language.sizing(answer.tokens.tolist(), altered(history, self.shown)), policy="local")

    def outcome(self, prompt: Prompt, answer: Answer, history: History, turn: Turn) -> Sample:
        failed = turn.evaluation is None or bool(turn.evaluation.failures)
        found = self.language.expectation(altered(history, self.shown), turn.value, met=turn.met, failed=failed)
        return expected(prompt, answer.tokens, found)


def expected(prompt: Prompt, answer: NDArray[np.int64], found: int) -> Sample:
    """The question what comes of an answer, and what did."""
    inputs = np.concatenate([prompt.tokens, prompt.inputs(answer, expect=True)])
    return Sample(inputs, np.array([found]), np.zeros(1, dtype=np.float32), legal()[None])


def altered(history: History, shown: str) -> History:
    """The history as an ablation shows it: whole, only its baseline, or every sizing beside the results of the next turn's."""
    if shown == "true" or len(history.turns) < 2:
        return history
    if shown == "none":
        return History(history.problem, history.turns[:1])
    turns = history.simulated
    moved = [
        Turn(turn.index, turn.proposal, turn.sizing, turns[(number + 1) % len(turns)].evaluation, turns[(number + 1) % len(turns)].score)
        for number, turn in enumerate(turns)
    ]
    return History(history.problem, tuple(moved))
