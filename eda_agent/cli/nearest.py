"""The nearest name answers a mistyped one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MOST = 4
"""Maximum number of names that contain a word and are offered."""


def nearest(word: str, names: Iterable[str]) -> str:
    """`did you mean …?` with the nearest name or those that contain the word; else all names."""
    known = {name.lower(): name for name in names}
    asked = word.lower()
    near = [known[name] for name in difflib.get_close_matches(asked, known, 1)]
    if not near and len(asked) > 1:
        near = sorted((name for low, name in known.items() if asked in low), key=lambda one: one.lower().find(asked))
    return f"did you mean {_either(near[:MOST])}?" if near else f"one of {', '.join(known.values())}"


def _either(names: list[str]) -> str:
    """`a, b or c`."""
    return " or ".join([*filter(None, [", ".join(names[:-1])]), names[-1]])
