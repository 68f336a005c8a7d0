"""An idle option is one that another option leaves without effect. A command refuses it; it never ignores it."""

from __future__ import annotations

from collections.abc import Iterable

from eda_agent.errors import InputError

Row = tuple[str, object, str, str]
"""(option, its value, why it has no effect or "", what to do); None, False, 0 and [] are values of no option."""


def refuse_idle(rows: Iterable[Row]) -> None:
    """Raise `InputError` for the first option that was given and has no effect."""
    for option, value, why, fix in rows:
        if why and value not in (None, False, []):
            raise InputError(f"{option} has no effect {why}\n    → {fix}")
