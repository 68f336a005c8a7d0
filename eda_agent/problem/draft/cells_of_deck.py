"""The cells of a deck are its subcircuits; where its top level connects several, the top level is the circuit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_BEGIN = re.compile(r"\s*\.subckt\s+(\S+)", re.IGNORECASE)
_TRANSISTOR = re.compile(r"[mq]|x\S* \S*(?:fet|mos|pnp|npn)", re.IGNORECASE)
"""The name and the model of a transistor."""
_FEWEST = 3
_QUOTED = re.compile(r"'[^']*'|\{[^}]*\}")
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


def has_transistors(inner: Sequence[str], cards: Sequence[str], held: set[str]) -> bool:
    """Whether the top level has transistors of its own on the nets of a cell, as a bandgap has around its amplifier. A
    testbench has at most a bias device or two.

    Args:
        inner: the lines of subcircuits.
        cards: those of the top level.
        held: nets that sources hold, and ground.
    """
    cells = {found[1].lower() for line in inner if (found := _BEGIN.match(line))}
    words = [[word for word in _QUOTED.sub("", card).split() if "=" not in word] for card in cards]
    nets = {net for one in words if one[-1].lower() in cells for net in one[1:-1]} - held
    around = [one for one in words if _TRANSISTOR.match(" ".join((one[0], one[-1]))) and one[-1].lower() not in cells]
    return len(around) >= _FEWEST and sum(bool(nets & {*one[1:-1]}) for one in around) >= 2


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
