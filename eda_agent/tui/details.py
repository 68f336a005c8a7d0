"""The details are the screens about the shown run and turn. Each is loaded when it is first opened, or by `preload`."""

from __future__ import annotations

import importlib
from typing import Any

PRELOAD = 0.3
"""Seconds after which the other screens are loaded, so that they open quickly."""
DETAILS = {
    "points": "points.PointsScreen",
    "front": "front.FrontScreen",
    "diff": "diff.DiffScreen",
    "export": "export.ExportScreen",
    "circuit": "circuit.CircuitScreen",
    "waves": "waves.WavesScreen",
    "sensitivity": "sensitivity.SensitivityScreen",
    "monte_carlo": "monte_carlo.MonteCarloScreen",
    "failures": "failures.FailureScreen",
    "history": "history.HistoryScreen",
}
"""Name → module and class of a screen."""


def detail(name: str) -> Any:
    """The class of a screen."""
    module, _, screen = DETAILS[name].partition(".")
    return getattr(importlib.import_module(f"eda_agent.tui.screens.{module}"), screen)


def preload() -> None:
    """Load every screen."""
    for name in (*(place.partition(".")[0] for place in DETAILS.values()), "turn", "help", "runs", "draft"):
        importlib.import_module(f"eda_agent.tui.screens.{name}")
