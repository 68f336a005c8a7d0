"""Stepwise work is a generator that yields how far it is after some milliseconds, and returns its result: a window that runs it in slices never freezes.

What drives it sends how long the next slice may be. `finish` gives it all the time there is; the window's driver is `slices`.
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
    """`done` of `total` items of what is being done."""

    what: str
    done: int
    total: int


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


def each(what: str, items: Sequence[T], do: Callable[[T], object], *layouts: pya.Layout) -> Work[None]:
    """Do something for each item; updates of the layouts are held back within a slice, so boxes in them are known after it."""
    number = 0
    end = time.perf_counter() + (yield Progress(what, 0, len(items)))
    while number < len(items):
        with held(*layouts):
            while number < len(items):
                do(items[number])
                number += 1
                if time.perf_counter() > end:
                    break
        if number < len(items):
            end = time.perf_counter() + (yield Progress(what, number, len(items)))


@contextmanager
def held(*layouts: pya.Layout) -> Iterator[None]:
    """Layouts are brought up to date once at the end, not after every new cell: the whole hierarchy is walked each time."""
    for layout in layouts:
        layout.start_changes()
    try:
        yield
    finally:
        for layout in layouts:
            layout.end_changes()


def draw_ahead(library: pya.Layout, name: str, values: Mapping[str, Any]) -> None:
    """Draw a PCell in the layout of its library. Whoever places it then finds it there; drawn on the way, each one would have that layout walked."""
    library.add_pcell_variant(library.pcell_id(name), dict(values))
