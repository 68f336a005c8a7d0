"""The sizes of a report: those of the best design beside the first ones, and the turns that led to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.insight.complete import partial
from eda_agent.insight.explain import what_moved
from eda_agent.record.fold import RunState
from eda_agent.record.labels import end_text
from eda_agent.spec_text import moved_texts
from eda_agent.units import counted, format_quantity, format_score

MOST_TURNS = 200
_MOST_WORDS = 400
_MOST_SIZES, _MOST_RESULTS = 4, 3


def size_rows(state: RunState, best: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of each parameter: name, value, first value, range, where the value lies in it, and role."""
    start = state.turns[0]["sizing"] or {}
    return [
        _row(entry, best["sizing"][entry["name"]], start.get(entry["name"])) for entry in state.started["parameters"]
    ]


def _row(entry: Mapping[str, Any], value: float, first: float | None) -> dict[str, Any]:
    unit, low, high = entry["unit"], entry["minimum"], entry["maximum"]
    return {
        "name": entry["name"],
        "value": format_quantity(value, unit),
        "first": format_quantity(first, unit),
        "changed": first != value,
        "range": "locked" if entry.get("locked") else f"{format_quantity(low, unit)} … {format_quantity(high, unit)}",
        "end": end_text(entry, value),
        "role": entry["role"],
    }


def turn_rows(state: RunState) -> list[dict[str, Any]]:
    """The turns that improved the score by what its digits show, and the last of them, with their changes and reasons;
    at most `MOST_TURNS`.
    """
    better: list[Mapping[str, Any]] = []
    for turn in state.turns:
        if not partial(turn, state.corners) and turn["score"] > (better[-1]["score"] if better else -1.0):
            better.append(turn)
    texts = [format_score(turn["score"]) for turn in better]
    shown = [turn for place, turn in enumerate(better) if not place or texts[place] != texts[place - 1]][:MOST_TURNS]
    if better and shown[-1] is not better[-1] and len(shown) < MOST_TURNS:
        shown.append(better[-1])
    return [_turn(state, turn) for turn in shown]


def _turn(state: RunState, turn: Mapping[str, Any]) -> dict[str, Any]:
    units = {entry["name"]: entry["unit"] for entry in state.started["parameters"]}
    moves = what_moved(state.turns, turn["index"], state.started["parameters"], state.corners)
    sizes = [
        f"{name} {format_quantity(before, units[name], 3)} → {format_quantity(after, units[name], 3)}"
        for name, (before, after) in (list(moves.sizes.items())[:_MOST_SIZES] if moves else ())
    ]
    sizes += _others(len(moves.sizes) - _MOST_SIZES if moves else 0)
    results = moved_texts(moves.results, state.started["specs"]) if moves else {}
    return {
        "index": turn["index"],
        "score": format_score(turn["score"]),
        "sizes": sizes if moves else ["the sizes in the netlist"],
        "results": [f"{name} {text}" for name, text in list(results.items())[:_MOST_RESULTS]]
        + _others(len(results) - _MOST_RESULTS),
        "reasoning": turn["proposal"]["reasoning"][:_MOST_WORDS],
    }


def _others(number: int) -> list[str]:
    """How many changes are left out."""
    return [f"+{counted(number, 'other')}"] if number > 0 else []
