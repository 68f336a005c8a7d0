"""The cells of a deck are its subcircuits; where its top level connects several, the top level is the circuit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_BEGIN = re.compile(r"\s*\.subckt\s+(\S+)", re.IGNORECASE)
_END = re.compile(r"\s*\.ends\b", re.IGNORECASE)


def apart(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """(the lines of subcircuits with ports, those of the top level)."""
    inner: list[str] = []
    outer: list[str] = []
    depth = 0
    for line in lines:
        depth += bool(_BEGIN.match(line))
        (inner if depth else outer).append(line)
        depth -= bool(_END.match(line)) and depth > 0
    return inner, outer


def connects_cells(inner: Sequence[str], calls: Sequence[Sequence[str]], held: set[str]) -> bool:
    """Whether the top level connects cells with each other, as a ring of inverters, instead of testing one.

    `calls`: the words of each X line without parameters. `held`: nets that sources hold, and ground.
    """
    cells = {found[1].lower() for line in inner if (found := _BEGIN.match(line))}
    own = [words for words in calls if words[-1].lower() in cells]
    shared = Counter(net for words in own for net in set(words[1:-1]) - held)
    return len(own) > 1 and any(count > 1 for count in shared.values())
