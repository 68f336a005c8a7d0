"""The nearest name answers a mistyped one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MOST = 4
"""Maximum number of names that contain a word and are offered."""


def nearest(word: str, names: Iterable[str]) -> str:
    """`did you mean …?` with the names that begin with the word, else the nearest, else those that contain it; without
    one, all names.
    """
    known = {name.lower(): name for name in names}
    asked = word.lower()
    part = len(asked) > 1
    near = (
        [name for name in known if part and name.startswith(asked)]
        or difflib.get_close_matches(asked, known, 1)
        or [name for name in known if part and asked in name]
    )
    if not near:
        return f"one of {', '.join(known.values())}"
    return f"did you mean {_either([known[name] for name in near[:MOST]])}?"


def _either(names: list[str]) -> str:
    """`a, b or c`."""
    return " or ".join([*filter(None, [", ".join(names[:-1])]), names[-1]])
