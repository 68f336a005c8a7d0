"""The standing of a run's sizes, which `eda_agent.record.standing` finds, in the preview and the report of LVS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST = 6
"""Missed specs that are listed."""


def lines(found: Mapping[str, Any]) -> list[str]:
    """What the output of `eda-agent export RUN --devices` says against its sizes, and which locked values the grid
    rounds; nothing of an ended run that meets every spec.
    """
    standing = found.get("standing") or {}
    if not standing:
        # an older eda-agent does not say
        return []
    result = list(found.get("rounded", ()))
    if not standing["ended"]:
        result.append(f"The run has not ended: these are the sizes of turn {standing['turn']}, its best so far.")
    if not standing["met"]:
        missed = list(standing["missed"])
        result.append(f"{standing['verdict']}")
        result += [f"  {line}" for line in missed[:MOST]]
        if len(missed) > MOST:
            result.append(f"  and {len(missed) - MOST} more")
    return result
