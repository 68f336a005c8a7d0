"""A transaction in slices is one entry of Edit > Undo that is made by stepwise work.

Each slice is a transaction of its own, joined to the first: while one is open, KLayout must not draw its cell tree.
"""

from __future__ import annotations

from typing import TypeVar

import pya

from .steps import Work

R = TypeVar("R")


def joined(manager: pya.Manager, name: str, work: Work[R]) -> Work[R]:
    """The same work. After an error, or closed early, what it did is still one entry."""
    identity: int | None = None
    length: float | None = None
    try:
        while True:
            identity = manager.transaction(name) if identity is None else manager.transaction(name, identity)
            try:
                progress = next(work) if length is None else work.send(length)
            except StopIteration as end:
                result: R = end.value
                return result
            finally:
                manager.commit()
            length = yield progress
    finally:
        work.close()


def drop_redo(manager: pya.Manager) -> None:
    """Forget what was undone, so that Edit > Redo does not do it again: every new transaction does that, and an empty
    one is not kept.
    """
    manager.transaction("nothing")
    manager.commit()
