"""A preview lists the changes of a write-back beside the layout and its markers; a report lists what was compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pya

from . import faults
from .change_table import ChangeTable
from .changes import Rows

NOTES = "Left to you, not drawn, or other than simulated:"


class Preview(pya.QDialog):
    """`notes`: what else is to be known, "" for nothing; `standing`: what speaks against the sizes. `apply` or
    `discard` is called at most once; closing the window discards.
    """

    def __init__(
        self,
        parent: pya.QWidget,
        title: str,
        changed: Rows,
        notes: str,
        apply: Callable[[], None],
        discard: Callable[[], None],
        standing: Sequence[str] = (),
    ):
        super().__init__(parent)
        self.setObjectName("eda-agent preview")
        self.windowTitle = title
        self.modal = False
        self._apply, self._discard, self.changed = apply, discard, changed
        layout = pya.QVBoxLayout(self)
        layout.addWidget(
            pya.QLabel("Nothing is changed yet. Inspect the markers and the layout, then apply or discard.", self)
        )
        if standing:
            warning = pya.QLabel("\n".join(standing), self)
            warning.setStyleSheet("color: #b01e1e")
            layout.addWidget(warning)
        if changed.cells:
            layout.addWidget(pya.QLabel(f"Apply changes {changed.title}:", self))
            self.changes = ChangeTable(self, changed)
            layout.addWidget(self.changes.widget, 3)
        if notes:
            layout.addWidget(pya.QLabel(NOTES, self))
            text = pya.QPlainTextEdit(self)
            text.readOnly = True
            text.setPlainText(notes)
            layout.addWidget(text, 1)
        row = pya.QHBoxLayout()
        row.addStretch(1)
        self.buttons: dict[str, pya.QPushButton] = {}
        for name, action in (("Apply", self._take), ("Discard", self.reject)):
            button = self.buttons[name] = pya.QPushButton(name, self)
            button.autoDefault = False
            button.clicked = faults.guarded(action)
            row.addWidget(button)
        layout.addLayout(row)
        self.rejected = faults.guarded(self._leave)
        self.resize(520, 360)

    def _take(self) -> None:
        # it is closed first, so that a refusal's message is in front of the layout
        self.hide()
        apply = self._apply
        self._forget()
        apply()

    def _leave(self) -> None:
        discard = self._discard
        self._forget()
        discard()

    def _forget(self) -> None:
        """Keep nothing of the plan: the window would keep the dialog as long as it lives."""
        self._apply = self._discard = lambda: None
        self.deleteLater()


class Report(pya.QDialog):
    """The last comparison as text, in a window that does not block; a button opens KLayout's netlist browser."""

    def __init__(self, parent: pya.QWidget):
        super().__init__(parent)
        self.setObjectName("eda-agent report")
        self.modal = False
        layout = pya.QVBoxLayout(self)
        self.text = pya.QPlainTextEdit(self)
        self.text.readOnly = True
        layout.addWidget(self.text)
        row = pya.QHBoxLayout()
        row.addStretch(1)
        for name, action in (("Netlist browser", lambda: self._browse()), ("Close", self.accept)):
            button = pya.QPushButton(name, self)
            button.autoDefault = False
            button.clicked = faults.guarded(action)
            row.addWidget(button)
        layout.addLayout(row)
        self._browse: Callable[[], None] = lambda: None
        self.resize(560, 260)

    def say(self, title: str, lines: Sequence[str], browse: Callable[[], None]) -> None:
        self._browse = browse
        self.windowTitle = title
        self.text.setPlainText("\n".join([title, "", *lines]))
        self.show()
        self.qt_raise()
