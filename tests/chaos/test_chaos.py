"""A short run of the faults that `make chaos` injects for minutes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.evidence import cases

from . import kills
from .count import Count
from .endpoint import endpoint
from .simulator import simulator

FAULTS: dict[str, Callable[[Path], Count]] = {
    "run killed": lambda place: kills.main_process(place, 1, 11, 3),
    "simulators killed": lambda place: kills.workers(place, 1, 12),
    "journal torn": lambda place: kills.torn_journal(place, 61),
    "simulator": lambda place: simulator(place, ["exits", "a loop of sources", "no such model"]),
    "endpoint": lambda place: endpoint(place, ["HTML instead of JSON"]),
    "endpoint without end": lambda place: endpoint(place, ["an answer without end"]),
    "run killed twice": lambda place: kills.main_process(place, 2, 11),
    "disk full": lambda place: kills.disk_full(place, 1),
    "clock jumps": lambda place: kills.clock(place, 1),
    "one folder twice": lambda place: kills.one_folder(place),
}
GUARDS = ("run killed", "journal torn", "simulator")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", cases(FAULTS, *GUARDS))
def test_nothing_is_lost_done_twice_or_wrong(fault: str, tmp_path: Path) -> None:
    count = FAULTS[fault](tmp_path)
    assert count.injected and count.clean, count
