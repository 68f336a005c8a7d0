"""A long run: ten thousand events through the app. What is drawn is kept, what is drawn again costs nothing."""

from __future__ import annotations

import asyncio
import gc
import json
from pathlib import Path
from typing import Any

import pytest

from eda_agent.tui.app import SizingApp

FIXTURE = Path(__file__).parent.parent / "fixtures" / "run" / "ota"
EVENTS = 10_000


def resident() -> float:
    """Memory of this process, MiB."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


class Endless:
    """The recorded turns over and over, numbered on."""

    def __init__(self) -> None:
        events = [json.loads(line) for line in (FIXTURE / "journal.jsonl").read_text().splitlines()]
        self.head = [
            event for event in events if event["type"] in {"hello", "run.started", "baseline", "best.updated"}
        ][:4]
        self.body = [event for event in events if event["type"] in {"turn.proposed", "turn.evaluated"}]
        self.count = 0

    def read(self) -> list[dict[str, Any]]:
        """Fifty events, as a busy tick brings them."""
        if not self.count:
            self.count = len(self.head)
            return [{**event, "seq": number} for number, event in enumerate(self.head)]
        batch = []
        for _ in range(min(50, EVENTS - self.count)):
            turn = (self.count - len(self.head)) // 2
            event = self.body[(self.count - len(self.head)) % len(self.body)]
            batch.append({**event, "index": turn + 1, "seq": self.count, "t": self.head[-1]["t"] + 0.05 * turn})
            self.count += 1
        return batch


@pytest.mark.evidence
def test_ten_thousand_events_with_flat_memory(tmp_path: Path) -> None:
    feed = Endless()
    app = SizingApp(feed, tmp_path)
    marks: list[float] = []

    async def run() -> None:
        async with app.run_test(size=(120, 36)) as pilot:
            while feed.count < EVENTS:
                app.look()
                await asyncio.sleep(0)
            await pilot.pause()
            assert len(app.state.turns) == (EVENTS - len(feed.head)) // 2 + 1
            assert app.turns.table.row_count == len(app.state.turns)
            for _ in range(3):
                for _ in range(25):
                    app.draw()
                    await pilot.pause()
                marks.append(resident())

    asyncio.run(run())
    assert marks[2] - marks[0] < 4.0, marks
