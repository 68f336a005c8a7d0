"""A change table lists what a write-back would change, in the window. Many rows are added in slices, so that the window
stays responsive.
"""

from __future__ import annotations

import time

import pya

from . import faults, fields
from .changes import Rows

SLICE = 0.02
"""Seconds that rows are added for at once."""


class ChangeTable:
    """`widget` is the table."""

    def __init__(self, parent: pya.QWidget, content: Rows):
        self._rest = list(content.cells)
        self.widget = fields.table(parent, content.headings)
        self.widget.setRowCount(len(content.cells))
        self._timer = pya.QTimer(parent)
        self._timer.timeout = faults.guarded(self._fill)
        self._fill()
        self.widget.resizeColumnsToContents()
        if self._rest:
            self._timer.start(1)

    def _fill(self) -> None:
        end = time.thread_time() + SLICE
        number = self.widget.rowCount - len(self._rest)
        added = 0
        while added < len(self._rest) and time.thread_time() < end:
            for column, text in enumerate(self._rest[added]):
                item = pya.QTableWidgetItem(text)
                item.setFlags(pya.Qt.ItemIsEnabled | pya.Qt.ItemIsSelectable)
                self.widget.setItem(number + added, column, item)
            added += 1
        del self._rest[:added]
        if not self._rest:
            self._timer.stop()
