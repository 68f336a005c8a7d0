"""A short run of the faults that `make chaos` injects for minutes."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import kills
from .endpoint import endpoint
from .simulator import simulator


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "fault",
    [
        lambda place: kills.main_process(place, 2, 11),
        lambda place: kills.workers(place, 2, 12),
        lambda place: kills.torn_journal(place, 61),
        lambda place: kills.disk_full(place, 1),
        lambda place: kills.clock(place, 1),
        lambda place: kills.one_folder(place),
        lambda place: simulator(place, ["exits", "a loop of sources", "no such model"]),
        lambda place: endpoint(place, ["HTML instead of JSON", "an answer without end"]),
    ],
    ids=[
        "run killed",
        "simulators killed",
        "journal torn",
        "disk full",
        "clock jumps",
        "one folder twice",
        "simulator",
        "endpoint",
    ],
)
def test_nothing_is_lost_done_twice_or_wrong(fault: object, tmp_path: Path) -> None:
    assert callable(fault)
    count = fault(tmp_path)
    assert count.injected and count.clean, count
