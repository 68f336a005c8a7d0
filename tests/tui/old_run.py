"""A recorded run to look at and to decide in, and an app that is driven on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.run.process import RunProcess
from eda_agent.tui.app import SizingApp
from eda_agent.tui.feed import JournalFeed
from eda_agent.tui.key_bar import KeyBar

FIXTURE = Path(__file__).parent.parent / "fixtures" / "run" / "ota"
Steps = Callable[[SizingApp, Pilot[None]], Coroutine[Any, Any, None]]


class Listening(RunProcess):
    """A run that is alive and notes what it is told."""

    told: list[dict[str, Any]]
    alive = True

    def send(self, command: Any) -> None:
        self.told.append(command.data())


def append(folder: Path, *events: dict[str, Any], until: str = "run.finished") -> None:
    """Events after those of the journal, which ends before the first of type `until`."""
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    end = next((place for place, event in enumerate(lines) if event["type"] == until), len(lines))
    lines = lines[:end]
    for event in events:
        last = lines[-1]
        lines.append({"v": last["v"], "seq": last["seq"] + 1, "t": last["t"] + 1.0, **event})
    (folder / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def branched(folder: Path) -> None:
    """Back to turn 20 (four turns are left), one turn on, back to turn 10 (eleven are left), two turns on."""
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    turn = next(event for event in reversed(lines) if event["type"] == "turn.evaluated")

    def played(index: int, score: float) -> dict[str, Any]:
        return {**{key: turn[key] for key in turn if key not in {"seq", "t"}}, "index": index, "score": score}

    append(
        folder,
        {"type": "branched", "turn": 20, "left": 4},
        played(21, 0.9991),
        {"type": "branched", "turn": 10, "left": 11},
        played(11, 0.5),
        played(12, 0.6),
    )


def proposal(folder: Path, **sizes: float) -> dict[str, Any]:
    """A proposal of the best sizes with some others, as an event."""
    state = fold(read_journal(folder / "journal.jsonl"))
    return {
        "type": "turn.proposed",
        "index": len(state.turns),
        "sizing": {**state.best["sizing"], **sizes},
        "reasoning": "more gain",
        "reply": "",
        "notes": [],
        "policy": "trust",
        "error": "",
    }


def drive(app: SizingApp, steps: Steps, size: tuple[int, int] = (80, 24)) -> None:
    async def run() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause(0.1)
            await steps(app, pilot)

    asyncio.run(run())


def opened(folder: Path) -> SizingApp:
    return SizingApp(JournalFeed(folder / "journal.jsonl"), folder, RunProcess(folder))


def live(folder: Path) -> tuple[SizingApp, list[dict[str, Any]]]:
    process = Listening(folder)
    process.told = []
    return SizingApp(JournalFeed(folder / "journal.jsonl"), folder, process), process.told


def bar(app: SizingApp) -> str:
    return app.screen.query_one(KeyBar).render().plain
