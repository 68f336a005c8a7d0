"""A fault is an error between KLayout and the plugin: it becomes a message and a line of a log."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pya

from . import compat

LOG = "eda-agent.log"
"""The log's name, in KLayout's home."""
LARGEST = 1_000_000
"""Maximum size of the log in bytes; then it starts again."""
_seen: set[str] = set()
_timers: list[pya.QTimer] = []


def tell(title: str, text: str) -> None:
    """Show a message that waits for its OK."""
    pya.MessageBox.warning(title, text, pya.MessageBox.Ok)


def guarded(do: Callable[..., Any], once: bool = False) -> Callable[..., None]:
    """A slot that reports its faults; `once`: each only once, for timers. The signal's arguments are dropped."""

    def slot(*_: object) -> None:
        try:
            do()
        except Exception as error:  # noqa: BLE001  # Qt would swallow it
            report(error, once)

    return slot


def later(do: Callable[..., Any]) -> None:
    """Call the function as soon as the present event is finished."""
    timer = pya.QTimer(pya.Application.instance().main_window())
    timer.singleShot = True
    timer.timeout = guarded(do)
    timer.start(0)
    _timers.append(timer)
    del _timers[:-20]


def report(error: Exception, once: bool = False) -> None:
    """Show a refusal as it is, and any other error with advice. What was not written for the user is logged."""
    refusal = isinstance(error, (ValueError, OSError, RuntimeError)) and bool(str(error))
    words = "".join(traceback.format_exception(error))
    if once and words in _seen:
        return
    _seen.add(words)
    path = compat.home() / LOG if refusal and ours(error) else log(words)
    if isinstance(error, OSError) and error.strerror:
        tell("eda-agent", f"{error.strerror}: {error.filename}" if error.filename else error.strerror)
    elif refusal:
        tell("eda-agent", str(error))
    else:
        name = type(error).__name__
        tell(
            "eda-agent: unexpected error",
            f"{name}: {error}\n\nThe layout and the runs are unchanged. Please send the end of {path} and the steps to"
            " reproduce this to the authors of eda-agent.",
        )


def ours(error: BaseException) -> bool:
    """Whether the plugin's own `raise` made an error, which is then a message for the user; not Python or KLayout."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or Path(frames[-1].filename).parent != Path(__file__).parent:
        return False
    return (frames[-1].line or "").lstrip().startswith("raise ")


def log(words: str) -> Path:
    """Write a line to the log; errors of the log itself are ignored."""
    path = compat.home() / LOG
    try:
        mode = "w" if path.exists() and path.stat().st_size > LARGEST else "a"
        with path.open(mode, encoding="utf-8") as file:
            file.write(f"{datetime.now():%Y-%m-%d %H:%M:%S} {words.rstrip()}\n")
    except OSError:
        pass
    return path
