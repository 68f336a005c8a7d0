"""A field is an input cell: its value is checked while it is typed, and a fault is shown in it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pya

from . import compat
from .drawn_size import told
from .units import QuantityError, format_quantity, parse_quantity

WRONG, DOUBTFUL = pya.QColor(255, 200, 200), pya.QColor(255, 235, 170)
REFUSED, GREY = pya.QColor(176, 30, 30), pya.QColor(120, 120, 120)


def problem(
    text: str, unit: str, low: float | None = None, high: float | None = None, step: float | None = None
) -> str:
    """The fault of a value that must lie in a range, or "". An end may be missing. `step`: of its parameter; one that
    counts something must be whole.
    """
    try:
        value = parse_quantity(text, unit)
    except QuantityError as error:
        return str(error)
    # a value shown with few digits is the end from which it was made
    slack = 1e-6 * max(abs(low or 0.0), abs(high or 0.0))
    if low is not None and value < low - slack:
        return f"below {format_quantity(low, unit)}"
    if high is not None and value > high + slack:
        return f"above {format_quantity(high, unit)}"
    if not unit and step and step >= 1 and step == int(step) and abs(value - round(value)) > 1e-9:
        return f"a whole number: {math.floor(value)} or {math.ceil(value)}"
    return ""


def mark(item: pya.QTableWidgetItem, fault: str, doubt: str = "") -> None:
    """Show or clear a fault in a field, or else a doubt, with which it may stay."""
    if item.toolTip != (fault or doubt):
        item.setToolTip(fault or doubt)
        item.setBackground(pya.QBrush(WRONG if fault else DOUBTFUL) if fault or doubt else pya.QBrush())


def tell(
    item: pya.QTableWidgetItem, text: str, row: Mapping[str, Any], sizes: Mapping[str, Any] | None, fault: str = ""
) -> None:
    """Show in a cell what is drawn in place of a legal value, nothing where that is drawn itself (see
    `drawn_size.told`), or the fault of an illegal one.
    """
    found = told(parse_quantity(text, row["unit"]), row, sizes) if text and not fault else ""
    words = f"not simulated: {fault}" if fault else found
    if item.text != words:
        item.setText(words)
        item.setToolTip(f"{text} is rounded to the grid: this is simulated and drawn" if found else "")
        item.setForeground(pya.QBrush(REFUSED if fault else GREY))


def table(parent: pya.QWidget, headings: Sequence[str], rows: int = 0) -> pya.QTableWidget:
    result = pya.QTableWidget(rows, len(headings), parent)
    result.setHorizontalHeaderLabels(list(headings))
    result.verticalHeader.hide()
    result.horizontalHeader.setStretchLastSection(True)
    result.verticalHeader.setDefaultSectionSize(22)
    return result


def fit(of: pya.QTableWidget, grow: bool = False) -> None:
    """Give every column the width of its content, and the last one the rest; `grow`: none becomes narrower."""
    for column in range(of.columnCount - 1):
        before = of.columnWidth(column) if grow else 0
        of.resizeColumnToContents(column)
        if grow and of.columnWidth(column) < before:
            of.setColumnWidth(column, before)


def put(of: pya.QTableWidget, row: int, column: int, text: str, editable: bool) -> pya.QTableWidgetItem:
    item = pya.QTableWidgetItem(text)
    of.setItem(row, column, item)
    if not editable:
        item.setFlags(pya.Qt.ItemIsEnabled)
        item.setForeground(pya.QBrush(GREY))
    return item


def keep_height(label: pya.QLabel, lines: int = 1) -> None:
    """Give a label the height of so many lines, and any width: nothing beside it moves when its text changes."""
    text = label.text
    label.setText("\n".join(["X"] * lines))
    label.setFixedHeight(compat.read(compat.read(label, "sizeHint"), "height"))
    label.setWordWrap(lines > 1)
    label.setSizePolicy(pya.QSizePolicy.Ignored, pya.QSizePolicy.Fixed)
    label.setText(text)


def keep_width(button: pya.QPushButton, texts: Sequence[str]) -> None:
    """Give a button the width of its longest text: its neighbours stay where they are when it changes."""
    text = button.text
    widths = []
    for one in texts:
        button.setText(one)
        widths.append(compat.read(compat.read(button, "sizeHint"), "width"))
    button.setMinimumWidth(max(widths))
    button.setText(text)
