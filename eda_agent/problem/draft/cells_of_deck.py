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


def forms_ring(inner: Sequence[str], calls: Sequence[Sequence[str]], held: set[str]) -> bool:
    """Whether cells of the top level form a loop, so that none of them can be tested alone; arguments as in
    `connects_cells`.
    """
    cells = {found[1].lower() for line in inner if (found := _BEGIN.match(line))}
    own = [words for words in calls if words[-1].lower() in cells]
    nets: dict[str, set[int]] = {}
    for number, words in enumerate(own):
        for net in {one.lower() for one in words[1:-1]} - {one.lower() for one in held}:
            nets.setdefault(net, set()).add(number)
    # several nets between the same cells, as of a differential chain, are one connection
    edges = _without_ends({frozenset(one) for one in nets.values() if len(one) > 1})
    # a net of many cells is a bias or a clock
    return bool(_without_ends({edge for edge in edges if len(edge) == 2}))


def _without_ends(edges: set[frozenset[int]]) -> set[frozenset[int]]:
    """The edges without those that lead to a cell with one connection only."""
    while True:
        counts = Counter(cell for edge in edges for cell in edge)
        rest = {frozenset(cell for cell in edge if counts[cell] > 1) for edge in edges}
        rest = {edge for edge in rest if len(edge) > 1}
        if rest == edges:
            return rest
        edges = rest
