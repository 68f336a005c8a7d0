"""Slices drive stepwise work in the window: a timer runs one slice after the other, and a dialog with a bar shows
progress and cancels.

The dialog is modal: what a slice has half done is not edited by hand meanwhile. The window is drawn all the time, its
layout only at the end: KLayout would draw all of a changed layout after each slice, and the window would wait for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pya

from . import compat, faults
from .collector import Pause
from .steps import Pace, Progress, Work

SLICE = 0.02
"""Seconds of a slice, at least."""
AT_ONCE = 0.03
"""Seconds of work that is done without a dialog."""
SHOWN = 0.1
"""Seconds between two changes of the bar."""
REST = 0.5
"""Seconds after work until Python may search for unused objects again."""


class Waiting(pya.QDialog):
    """Shows the progress of work; `cancel` is called by its button, by Escape and by its cross."""

    def __init__(self, parent: pya.QWidget, title: str, cancel: Callable[[], None]):
        super().__init__(parent)
        self.setObjectName("eda-agent waiting")
        self.windowTitle = title
        self.modal = True
        self._next, self._shown = 0.0, ""
        layout = pya.QVBoxLayout(self)
        self.words = pya.QLabel("", self)
        layout.addWidget(self.words)
        self.bar = pya.QProgressBar(self)
        layout.addWidget(self.bar)
        button = pya.QPushButton("Cancel", self)
        button.autoDefault = False
        button.clicked = faults.guarded(self.reject)
        layout.addWidget(button)
        self.rejected = faults.guarded(cancel)
        self.resize(420, 110)

    def tell(self, progress: Progress) -> None:
        """Show progress, now and then: drawing it takes longer than a slice may."""
        now = time.perf_counter()
        if now < self._next and progress.what == self._shown:
            return
        self._next = now + SHOWN
        if progress.what != self._shown:
            self.words.setText(f"{progress.what} …")
            # 0 of 0 is a bar that runs to and fro
            self.bar.setRange(0, progress.total)
            self._shown = progress.what
        self.bar.setValue(progress.done)


class Slices:
    """The driver of one window: one work at a time."""

    def __init__(self, window: pya.MainWindow):
        self.window = window
        self._work: Work[Any] | None = None
        self._done: Callable[[Any], None] = lambda _: None
        self._dialog: Waiting | None = None
        self._title = ""
        self._still: pya.QWidget | None = None
        self._pace, self._collector = Pace(SLICE), Pause()
        self._timer = pya.QTimer(window)
        self._timer.singleShot = True
        self._timer.timeout = faults.guarded(self._slice)
        self._rest = pya.QTimer(window)
        self._rest.singleShot = True
        self._rest.timeout = faults.guarded(self._collector.end)

    @property
    def busy(self) -> bool:
        return self._work is not None

    def run(self, title: str, work: Work[Any], done: Callable[[Any], None] = lambda _: None) -> None:
        """Do the work, and call `done` with its result after the dialog is gone. Work that is cancelled is closed.

        Raises ValueError while other work is being done, and whatever the work raises at once; later errors become
        messages.
        """
        if self._work is not None:
            work.close()
            raise ValueError(f"'{self._title}' is not finished\n\nWait for it, or cancel it")
        self._work, self._done, self._title = work, done, title
        self._rest.stop()
        self._collector.begin()
        end = time.perf_counter() + AT_ONCE
        progress = self._step(None)
        while progress is not None and not progress.wait and time.perf_counter() < end:
            progress = self._step(max(end - time.perf_counter(), 0.0))
        if progress is not None:
            self._dialog = Waiting(self.window, title, self.stop)
            self._dialog.tell(progress)
            self._dialog.show()
            self._still = compat.read(self.window, "centralWidget")
            if self._still is not None:
                self._still.updatesEnabled = False
            self._again(progress)

    def stop(self) -> None:
        """Cancel the work, which takes back what it did."""
        work = self._work
        self._end()
        if work is not None:
            work.close()

    def _slice(self) -> None:
        progress = self._step(self._pace.length())
        if progress is not None:
            if self._dialog is not None:
                self._dialog.tell(progress)
            self._again(progress)

    def _again(self, progress: Progress) -> None:
        self._pace.ended()
        # a timer of 0 ms would wait for every other timer of the window
        self._timer.start(max(round(1e3 * progress.wait), 1))

    def _step(self, length: float | None) -> Progress | None:
        """One slice; None after the last."""
        if self._work is None:
            return None
        view = self.window.current_view()
        if view is not None:
            # drawing threads read the layout that is changed
            view.stop_redraw()
        try:
            return next(self._work) if length is None else self._work.send(length)
        except StopIteration as end:
            done = self._done
            self._end()
            done(end.value)
            return None
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        self._work, self._done = None, lambda _: None
        self._timer.stop()
        # not on top of what the end of the work does
        self._rest.start(round(1e3 * REST))
        still, self._still = self._still, None
        if still is not None and not still._destroyed():
            still.updatesEnabled = True
        dialog, self._dialog = self._dialog, None
        if dialog is not None and not dialog._destroyed():
            dialog.rejected = lambda: None
            dialog.hide()
            dialog.deleteLater()
