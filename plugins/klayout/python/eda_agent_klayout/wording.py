"""Words for people: a list is counted where lines are equal, and says how many more there are where it is cut; a text
is one line, and a score is never rounded up to 1.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence


def cut(differences: Sequence[str], most: int = 20, where: str = ", in the netlist browser") -> list[str]:
    """The first differences of LVS, and how many more there are."""
    left = len(differences) - most
    return [*differences[:most], *([f"… and {left} more{where}"] if left > 0 else [])]


def counted(texts: Iterable[str]) -> list[str]:
    """Equal lines once, with their number."""
    return [f"{text} ({count} times)" if count > 1 else text for text, count in Counter(texts).items()]


def question(runs: Sequence[str], waiting: bool) -> tuple[str, str]:
    """(title, text) of the box that asks what becomes of the active runs when KLayout quits. `runs`: a line for each;
    `waiting`: whether one waits for a decision.
    """
    one = len(runs) == 1
    title, asks = (
        ("A run is active", "is running. What becomes of it?")
        if one
        else ("Runs are active", "are running. What becomes of them?")
    )
    more = " A run in review waits for a decision also without KLayout: Show a run … gives it one." if waiting else ""
    names = f"{runs[0]} {asks}" if one else "\n".join([f"{len(runs)} runs {asks}", "", *runs])
    return title, f"{names}\n\nA stopped run keeps its results and can be resumed.{more}"


def printable(text: str) -> str:
    """One line without control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def score(value: float) -> str:
    """Never rounded up to 1."""
    return "1" if value >= 1.0 else f"{math.floor(value * 1e4) / 1e4:.4f}"
