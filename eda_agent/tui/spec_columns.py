"""The columns of the specs: verdict, target, margin, and as many values of the corners as there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.text import Text

from eda_agent.record.labels import corner_summary
from eda_agent.tui.table import COLOURS, right
from eda_agent.tui.view import SIGNS, SpecRow

MOST_CORNERS = 4
"""Number of corners shown side by side."""


def spec_columns(specs: Sequence[SpecRow], corners: Sequence[str], width: int) -> dict[str, list[Text]]:
    """The columns of specs, heading → cells, those first that fit in `width` cells."""
    colours = [COLOURS[row.verdict] for row in specs]
    first = {
        "": [Text(SIGNS[row.verdict], style=f"bold {colour}") for row, colour in zip(specs, colours, strict=True)],
        "spec": [Text(row.name) for row in specs],
        "target": [right(row.target, "dim") for row in specs],
        "margin": [
            right(f"{row.margin}{' thin' if row.verdict == 'thin' else ''}", colour)
            for row, colour in zip(specs, colours, strict=True)
        ],
    }
    each = {
        corner: [
            right(
                f"{_short(row.cells[place][0], row.target)} {SIGNS[row.cells[place][1]]}", COLOURS[row.cells[place][1]]
            )
            for row in specs
        ]
        for place, corner in enumerate(corners)
    }
    note = {}
    if any(row.why for row in specs):
        styles = ["" if row.verdict in {"pass", "thin"} else colour for row, colour in zip(specs, colours, strict=True)]
        note = {"note": [Text(row.why, style=style) for row, style in zip(specs, styles, strict=True)]}
    if len(corners) <= MOST_CORNERS:
        by = {"short by": [right(row.short, colour) for row, colour in zip(specs, colours, strict=True)]}
        whole = {**first, **each, **(by if any(row.short for row in specs) else {})}
        return {**(whole if _fits(whole, width) else {**first, **each}), **note}
    low, typical, high, where = corner_summary(corners)
    ends = dict(zip((low, typical, high), _columns(row.extremes[:3] for row in specs), strict=True))
    for heading, texts in ends.items():
        ends[heading] = [right(_short(str(text), row.target)) for text, row in zip(texts, specs, strict=True)]
    worst = {where: [Text(row.extremes[3]) for row in specs]}
    value = {
        "worst": [right(_short(row.worst, row.target), colour) for row, colour in zip(specs, colours, strict=True)]
    }
    orders = (
        {**first, **ends, **worst},
        {**first, typical: ends[typical], **value, **worst},
        {**first, **value, **worst},
    )
    chosen = next((order for order in orders if _fits(order, width)), orders[-1])
    # a column says more than the word
    bare = [right(row.margin, colour) for row, colour in zip(specs, colours, strict=True)]
    plain = next((order for order in orders if _fits({**order, "margin": bare}, width)), orders[-1])
    if len(plain) > len(chosen):
        chosen = {**plain, "margin": bare}
    rest = {name: cells for name, cells in ends.items() if name not in chosen}
    return {**chosen, **rest, **note, **{corner: each[corner] for corner in _worst_first(specs, corners)}}


def _worst_first(specs: Sequence[SpecRow], corners: Sequence[str]) -> list[str]:
    """The corners, first those in which missed specs are worst, then those in which others are."""
    order = ("fail", "near", "thin", "pass", "none")
    worst = [row.extremes[3] for row in sorted(specs, key=lambda row: order.index(row.verdict))]
    return list(dict.fromkeys([*(corner for corner in worst if corner in corners), *corners]))


def _columns(rows: Iterable[Sequence[str]]) -> list[list[Any]]:
    """Rows as columns."""
    return [list(column) for column in zip(*rows, strict=True)] or [[], [], []]


def _fits(columns: Mapping[str, Sequence[Text]], width: int) -> bool:
    """Whether these columns, each with a space before it, fit in `width` cells."""
    wide = (max([len(name), *(cell.cell_len for cell in cells)]) for name, cells in columns.items())
    return sum(1 + one for one in wide) <= width


def _short(value: str, target: str) -> str:
    """A value without its unit if the target beside it has the same prefix and unit: room for one more corner."""
    number, _, unit = value.partition(" ")
    return number if unit and unit == target.rpartition(" ")[2] else value
