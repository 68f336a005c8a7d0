"""A review shows a proposal before it is simulated, beside the best, to be accepted, rejected, or changed first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pya

from . import faults, fields
from .stream import Run, quantity
from .units import parse_quantity
from .wording import printable

HEADINGS = ("size", "best", "proposed", "simulate", "drawn as", "range")
SIMULATE, ROUNDED = 3, 4
EDITED = "simulate as edited"


class Review(pya.QWidget):
    """`tell` sends a command to the run."""

    def __init__(self, parent: pya.QWidget, tell: Callable[..., None]):
        super().__init__(parent)
        self._tell = tell
        self._shown: Mapping[str, Any] = {}
        self._rows: list[Mapping[str, Any]] = []
        self._proposed: list[str] = []
        self._drawn: Mapping[str, Any] | None = None
        layout = pya.QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        self.line = pya.QLabel("", self)
        fields.keep_height(self.line, 2)
        layout.addWidget(self.line)
        self.sizes = fields.table(self, HEADINGS)
        self.sizes.itemChanged = faults.guarded(self._check)
        layout.addWidget(self.sizes)
        row = pya.QHBoxLayout()
        self.buttons: dict[str, pya.QPushButton] = {}
        for name, action in (("accept", self.accept), ("reject", self.reject)):
            button = self.buttons[name] = pya.QPushButton(name, self)
            # Enter only ends the input of a value
            button.autoDefault = False
            fields.keep_width(button, (name, EDITED) if name == "accept" else (name,))
            button.clicked = faults.guarded(action)
            row.addWidget(button)
        row.addWidget(pya.QLabel("why", self))
        self.why = pya.QLineEdit(self)
        row.addWidget(self.why)
        layout.addLayout(row)
        self.show_run(Run(), False)

    @property
    def waits(self) -> bool:
        """Whether a proposal waits for a decision."""
        return bool(self._shown)

    def show_run(self, run: Run, alive: bool) -> bool:
        """Show the waiting proposal; returns whether it is a new one."""
        pending = run.pending if run.review and alive else {}
        if pending is self._shown:
            return False
        self._shown = pending
        for button in self.buttons.values():
            button.enabled = bool(pending)
        if not pending:
            self.line.setText(
                "A proposal waits here before it is simulated. The next one is being made."
                if run.review and alive
                else "Press review: every proposal then waits here for your decision."
            )
            self._rows = []
            self.sizes.setRowCount(0)
            return False
        proposal = pending.get("proposal", pending)
        words = printable(str(proposal.get("reasoning") or proposal.get("error") or ""))
        self.line.setText(f"Turn {pending.get('index', '')}, proposed by {proposal.get('policy', '')}: {words}")
        self._fill(run, proposal.get("sizing") or {})
        return True

    def _fill(self, run: Run, sizing: Mapping[str, Any]) -> None:
        best = run.turn(None).get("sizing") or {}
        self._rows, self._proposed, self._drawn = [], [], run.started.get("drawn")
        rows = list(run.started.get("parameters", ()))
        self.sizes.setRowCount(len(rows))
        for number, row in enumerate(rows):
            proposed = quantity(sizing.get(row["name"], best.get(row["name"])), row["unit"], 6)
            self._proposed.append(proposed)
            cells = (
                row["name"], quantity(best.get(row["name"]), row["unit"], 6), proposed, proposed, "",
                f"{quantity(row['minimum'], row['unit'])} … {quantity(row['maximum'], row['unit'])}",
            )  # fmt: skip
            for column, text in enumerate(cells):
                fields.put(self.sizes, number, column, text, column == SIMULATE and not row.get("locked"))
        self._rows = rows
        self.sizes.resizeColumnsToContents()
        self._check()

    def _check(self) -> None:
        good = True
        for number, row in enumerate(self._rows):
            item = self.sizes.item(number, SIMULATE)
            text = item.text.strip()
            fault = (
                ""
                if text == self._proposed[number]
                else fields.problem(text, row["unit"], row["minimum"], row["maximum"], row.get("step"))
            )
            fields.mark(item, fault)
            fields.tell(self.sizes.item(number, ROUNDED), "" if text == "—" else text, row, self._drawn, fault)
            good = good and not fault
        self.sizes.resizeColumnToContents(ROUNDED)
        self.buttons["accept"].enabled = bool(self._shown) and good
        self.buttons["accept"].setText(EDITED if self.edited() else "accept")

    def edited(self) -> dict[str, str]:
        """Parameter → changed text."""
        found = {}
        for number, row in enumerate(self._rows):
            text = self.sizes.item(number, SIMULATE).text.strip()
            if text != self._proposed[number]:
                found[str(row["name"])] = text
        return found

    def accept(self) -> None:
        changed = {}
        for name, text in self.edited().items():
            unit = next(str(row["unit"]) for row in self._rows if row["name"] == name)
            changed[name] = parse_quantity(text, unit)
        if changed:
            self._tell(do="edit", sizing=changed)
        else:
            self._tell(do="accept")

    def reject(self) -> None:
        why = str(self.why.text).strip()
        self.why.setText("")
        self._tell(do="reject", **({"why": why} if why else {}))
