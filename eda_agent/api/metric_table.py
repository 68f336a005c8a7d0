"""The metrics that a spec may name, as a table."""

from __future__ import annotations

import difflib

from eda_agent.api.table import Table
from eda_agent.errors import InputError
from eda_agent.problem.draft.kinds import CHOICES, kind_named
from eda_agent.problem.metric_list import metric_rows


def list_metrics(kind: str | None = None) -> Table:
    """One row per metric: metric, unit, meaning, templates (testbenches that measure it), of_devices (a spec on it
    names `devices`).

    Args:
        kind: what the circuit is, as in `ea.draft`; None for every metric.

    Raises:
        InputError: no such kind.
    """
    return Table(metric_rows(known_kind(kind)), ("metric", "unit", "meaning", "templates", "of_devices"))


def known_kind(kind: str | None) -> str:
    """The name of a kind of circuit however it is written; "" for None. Raises `InputError`."""
    found = "" if kind is None else kind_named(str(kind))
    if kind is not None and not found:
        near = difflib.get_close_matches(str(kind).lower(), CHOICES, 1)
        fix = f"did you mean {near[0]}?" if near else f"one of {', '.join(CHOICES)}"
        raise InputError(f"unknown kind of circuit {str(kind)[:40]!r}\n    → {fix}")
    return found
