"""A designer's script computes further results of a deck from those that the deck gives, as the scripts of CACE do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 30.0
"""The time limit of one call."""
CONDITION = "cace_"
"""What a deck's parameter has before the name of a condition."""


@dataclass(frozen=True)
class OwnScript:
    """A script of a testbench.

    Attributes:
        file: the Python file.
        inputs: variable of the script → result of the deck.
        results: the names that the script computes.
        conditions: fixed conditions, number or word by name; those of a corner replace them.
        supply: the condition that is the supply; "" if none is.
        root: the folder whose tree of folders the script finds, empty, as its working folder; None for none.
    """

    file: Path
    inputs: Mapping[str, str]
    results: tuple[str, ...]
    conditions: Mapping[str, float | str] = field(default_factory=dict)
    supply: str = ""
    root: Path | None = None
