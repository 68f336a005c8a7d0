"""Pauses: garbage goes, what stays is walked through once, and a page that was set aside is found later."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Iterator

import pytest

from eda_agent.tui.gc_tuning import PORTION, QUIET, GcTuning


class Ring:
    """A cycle, as a page with its widgets is."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)
    gc.collect()


def test_garbage_goes_with_each_portion_and_what_stays_is_not_walked_through_again() -> None:
    pauses = GcTuning()
    pauses.begin()
    kept = [{"turn": [{"n": [number]}]} for number in range(200_000)]
    ring = weakref.ref(Ring())
    pauses.after(PORTION - 1, pages=False)
    assert ring() is not None
    start = time.perf_counter()
    pauses.after(1, pages=False)
    first = time.perf_counter() - start
    assert ring() is None
    start = time.perf_counter()
    pauses.after(PORTION, pages=False)
    assert time.perf_counter() - start < first / 5 and len(kept) == 200_000


def test_a_page_that_was_set_aside_is_found_when_it_is_quiet() -> None:
    now = [0.0]
    pauses = GcTuning(lambda: now[0])
    pauses.begin()
    page: list[Ring] = [Ring()]
    seen = weakref.ref(page[0])
    pauses.after(PORTION, pages=True)
    page.clear()
    pauses.after(PORTION, pages=True)
    now[0] += QUIET / 2
    pauses.after(PORTION, pages=False)
    assert seen() is not None
    now[0] += QUIET * 1.1
    pauses.after(PORTION, pages=False)
    assert seen() is None
