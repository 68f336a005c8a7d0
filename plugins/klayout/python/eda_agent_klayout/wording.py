"""A list for people is counted where lines are equal, and says how many more there are where it is cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence


def cut(differences: Sequence[str], most: int = 20) -> list[str]:
    """The first differences of LVS, and how many more there are."""
    left = len(differences) - most
    return [*differences[:most], *([f"… and {left} more, in the netlist browser"] if left > 0 else [])]


def counted(texts: Iterable[str]) -> list[str]:
    """Equal lines once, with their number."""
    return [f"{text} ({count} times)" if count > 1 else text for text, count in Counter(texts).items()]
