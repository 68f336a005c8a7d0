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

    A slice is measured in processor time: on a busy machine it still does its share of the work. It lasts at least as
    long as the last update did, so that all updates together take no longer than the work.
    """
    number, begun = 0, 0.0
    end = time.thread_time() + (yield Progress(what, 0, len(items)))
    while number < len(items):
        with held(*layouts):
            while number < len(items):
                do(items[number])
                number += 1
                if time.thread_time() > end and number < len(items):
                    if shown:
                        begun = time.thread_time()
                        break
                    end = time.thread_time() + (yield Progress(what, number, len(items)))
        if number < len(items):
            update = time.thread_time() - begun
            end = time.thread_time() + max((yield Progress(what, number, len(items))), update)


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
