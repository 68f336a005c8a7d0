"""A table is a list of rows with named columns: numbers in SI units for programs, units and prefixes for people."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from eda_agent.api.arguments import unknown
from eda_agent.errors import visible
from eda_agent.units import format_quantity

if TYPE_CHECKING:
    import pandas

Row = dict[str, Any]
MOST_SHOWN = 60
"""Rows that a notebook or a terminal shows; the middle of a longer table is left out."""


class Table(Sequence[Row]):
    """Rows as dicts (`table[3]`), columns as arrays (`table["gbw"]`).

    Args:
        rows: each with every column; a missing value is None.
        units: column → unit of its numbers, for people.
        row_units: column with numbers of several units → column that names the unit of each row.
    """

    def __init__(
        self,
        rows: Sequence[Mapping[str, Any]],
        columns: Sequence[str],
        units: Mapping[str, str] | None = None,
        row_units: Mapping[str, str] | None = None,
    ):
        self._rows = [dict(row) for row in rows]
        self.columns = tuple(columns)
        self.units = dict(units or {})
        self._row_units = dict(row_units or {})

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, key: str) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, key: int) -> Row: ...
    @overload
    def __getitem__(self, key: slice) -> Table: ...
    def __getitem__(self, key: str | int | slice) -> NDArray[Any] | Row | Table:
        if isinstance(key, str):
            return self.column(key)
        if isinstance(key, slice):
            return Table(self._rows[key], self.columns, self.units, self._row_units)
        return dict(self._rows[key])

    def __iter__(self) -> Iterator[Row]:
        return (dict(row) for row in self._rows)

    def column(self, name: str) -> NDArray[Any]:
        """A column: floats with nan for a missing value if it has numbers only, else objects. Raises `KeyError`."""
        if name not in self.columns:
            raise unknown("column", name, self.columns)
        values = [row.get(name) for row in self._rows]
        if values and all(isinstance(value, bool) for value in values):
            return np.array(values, dtype=bool)
        if values and all(isinstance(value, int) and not isinstance(value, bool) for value in values):
            return np.array(values, dtype=np.int64)
        if all(value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values):
            return np.array([math.nan if value is None else value for value in values], dtype=np.float64)
        found = np.empty(len(values), dtype=object)
        found[:] = values
        return found

    def to_pandas(self) -> pandas.DataFrame:
        """The table as a pandas DataFrame. Raises `ImportError` without pandas."""
        import pandas

        return pandas.DataFrame({name: self.column(name) for name in self.columns}, columns=list(self.columns))

    def __repr__(self) -> str:
        names = ", ".join(self.columns[:8]) + (", …" if len(self.columns) > 8 else "")
        return f"<Table {len(self)} × {len(self.columns)}: {names}>"

    def __str__(self) -> str:
        rows = [list(self.columns), *self._shown()]
        widths = [max(len(row[place]) for row in rows) for place in range(len(self.columns))]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(visible(name))}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(visible(cell))}</td>" for cell in row) + "</tr>"
            for row in self._shown()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _shown(self) -> list[list[str]]:
        places = list(range(len(self)))
        if len(places) > MOST_SHOWN:
            half = MOST_SHOWN // 2
            first, last = places[:half], places[-half:]
            return [*map(self._cells, first), ["…"] * len(self.columns), *map(self._cells, last)]
        return [self._cells(place) for place in places]

    def _cells(self, place: int) -> list[str]:
        row = self._rows[place]
        return [self._cell(row, name) for name in self.columns]

    def _cell(self, row: Row, name: str) -> str:
        value = row.get(name)
        if value is None:
            return "—"
        if isinstance(value, bool):
            return "✓" if value else "✗"
        if isinstance(value, float) or name in self._row_units:
            unit = row.get(self._row_units[name], "") if name in self._row_units else self.units.get(name, "")
            return format_quantity(float(value), unit, 4) if unit else f"{value:.4g}"
        return str(value)
