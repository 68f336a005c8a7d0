"""The form is a spec to be looked over before its run: targets, ranges, locks, corners, budget. What is changed goes to the run as orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pya

from .stream import quantity
from .units import shown_unit

AS_IN_SPEC = "as in the spec"
SIDES = ("minimum", "maximum")


class Form(pya.QDialog):
    """`tables`: specs and parameters as `eda-agent check --json` tells them. `begin` is called with the orders and further arguments of `size`."""

    def __init__(
        self, parent: pya.QWidget, title: str, tables: Mapping[str, Any], begin: Callable[[list[dict[str, Any]], list[str]], object]
    ):
        super().__init__(parent)
        self.setObjectName("eda-agent form")
        self.windowTitle = title
        self._begin = begin
        self._shown: dict[tuple[str, int, int], str] = {}
        self._specs: Sequence[Mapping[str, Any]] = tables["specs"]
        self._parameters: Sequence[Mapping[str, Any]] = tables["parameters"]
        layout = pya.QVBoxLayout(self)
        layout.addWidget(pya.QLabel("Targets. A value as in a netlist: 20M, 1.5m, 60.", self))
        self.specs = self._table(["spec", "at least", "at most", "unit"], len(self._specs))
        for row, spec in enumerate(self._specs):
            self._put(self.specs, row, 0, spec["name"], False)
            for column, side in enumerate(SIDES, start=1):
                there = spec.get(side) is not None
                text = self._shown["specs", row, column] = quantity(spec[side], shown_unit(spec), 6) if there else ""
                self._put(self.specs, row, column, text, there)
            self._put(self.specs, row, 3, shown_unit(spec), False)
        layout.addWidget(self.specs)
        layout.addWidget(
            pya.QLabel("Sizes. A range may become narrower; a locked size stays what the netlist says, or what you write.", self)
        )
        self.sizes = self._table(["size", "from", "to", "locked at", "role"], len(self._parameters))
        for row, one in enumerate(self._parameters):
            self._put(self.sizes, row, 0, one["name"], False)
            for column, side in enumerate(SIDES, start=1):
                text = self._shown["sizes", row, column] = quantity(one[side], one["unit"], 6)
                self._put(self.sizes, row, column, text, True)
            item = self._put(self.sizes, row, 3, "", True)
            item.setCheckState(pya.Qt.Checked if one.get("locked") else pya.Qt.Unchecked)
            self._put(self.sizes, row, 4, one.get("role", ""), False)
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
        for name, action in (("start", self.start), ("cancel", self.reject)):
            button = pya.QPushButton(name, self)
            button.clicked = lambda *_, action=action: action()
            line.addWidget(button)
        layout.addLayout(line)
        self._given = int(tables["budget"])
        self.resize(760, 620)

    def start(self) -> None:
        orders, more = self.orders(), self.arguments()
        self.accept()
        self._begin(orders, more)

    def arguments(self) -> list[str]:
        """Of `size`, beside the spec."""
        chosen = self.corners.currentText
        return [
            *(["--corners", chosen] if chosen != AS_IN_SPEC else []),
            *(["--budget", str(self.budget.value)] if self.budget.value != self._given else []),
        ]

    def orders(self) -> list[dict[str, Any]]:
        """What was changed; what stands as it stood is no order."""
        found: list[dict[str, Any]] = []
        for row, spec in enumerate(self._specs):
            if changed := self._changed(self.specs, row):
                found.append({"do": "target", "spec": spec["name"], **changed})
        for row, one in enumerate(self._parameters):
            if changed := self._changed(self.sizes, row):
                found.append({"do": "range", "parameter": one["name"], **changed})
            item = self.sizes.item(row, 3)
            checked = item.checkState == pya.Qt.Checked
            text = item.text.strip()
            if checked and (text or not one.get("locked")):
                found.append({"do": "lock", "parameter": one["name"], **({"value": text} if text else {})})
            elif not checked and one.get("locked"):
                found.append({"do": "unlock", "parameter": one["name"]})
        return found

    def _changed(self, table: pya.QTableWidget, row: int) -> dict[str, str]:
        """Bound → what was written in its place."""
        which = "specs" if table is self.specs else "sizes"
        changed = {}
        for column, side in enumerate(SIDES, start=1):
            text = table.item(row, column).text.strip()
            if text and text != self._shown[which, row, column]:
                changed[side] = text
        return changed

    def _table(self, headings: list[str], rows: int) -> pya.QTableWidget:
        table = pya.QTableWidget(rows, len(headings), self)
        table.setHorizontalHeaderLabels(headings)
        table.verticalHeader.hide()
        table.horizontalHeader.setStretchLastSection(True)
        table.verticalHeader.setDefaultSectionSize(22)
        return table

    def _put(self, table: pya.QTableWidget, row: int, column: int, text: str, editable: bool) -> pya.QTableWidgetItem:
        item = pya.QTableWidgetItem(text)
        table.setItem(row, column, item)
        if not editable:
            item.setFlags(pya.Qt.ItemIsEnabled)
            item.setForeground(pya.QBrush(pya.QColor(120, 120, 120)))
        return item
