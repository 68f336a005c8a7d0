"""The standing of a turn is what must be known of its sizes before they are drawn: whether the run has ended, and which
specs they miss, each with its worst corner.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.record.export_note import turn_verdict
from eda_agent.record.fold import RunState
from eda_agent.record.labels import target_text
from eda_agent.spec_text import value_text


def standing(state: RunState, turn: Mapping[str, Any]) -> dict[str, Any]:
    """For programs: `turn`, its number; `ended`; `met`; `verdict` in one line; `missed`: a line for each missed
    spec.
    """
    rows = {row["name"]: row for row in state.started["specs"]}
    results = turn.get("specs", {})
    return {
        "turn": turn["index"],
        "ended": bool(state.finished),
        "met": bool(turn["met"]),
        "verdict": turn_verdict(turn, state.corners),
        "missed": [
            _missed(rows[name], result) for name, result in results.items() if not result["met"] and name in rows
        ],
    }


def _missed(spec: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """`gbw: 9.81 MHz in slow, target ≥ 10 MHz`; with the reason where nothing was measured."""
    value = result.get("value")
    if value is None:
        found = f"no value ({result['why']})" if result.get("why") else "no value"
    else:
        found = value_text(spec, value, result.get("bound", ""))
    where = f" in {result['corner']}" if result.get("corner") else ""
    return f"{spec['name']}: {found}{where}, target {target_text(spec)}"
