"""Stepwise work is a generator that yields its progress every few milliseconds and returns its result, so that the
window stays responsive.

The driver sends the length of the next slice. `finish` runs everything at once; the window's driver is `slices`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import Any, TypeVar

import pya

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Progress:
    """`done` of `total` items, 0 of 0 where the total is unknown; `wait`: seconds until more can be done, for work that
    another process does.
    """

    what: str
    done: int = 0
    total: int = 0
    wait: float = 0.0


Work = Generator[Progress, float, R]


def finish(work: Work[R]) -> R:
    """Do all of it now."""
    try:
        next(work)
        while True:
            work.send(inf)
    except StopIteration as end:
        result: R = end.value
        return result


def each(
    what: str, items: Sequence[T], do: Callable[[T], object], *layouts: pya.Layout, shown: bool = False
) -> Work[None]:
    """Call a function for each item. Updates of the layouts are deferred to the end, because each walks the whole
    hierarchy: boxes in them are known after that. Layouts that are `shown` in the window, as those of libraries are,
    are up to date after each slice: KLayout refuses to list the cells of one that is not.

    A slice is measured in processor time: on a busy machine it still does its share of the work. What the window does
    between two slices is not part of them. A slice lasts at least as long as the last update did, so that all updates
    together take no longer than the work.
    """
    number, update = 0, 0.0
    length = yield Progress(what, 0, len(items))
    while number < len(items):
        with held(*layouts):
            # not in one expression with the yield: the time would be read before the window goes on
            end = time.thread_time() + max(length, update)
            while number < len(items):
                do(items[number])
                number += 1
                if time.thread_time() > end and number < len(items):
                    if shown:
                        break
                    length = yield Progress(what, number, len(items))
                    end = time.thread_time() + length
            begun = time.thread_time()
        update = time.thread_time() - begun
        if number < len(items):
            length = yield Progress(what, number, len(items))


class Pace:
    """The length of each slice, s: `least`, or half as long as the window worked since the last slice.

    The window brings its whole layout and its panels up to date after a slice, which takes longer the larger the layout
    is. Slices of a fixed length would make the whole grow with the square of the layout; these keep the window's share
    at two thirds of it. It waits for a slice and its own work together.
    """

    def __init__(self, least: float):
        self.least = least
        self._ended = time.thread_time()

    def ended(self) -> None:
        """A slice has ended."""
        self._ended = time.thread_time()

    def length(self) -> float:
        """The length of the slice that begins now."""
        return max(self.least, (time.thread_time() - self._ended) / 2)


@contextmanager
def held(*layouts: pya.Layout) -> Iterator[None]:
    """Update layouts once at the end instead of after every new cell."""
    for layout in layouts:
        layout.start_changes()
    try:
        yield
    finally:
        for layout in layouts:
            layout.end_changes()


def draw_ahead(library: pya.Layout, name: str, values: Mapping[str, Any]) -> None:
    """Draw a PCell in the layout of its library before it is placed; otherwise each one would have that layout
    walked.
    """
    library.add_pcell_variant(library.pcell_id(name), dict(values))
