"""A word is a piece of a command, in which `$name` stands for a variable and `$&name` for the value of a vector.

A compiled word is a list of parts: text, ["$", variable] or ["$&", vector].
"""

from __future__ import annotations

import re
from typing import Any

Word = list[Any]
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>&?[\w.#]+)\}|(?P<plain>&?[a-zA-Z_][\w.#]*))(?P<index>\[\d+\])?")
_SPLIT = re.compile(r'"[^"]*"|\'[^\']*\'|[^\s"\']+')


class ScriptError(ValueError):
    """A line of a script cannot be read; the message says why, `fix` what to write instead."""

    def __init__(self, message: str, fix: str = ""):
        super().__init__(message)
        self.fix = fix


def word_of(text: str) -> Word:
    """The parts of a word. Raises `ScriptError` for a dollar sign without a name."""
    parts: Word = []
    end = 0
    for found in _VARIABLE.finditer(text):
        if found.start() > end:
            parts.append(text[end : found.start()])
        name = (found["braced"] or found["plain"]).lower()
        if name.startswith("&"):
            parts.append(["$&", name[1:]])
            # an index behind a vector is text
            parts += [found["index"]] if found["index"] else []
        else:
            parts.append(["$", name, *([int(found["index"][1:-1])] if found["index"] else [])])
        end = found.end()
    if end < len(text):
        parts.append(text[end:])
    if any(isinstance(part, str) and "$" in part for part in parts):
        raise ScriptError(f"{text!r} has a dollar sign without a variable", "write $name, or $&name for a vector")
    return parts


def plain(word: Word) -> str | None:
    """The text of a word without variables, None if it has some."""
    return "".join(word) if all(isinstance(part, str) for part in word) else None


def split(text: str) -> list[str]:
    """The words of a command; text in quotes is one word, without its quotes."""
    words: list[str] = []
    end = 0
    for found in _SPLIT.finditer(text):
        piece = found[0][1:-1] if found[0][0] in "\"'" else found[0]
        if words and found.start() == end:
            words[-1] += piece
        else:
            words.append(piece)
        end = found.end()
    return words
