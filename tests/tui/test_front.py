"""The trade-off of a run in which a value could not be measured."""

from __future__ import annotations

import json
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Static

from eda_agent.tui.screens.front import FrontScreen

from .driving import drive, recorded_app


def test_turns_without_a_value_are_left_out_of_the_trade_off(recorded: Path) -> None:
    journal = recorded / "journal.jsonl"
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    names = [spec["name"] for event in events if event["type"] == "run.started" for spec in event["specs"]]
    evaluated = [event for event in events if event["type"] == "turn.evaluated"]
    for event in evaluated[::2]:
        event["specs"][names[0]].update(value=None, margin=-1.0, met=False, satisfaction=0.0)
    journal.write_text("".join(json.dumps(event) + "\n" for event in events))
    app = recorded_app(recorded)

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("f")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(app.screen, FrontScreen) and app.screen.filled
        assert names[0] in str(app.screen.query_one(".detail-title", Static).content)

    drive(app, steps, (120, 36))
