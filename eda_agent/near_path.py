"""A near path is what lies beside a path that does not exist and has nearly its name."""

from __future__ import annotations

import difflib
import itertools
import os
from collections.abc import Callable
from pathlib import Path

MOST = 5000
"""Maximum number of names in a folder that are compared."""


def near_path(given: Path, suits: Callable[[Path], bool]) -> str:
    """`did you mean …?` with the nearest path beside the given one; "" if it exists or none is near.

    `suits`: whether a path is of the kind that is looked for.
    """
    if os.path.lexists(given):
        return ""
    try:
        with os.scandir(given.parent) as entries:
            names = [entry.name for entry in itertools.islice(entries, MOST)]
    except OSError:
        return ""
    for name in difflib.get_close_matches(given.name, names, 5):
        if suits(given.with_name(name)):
            return f"did you mean {given.with_name(name)}?"
    return ""
