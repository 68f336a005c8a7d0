"""The reader of a run's events is the front at the other end of stdout, such as KLayout."""

from __future__ import annotations

import os
import select
import stat
import sys
import threading

from eda_agent.agent.control import Control


def leave_with_reader(control: Control) -> None:
    """Tell `control` as soon as the reader has ended, also by `kill -9`.

    A run that prints events notices it by itself. One that waits for a decision prints nothing and would wait forever.
    The end of stdin says less: a script may send its commands first and read the events afterwards.
    """
    try:
        number = sys.stdout.fileno()
        mode = os.fstat(number).st_mode
    except (OSError, ValueError):
        return
    if not hasattr(select, "poll") or not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return

    def watch() -> None:
        ends = select.poll()
        # no event is asked for: the end of the reader is always reported
        ends.register(number, 0)
        ends.poll()
        control.leave()

    threading.Thread(target=watch, daemon=True).start()
