"""The form shows a spec before its run: targets, ranges, locks, corners, budget. Changes are sent to the run as
commands.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pya

from . import faults, fields
from .draft_words import copies, guesses, reasons
from .failing import far, outside, own_sizes, summary
from .stream import quantity
from .units import parse_quantity, shown_unit

AS_IN_SPEC = "as in the spec"
SIDES = ("minimum", "maximum")
TYPED = 100
"""Least width of a column of input, pixels."""
ROUNDED = 4
"""Column of the sizes with what is drawn in place of a locked value."""


class Form(pya.QDialog):
    """`tables`: specs and parameters from `eda-agent check --json`. `begin` is called with the commands and further
    arguments of `size`.
    """

    HEADS = ("spec", "at least", "at most", "unit")

    def __init__(
        self,
        parent: pya.QWidget,
        title: str,
        tables: Mapping[str, Any],
        begin: Callable[[list[dict[str, Any]], list[str]], object],
    ):
        super().__init__(parent)
        self.setObjectName("eda-agent form")
        self.windowTitle = title
        self._begin, self._ready = begin, False
        self._ticked: dict[int, bool] = {}
        self._measured: dict[str, Any] = {}
        self._own: list[str] = []
        """The netlist's value of each size; "" where eda-agent is older and does not tell it."""
        self._shown: dict[tuple[str, int, int], str] = {}
        self.rows_of_specs: Sequence[Mapping[str, Any]] = tables["specs"]
        self.rows_of_sizes: Sequence[Mapping[str, Any]] = tables["parameters"]
        self._drawn: Mapping[str, Any] | None = tables.get("drawn")
        layout = pya.QVBoxLayout(self)
        layout.addWidget(pya.QLabel("Targets, written as in a netlist: 20M, 1.5m, 60.", self))
        self.specs = fields.table(self, self.HEADS, len(self.rows_of_specs))
        for row, spec in enumerate(self.rows_of_specs):
            fields.put(self.specs, row, 0, spec["name"], False)
            for column, side in enumerate(SIDES, start=1):
                there = spec.get(side) is not None
                text = self._shown["specs", row, column] = quantity(spec[side], shown_unit(spec), 6) if there else ""
                fields.put(self.specs, row, column, text, there)
            fields.put(self.specs, row, 3, shown_unit(spec), False)
        layout.addWidget(self.specs)
        layout.addWidget(
            pya.QLabel(
                "Sizes. A range can only be narrowed; a locked size keeps the netlist's value or the one that you"
                " enter.",
                self,
            )
        )
        heads = ["size", "from", "to", "locked at", "drawn as", "role"]
        self.sizes = fields.table(self, heads, len(self.rows_of_sizes))
        for row, one in enumerate(self.rows_of_sizes):
            fields.put(self.sizes, row, 0, one["name"], False)
            for column, side in enumerate(SIDES, start=1):
                text = self._shown["sizes", row, column] = quantity(one[side], one["unit"], 6)
                fields.put(self.sizes, row, column, text, True)
            item = fields.put(self.sizes, row, 3, "", True)
            self._own.append(quantity(one["initial"], one["unit"], 6) if one.get("initial") is not None else "")
            if one.get("locked"):
                item.setText(self._own[row])
            item.setCheckState(pya.Qt.Checked if one.get("locked") else pya.Qt.Unchecked)
            self._ticked[row] = bool(one.get("locked"))
            fields.put(self.sizes, row, ROUNDED, "", False)
            fields.put(self.sizes, row, ROUNDED + 1, one.get("role", ""), False)
        layout.addWidget(self.sizes)
        line = pya.QHBoxLayout()
        line.addWidget(pya.QLabel("corners", self))
        self.corners = pya.QComboBox(self)
        for name in (AS_IN_SPEC, *tables["corner_sets"]):
            self.corners.addItem(name)
        line.addWidget(self.corners)
        line.addWidget(pya.QLabel("simulations", self))
        self.budget = pya.QSpinBox(self)
        self.budget.minimum, self.budget.maximum, self.budget.value = 1, 1_000_000, int(tables["budget"])
        line.addWidget(self.budget)
        line.addStretch(1)
        self.buttons: dict[str, pya.QPushButton] = {}
        for name, action in (("start", self.start), ("cancel", self.reject)):
            button = pya.QPushButton(name, self)
            # Enter only ends the input of a value
            button.autoDefault = False
            button.clicked = faults.guarded(action)
            line.addWidget(button)
            self.buttons[name] = button
        self.own_sizes = pya.QLabel("The netlist's own sizes are simulated …", self)
        fields.keep_height(self.own_sizes, 2)
        layout.addWidget(self.own_sizes)
        if notes := "\n".join(text for text in (guesses(tables), copies(tables)) if text):
            label = pya.QLabel(notes, self)
            label.setToolTip(reasons(tables))
            label.setWordWrap(True)
            layout.addWidget(label)
        self.line = pya.QLabel("", self)
        self.line.setWordWrap(True)
        self.line.setStyleSheet("color: #b01e1e")
        # its space is reserved before its text: nothing moves under the mouse
        self.line.setMinimumHeight(36)
        layout.addWidget(self.line)
        layout.addLayout(line)
        for table in (self.specs, self.sizes):
            fields.fit(table)
            for column in (1, 2, 3):
                # room for what is typed
                table.setColumnWidth(column, max(table.columnWidth(column), TYPED))
            table.itemChanged = faults.guarded(self._check)
        self._ready = True
        self._check()
        self._given = int(tables["budget"])
        self.resize(760, 620)

    def tell_own_sizes(self, words: str) -> None:
        """Show the output of `eda-agent sim SPEC --json`, a simulation of the netlist's own sizes."""
        if not self._destroyed():
            self._measured = json.loads(words)
            self._check()

    def tell_no_own_sizes(self, words: str) -> None:
        """Show why that simulation is not possible."""
        self._tell_own(f"The netlist's own sizes cannot be simulated: {words.splitlines()[0] if words else ''}")

    def _tell_own(self, text: str) -> None:
        if not self._destroyed():
            self.own_sizes.setText(text)
            self.own_sizes.setToolTip(text)
            self.own_sizes.setStyleSheet("color: #b01e1e" if "cannot be simulated" in text else "")

    def start(self) -> None:
        # a run that cannot start leaves the form open
        self._begin(self.orders(), self.arguments())
        self.accept()

    def arguments(self) -> list[str]:
        """Arguments of `size` besides the spec."""
        chosen = self.corners.currentText
        return [
            *(["--corners", chosen] if chosen != AS_IN_SPEC else []),
            *(["--budget", str(self.budget.value)] if self.budget.value != self._given else []),
        ]

    def orders(self) -> list[dict[str, Any]]:
        """The changes as commands."""
        found: list[dict[str, Any]] = []
        for row, spec in enumerate(self.rows_of_specs):
            if changed := self._changed(self.specs, row):
                found.append({"do": "target", "spec": spec["name"], **changed})
        for row, one in enumerate(self.rows_of_sizes):
            if changed := self._changed(self.sizes, row):
                found.append({"do": "range", "parameter": one["name"], **changed})
            item = self.sizes.item(row, 3)
            checked = item.checkState == pya.Qt.Checked
            text = item.text.strip()
            if text == self._own[row]:
                # the netlist's own value, which a lock keeps to the last digit
                text = ""
            if checked and (text or not one.get("locked")):
                found.append({"do": "lock", "parameter": one["name"], **({"value": text} if text else {})})
            elif not checked and one.get("locked"):
                found.append({"do": "unlock", "parameter": one["name"]})
        return found

    def _changed(self, table: pya.QTableWidget, row: int) -> dict[str, str]:
        """Bound → changed text."""
        which = "specs" if table is self.specs else "sizes"
        changed = {}
        for column, side in enumerate(SIDES, start=1):
            text = table.item(row, column).text.strip()
            if text and text != self._shown[which, row, column]:
                changed[side] = text
        return changed

    def _check(self) -> None:
        """Mark the faults in their fields; start is enabled without faults."""
        if not self._ready:
            return
        # what is written into fields here needs no further check
        self._ready = False
        self._fill_locks()
        self._doubts: list[str] = []
        self._targets: dict[str, tuple[float | None, float | None] | None] = {}
        wrong = [*self._wrong_targets(), *self._wrong_sizes()]
        if self._measured:
            self._tell_own(own_sizes(self._measured, self._targets))
        shown = wrong or self._doubts
        self.sizes.resizeColumnToContents(ROUNDED)
        self.line.setText(summary(shown))
        self.buttons["start"].enabled = not wrong
        self._ready = True

    def _fill_locks(self) -> None:
        """A ticked size without a value shows the netlist's, which goes with the tick."""
        for row, own in enumerate(self._own):
            item = self.sizes.item(row, 3)
            checked, text = item.checkState == pya.Qt.Checked, item.text.strip()
            if checked != self._ticked.get(row, False):
                if checked and not text:
                    item.setText(own)
                elif not checked and text == own:
                    item.setText("")
            self._ticked[row] = checked

    def _doubt(self, row: int, column: int, one: Mapping[str, Any]) -> str:
        """What is said of a range or of a locked value without the netlist's value."""
        if column < 3:
            ends = (self._bound(row, 1, one), self._bound(row, 2, one))
        else:
            ends = (parse_quantity(self.sizes.item(row, 3).text.strip(), one["unit"]),) * 2
        return outside(one.get("initial"), self._own[row], *ends)

    def _wrong_targets(self) -> list[str]:
        found = []
        for row, spec in enumerate(self.rows_of_specs):
            unit = shown_unit(spec)
            values: dict[int, float] = {}
            valid = True
            for column in (1, 2):
                item = self.specs.item(row, column)
                text, shown = item.text.strip(), self._shown["specs", row, column]
                fault = (
                    ""
                    if text == shown
                    else fields.problem(text, unit)
                    if text
                    else "remove a target in the spec, not here"
                )
                if text and not fault:
                    values[column] = spec[SIDES[column - 1]] if text == shown else parse_quantity(text, unit)
                if len(values) > 1 and values[1] > values[2]:
                    fault = "below the minimum"
                measured = self._measured.get("specs", {}).get(spec["name"], {}).get("value")
                doubt = far(values.get(column), measured, unit) if text != shown and not fault else ""
                if doubt:
                    self._doubts.append(f"{spec['name']}: {doubt}")
                fields.mark(item, fault, doubt)
                if fault:
                    valid = False
                    found.append(f"{spec['name']}, {self.HEADS[column]}: {fault}")
            if not valid or self._changed(self.specs, row):
                self._targets[spec["name"]] = (values.get(1), values.get(2)) if valid else None
        return found

    def _wrong_sizes(self) -> list[str]:
        found = []
        for row, one in enumerate(self.rows_of_sizes):
            low = self._bound(row, 1, one)
            for column in (1, 2, 3):
                item = self.sizes.item(row, column)
                text = item.text.strip()
                fault = ""
                if column == 3 and text and item.checkState != pya.Qt.Checked:
                    fault = "tick it, or clear the value"
                elif text and text != self._shown.get(("sizes", row, column)):
                    # a range can only be narrowed, and a lock must lie within it
                    least = one["minimum"] if column == 1 or low is None else low
                    most = one["maximum"] if column < 3 else self._bound(row, 2, one) or one["maximum"]
                    fault = fields.problem(text, one["unit"], least, most, one.get("step"))
                elif not text and column < 3:
                    fault = "a range needs both ends"
                changed = text and text != (self._shown["sizes", row, column] if column < 3 else self._own[row])
                doubt = self._doubt(row, column, one) if changed and not fault else ""
                if doubt:
                    self._doubts.append(f"{one['name']}: {doubt}")
                fields.mark(item, fault, doubt)
                if fault:
                    found.append(f"{one['name']}, {('from', 'to', 'locked at')[column - 1]}: {fault}")
            locked = self.sizes.item(row, 3).text.strip()
            fields.tell(self.sizes.item(row, ROUNDED), "" if fault else locked, one, self._drawn)
        return found

    def _bound(self, row: int, column: int, one: Mapping[str, Any]) -> float | None:
        """The present end of a range in its field; None if it is not a number."""
        text = self.sizes.item(row, column).text.strip()
        if text == self._shown["sizes", row, column]:
            return float(one[SIDES[column - 1]])
        return None if fields.problem(text, one["unit"]) else parse_quantity(text, one["unit"])
