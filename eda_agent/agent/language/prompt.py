"""A prompt is a history as tokens with the questions of an answer: an intent, the sizes, and the predicted results.

    aim · name · name · one token per parameter · [expect, one per spec]

`aim` asks for the spec to improve, `name` for a parameter that changes most, the others for levels. Every question
contains the previous answers, so each choice depends on those before. `expect` asks for the resulting margin
(`expectation`); these questions do not see each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.language import words

Tokens = NDArray[np.int16]
COLUMN = {name: index for index, name in enumerate(words.COLUMNS)}
NAMES = 2
"""Number of parameters in an intent."""
INTENT = 1 + NAMES
"""Number of questions before the first size."""
NOBODY = words.LEVELS - 1
"""Answer to `name`: no further parameter."""


@dataclass(frozen=True)
class Prompt:
    """A history with its questions.

    Attributes:
        tokens: (n × columns) the history.
        asks: (questions × columns) the unanswered questions: `INTENT` and one per parameter; no intent for a turn of
            the history.
        expect: (specs × columns) the questions after them.
        legal: (questions × LEVELS) the allowed answers.
        best: (questions) the level of each parameter in the best turn, −1 before the sizes.
        metrics: the word of each spec's metric, by slot.
    """

    tokens: Tokens
    asks: Tokens
    expect: Tokens
    legal: NDArray[np.bool_]
    best: NDArray[np.int64]
    metrics: NDArray[np.int16]
    intent: int = INTENT

    def row(self, step: int, answer: NDArray[np.integer]) -> Tokens:
        """Question `step` with the answers before it: (… × columns) for answers (… × ≥ step)."""
        row = np.broadcast_to(self.asks[step], (*answer.shape[:-1], len(words.COLUMNS))).copy()
        if step:
            self._tell(row, step, answer)
        return row

    def _tell(self, row: Tokens, step: int, answer: NDArray[np.integer]) -> None:
        """Write the answers before question `step` into its row."""
        before = answer[..., step - 1]
        if self.intent:
            row[..., COLUMN["aim"]] = self.metrics[answer[..., 0]]
        if step == 1 and self.intent:
            row[..., COLUMN["given_slot"]] = words.AIM + before
        elif step <= self.intent:
            row[..., COLUMN["given_slot"]] = words.NAMED + np.minimum(before, words.SLOTS)
        else:
            slot = self.asks[step - 1, COLUMN["slot"]]
            row[..., COLUMN["given_slot"] : COLUMN["moved"] + 1] = given_words(slot, before, self.best[step - 1])
        if self.intent and self.intent <= step < len(self.asks):
            own = self.asks[step, COLUMN["slot"]] - words.SLOT
            named = (answer[..., 1 : self.intent] == own).any(-1)
            row[..., COLUMN["named"]] = np.where(named, words.FLAG + 2, 0)

    def inputs(self, answer: NDArray[np.integer]) -> Tokens:
        """All questions (… × questions × columns) with the answers (… × questions) before them."""
        rows = np.broadcast_to(self.asks, (*answer.shape[:-1], *self.asks.shape)).copy()
        slots, intent, sizes = self.asks[:, COLUMN["slot"]], self.intent, self.intent + 1
        if intent:
            rows[..., 1:, COLUMN["aim"]] = self.metrics[answer[..., 0]][..., None]
            rows[..., 1, COLUMN["given_slot"]] = words.AIM + answer[..., 0]
            rows[..., 2:sizes, COLUMN["given_slot"]] = words.NAMED + np.minimum(answer[..., 1:intent], words.SLOTS)
            named = (answer[..., None, 1:intent] == (slots[intent:] - words.SLOT)[:, None]).any(-1)
            rows[..., intent:, COLUMN["named"]] = np.where(named, words.FLAG + 2, 0)
        told = given_words(slots[intent:-1], answer[..., intent:-1], self.best[intent:-1])
        rows[..., sizes:, COLUMN["given_slot"] : COLUMN["moved"] + 1] = told
        return rows

    def expects(self, answer: NDArray[np.integer]) -> Tokens:
        """The questions for the results of an answer: (… × specs × columns)."""
        shape = (*answer.shape[:-1], len(self.expect), len(words.COLUMNS))
        rows = np.broadcast_to(self.expect, shape).copy()
        self._tell(rows, len(self.asks), answer[..., None, :])
        return rows


def given_words(
    slots: NDArray[np.integer] | np.integer, levels: NDArray[np.integer], best: NDArray[np.integer] | np.integer
) -> Tokens:
    """The three words (… × 3) for the level of the parameter in a slot and its distance from the best turn's."""
    moved = np.searchsorted(words.STEPS, levels - best, side="right")
    parts = (
        np.broadcast_to(slots - words.SLOT + words.GIVEN_SLOT, levels.shape),
        words.GIVEN + levels,
        words.MOVED + moved,
    )
    return np.stack(parts, axis=-1).astype(np.int16)
