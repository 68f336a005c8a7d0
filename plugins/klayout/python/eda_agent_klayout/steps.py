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
    """`done` of `total` items."""

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
    """Call a function for each item; updates of the layouts are deferred within a slice, so boxes in them are known
    after it.
    """
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
    """Update layouts once at the end instead of after every new cell, because each update walks the whole hierarchy."""
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
