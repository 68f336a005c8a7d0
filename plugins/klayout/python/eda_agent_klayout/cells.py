"""Cells show the texts of a run in the tables of its dock: coloured by the sign of their row, in columns as wide as
their content.
"""

from __future__ import annotations

from collections.abc import Sequence

import pya

from . import fields

COLOURS = {
    "✓": pya.QColor(0, 130, 60),
    "~": pya.QColor(190, 110, 0),
    "✗": pya.QColor(190, 30, 30),
    "·": pya.QColor(120, 120, 120),
}


def table(parent: pya.QWidget, headings: list[str]) -> pya.QTableWidget:
    """A table to be read; one whose first heading is empty begins with a sign."""
    found = fields.table(parent, headings)
    found.setEditTriggers(pya.QAbstractItemView.NoEditTriggers)
    found.setSelectionBehavior(pya.QAbstractItemView.SelectRows)
    if not headings[0]:
        found.setColumnWidth(0, 24)
    return found


def fill(table: pya.QTableWidget, rows: Sequence[tuple[str, ...]]) -> None:
    """Write only cells that differ. A column becomes wider where its content does."""
    new = table.rowCount != len(rows)
    if new:
        table.setRowCount(len(rows))
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            item = table.item(number, column)
            if item is None:
                item = pya.QTableWidgetItem()
                table.setItem(number, column, item)
            if item.text != text:
                item.setText(text)
                new = True
        if row[0] in COLOURS:
            for column in range(len(row)):
                table.item(number, column).setForeground(pya.QBrush(COLOURS[row[0]]))
    if new:
        fields.fit(table, grow=True)


def append(table: pya.QTableWidget, row: tuple[str, ...]) -> None:
    """Add a row at the end."""
    number = table.rowCount
    table.setRowCount(number + 1)
    for column, text in enumerate(row):
        table.setItem(number, column, pya.QTableWidgetItem(text))
