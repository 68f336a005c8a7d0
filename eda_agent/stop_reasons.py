"""A stop reason says why a run ended: the word that `run.finished` carries, and its text for people.

The KLayout plugin is installed with this module: it imports nothing but the standard library.
"""

from __future__ import annotations

MET = "met"
BUDGET = "budget"
NO_PROGRESS = "no progress"
USER = "user"

STOP_TEXTS = {MET: "every spec met", BUDGET: "budget spent", NO_PROGRESS: "no progress", USER: "stopped"}
"""Stop reason → text for people."""


def stop_text(reason: str) -> str:
    """The text of a stop reason; one that is not known here, of a journal of another version, is its own text."""
    return STOP_TEXTS.get(reason, reason)
