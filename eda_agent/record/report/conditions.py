"""The conditions of a report are the corners and testbenches in which the specs were measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.record.fold import RunState
from eda_agent.units import format_quantity


def corner_rows(state: RunState, best: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of each corner: name, process, supply, temperature, settings as texts, and the specs that are worst in it."""
    table = {row["name"]: row for row in state.started.get("corner_table", ())}
    return [_row(name, table.get(name, {}), best["specs"]) for name in state.started["corners"]]


def _row(name: str, corner: Mapping[str, Any], specs: Mapping[str, Any]) -> dict[str, Any]:
    settings = corner.get("settings", {})
    return {
        "name": name,
        "process": corner.get("process", "—"),
        "supply": format_quantity(corner.get("vdd"), "V", 4),
        "temperature": f"{corner['temperature']:g} °C" if "temperature" in corner else "—",
        "settings": ", ".join(f"{key} = {format_quantity(value)}" for key, value in settings.items()),
        "worst": [spec for spec, result in specs.items() if result["corner"] == name],
    }
