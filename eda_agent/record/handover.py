"""A handover is the change of a run from one policy to another; every front says it in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.stop_reasons import USER


def handover_text(event: Mapping[str, Any]) -> str:
    """A `policy.changed` event in words: `trust: no better design in 15 turns; next policy: embedded`."""
    before, after, reason = event["before"], event["after"], event["reason"]
    if reason in {USER, "--policy"}:
        return f"you changed the policy from {before} to {after}"
    return f"{before}: {reason}; next policy: {after}"
