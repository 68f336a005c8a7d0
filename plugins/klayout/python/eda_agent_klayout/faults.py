"""A fault is what goes wrong between KLayout and the plugin: it becomes a message and a line of a log, never silence."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pya

from . import compat

LOG = "eda-agent.log"
"""In KLayout's home."""
LARGEST = 1_000_000
"""Bytes of the log; after that it begins anew."""
_seen: set[str] = set()
_timers: list[pya.QTimer] = []


def tell(title: str, text: str) -> None:
    """A message that waits for its OK."""
    pya.MessageBox.warning(title, text, pya.MessageBox.Ok)


def guarded(do: Callable[..., Any], once: bool = False) -> Callable[..., None]:
    """A slot that tells of its faults; `once`: of each only once, for timers. What the signal passes is left out."""

    def slot(*_: object) -> None:
        try:
            do()
        except Exception as error:  # noqa: BLE001  # Qt would swallow it
            report(error, once)

    return slot


def later(do: Callable[..., Any]) -> None:
    """Do it as soon as what is going on now is done."""
    timer = pya.QTimer(pya.Application.instance().main_window())
    timer.singleShot = True
    timer.timeout = guarded(do)
    timer.start(0)
    _timers.append(timer)
    del _timers[:-20]


def report(error: Exception, once: bool = False) -> None:
    """A refusal is told as it is; anything else with what to do. Both are logged."""
    words = "".join(traceback.format_exception(error))
    if once and words in _seen:
        return
    _seen.add(words)
    path = log(words)
    if isinstance(error, (ValueError, OSError, RuntimeError)) and str(error):
        tell("eda-agent", str(error))
    else:
        name = type(error).__name__
        tell(
            "eda-agent: this should not have happened",
            f"{name}: {error}\n\nThe layout and the runs are as they were. Please send the end of {path} with what you clicked to the authors of eda-agent.",
        )


def log(words: str) -> Path:
    """Keep it in the log; a log that cannot be written is no second fault."""
    path = compat.home() / LOG
    try:
        mode = "w" if path.exists() and path.stat().st_size > LARGEST else "a"
        with path.open(mode, encoding="utf-8") as file:
            file.write(f"{datetime.now():%Y-%m-%d %H:%M:%S} {words.rstrip()}\n")
    except OSError:
        pass
    return path
