"""The corner of the operating points and of Monte Carlo is chosen by keys, beside a real simulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from eda_agent.cli.main import main
from eda_agent.tui.corner_choice import corner_order
from eda_agent.tui.screens import monte_carlo
from eda_agent.tui.screens.points import PointsScreen
from eda_agent.tui.shown import Shown

from .driving import cells, drive, recorded_app
from .flow import until


def test_operating_points_and_samples_of_another_corner(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monte_carlo, "SAMPLES", 4)
    app = recorded_app(recorded)

    async def steps(pilot: Pilot[None]) -> None:
        def said(what: str = ".detail-title") -> str:
            return str(app.screen.query_one(what, Static).content)

        order = corner_order(Shown(app.state, recorded))
        corners = app.state.started["corners"]
        assert order[0] == corners[0] and sorted(order) == sorted(corners)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, PointsScreen) and app.screen.filled)
        assert said().endswith(f"{order[0]} · 1 of {len(order)}")
        first = cells(app, "#points")
        await pilot.press("n")
        await until(pilot, lambda: said().endswith(f"{order[1]} · 2 of {len(order)}"))
        second = cells(app, "#points")
        assert {row[1] for row in second} == {row[1] for row in first} and second != first
        await pilot.press("p")
        await until(pilot, lambda: cells(app, "#points") == first)
        await pilot.press("escape", "m")
        await until(pilot, lambda: app.screen.query("#statistics") and "4 samples in " in said("#statistics"))
        assert "the corner of the least margin" in said("#statistics")
        await pilot.press("p")
        await until(pilot, lambda: f"4 samples in all {len(order)} corners" in said("#statistics"))
        await pilot.press("escape")

    drive(app, steps)


def test_sim_of_one_corner(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "circuits/ota_5t", "--corner", "slow"]) in {0, 1}
    shown = capsys.readouterr().out
    assert "operating points in slow" in shown and "nominal" not in shown
    assert main(["sim", "circuits/ota_5t", "--corner", "slwo"]) == 2
    assert "did you mean slow?" in capsys.readouterr().err
