"""A row is the words of one token by column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from eda_agent.agent.language import words
from eda_agent.agent.language.prompt import COLUMN, Tokens


def row(kind: str, **entries: int) -> dict[str, int]:
    """A row of a kind of token. `entries`: column → word."""
    return {"kind": words.KIND + words.KINDS.index(kind), **entries}


def tokens(rows: Sequence[Mapping[str, int]]) -> Tokens:
    """Rows as tokens (rows × columns); 0 where a row has no word."""
    result = np.zeros((len(rows), len(words.COLUMNS)), dtype=np.int16)
    for number, entries in enumerate(rows):
        for name, word in entries.items():
            result[number, COLUMN[name]] = word
    return result


def turn_word(place: int) -> int:
    """The word of a turn's place among the shown turns."""
    return words.TURN + min(place, words.TURNS - 1)


def magnitude(value: float) -> int:
    """The word of a number's magnitude, a third of a decade each."""
    if not value or not math.isfinite(value):
        return words.SIZE
    return words.SIZE + min(max(int(3 * (math.log10(abs(value)) + 16)), 0), words.DECADES - 1)
