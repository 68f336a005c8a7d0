"""A branch is a row of consecutive turns of one line of a run's history; going back ends a line, and another begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..insight.complete import partial
from .fold import RunState

Row = dict[str, Any]


@dataclass
class Branch:
    """`turns`: without gaps. `after`: the branches that continue it; the one that the run is on comes last.

    Attributes:
        present: whether the run continues from its last turn or from one after it.
        left: the position among the lines that were set aside, the latest last; None for the present line.
    """

    turns: list[Row]
    present: bool
    left: int | None = None
    after: list[Branch] = field(default_factory=list)

    def best(self, corners: int) -> Row | None:
        """Its turn with the highest score in all corners."""
        whole = [turn for turn in self.turns if not partial(turn, corners)]
        return max(whole, key=lambda turn: (turn["score"], -turn["index"]), default=None)


def branches(state: RunState) -> Branch:
    """The history as a tree, from the first turn."""
    lines: list[tuple[Sequence[Row], int | None]] = [(state.turns, None)]
    lines += [(line, number) for number, line in enumerate(state.left) if line]
    # where each line that was set aside begins: the sequence number of the turn before it
    begins: dict[int, list[int]] = {}
    for place, (line, _) in enumerate(lines[1:], 1):
        begins.setdefault(state.forks.get(line[0].get("seq", -1), -1), []).append(place)

    def grow(place: int, first: int) -> Branch:
        line, left = lines[place]
        for at in range(first, len(line)):
            others = begins.get(line[at].get("seq", -2), [])
            if others:
                here = Branch(list(line[first : at + 1]), left is None, left)
                here.after = [grow(other, 0) for other in others]
                if at + 1 < len(line):
                    here.after.append(grow(place, at + 1))
                return here
        return Branch(list(line[first:]), left is None, left)

    return grow(0, 0)


def drawn(tree: Branch, lead: str = "") -> Iterator[tuple[str, Branch]]:
    """Each branch with the lines of the tree before it, from top to bottom. The last continuation stays in its column,
    so that a long history does not move to the right.
    """
    yield f"{lead}● ", tree
    for number, branch in enumerate(tree.after):
        last = number == len(tree.after) - 1 and (branch.left == tree.left)
        if last:
            yield from drawn(branch, lead)
        else:
            first, *rest = drawn(branch)
            more = number < len(tree.after) - 1
            yield f"{lead}{'├' if more else '└'}─{first[0]}", first[1]
            yield from ((f"{lead}{'│' if more else ' '} {text}", other) for text, other in rest)
