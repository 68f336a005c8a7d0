"""Waveforms of many corners: the report's corners are drawn first, the others at a key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from eda_agent.tui.app import SizingApp
from eda_agent.tui.screens import simulated
from eda_agent.tui.screens.waves import WavesScreen

from .old_run import FIXTURE, drive, opened

ANSWERS = FIXTURE.parent / "answers"
WORST = "corner11"


@pytest.fixture
def seventeen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The answer of `sim --waves` in 17 corners; the phase margin is worst in the twelfth, by its waveform too."""
    rows = json.loads((ANSWERS / "waves.json").read_text())
    of = {name: {row["testbench"]: row for row in rows if row["corner"] == name} for name in ("nominal", "slow")}
    names = [f"corner{number}" for number in range(17)]
    every = [
        {**of["slow" if name == WORST else "nominal"][bench], "corner": name, "specs": specs}
        for name in names
        for bench, specs in (("loop", ["phase_margin", "dc_gain"]), ("step", ["slew_rate"]))
    ]
    found = json.loads((ANSWERS / "sim.json").read_text())
    found["specs"]["phase_margin"]["corner"] = WORST

    async def run_program(command: str, _: Path, __: Mapping[str, float], given: Sequence[str] = ()) -> Any:
        Path(given[-1]).write_text(json.dumps(every))
        return found

    monkeypatch.setattr(simulated, "run_program", run_program)
    return names


def test_the_worst_corner_is_drawn_and_marked_and_a_key_draws_the_others(folder: Path, seventeen: list[str]) -> None:
    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        await pilot.press("w")
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, WavesScreen)

        def said() -> str:
            return str(screen.query_one("#values", Static).content)

        assert f"● {WORST}" in said() and f"In {WORST}: " in said() and "phase margin" in said()
        assert "5 of 17 corners: the first and the worst of this plot; n: others" in said()
        seen: list[str] = []
        for count in (5, 5, 5, 2):
            drawn = [line.name for line in screen.figures[0].plots[0].lines if not line.hidden]
            assert len(drawn) == count and f"{count} of 17" in said() and all(f"● {name}" in said() for name in drawn)
            seen += drawn
            await pilot.press("n")
        assert sorted(seen) == sorted(seventeen) and seen[:2] == ["corner0", WORST]
        assert "the first and the worst" in said()

    drive(app=opened(folder), steps=steps, size=(120, 40))
