"""The seconds that a run tells at its end are those that its journal tells later: without pauses."""

from __future__ import annotations

import pytest

from eda_agent.record.fold import RunState, fold
from eda_agent.run.work_clock import WorkClock

EVENTS = [
    {"type": "hello", "t": 100.0},
    {"type": "log", "t": 101.0, "message": ""},
    {"type": "run.paused", "t": 102.0},
    {"type": "run.resumed", "t": 162.0},
    {"type": "log", "t": 163.0, "message": ""},
    {"type": "review", "t": 164.0, "on": True},
    {"type": "turn.proposed", "t": 165.0, "index": 1},
    {"type": "proposal.dropped", "t": 195.0},
    {"type": "log", "t": 196.0, "message": ""},
]
WORK = 2.0 + 1.0 + 1.0 + 1.0 + 1.0


@pytest.mark.parametrize("cut", [0, 4, 7])
def test_a_pause_and_a_wait_for_the_user_do_not_count(cut: int) -> None:
    events = [{**event, "seq": number} for number, event in enumerate(EVENTS)]
    before = fold(events[:cut]) if cut else RunState()
    clock = WorkClock()
    clock.resume(before)
    clock.hear({"type": "hello", "t": events[cut - 1]["t"] if cut else 100.0, "seq": cut})
    for event in events[max(cut, 1) :]:
        clock.hear(event)
    assert clock.seconds == pytest.approx(WORK) == fold(events).worked
