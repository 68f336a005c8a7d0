"""Rendering makes the tables that commands print, with rich. Colour never carries meaning alone."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from eda_agent.errors import visible
from eda_agent.record.labels import verdict
from eda_agent.simulation.operating_point import inversion
from eda_agent.units import format_quantity

Row = Mapping[str, Any]


PIPED_WIDTH = 200
"""Columns in a pipe or a file: the tables of every shipped circuit fit."""


class Screen(Console):
    """A console that removes control characters from all text; colours and cursor movements come from the program
    only.
    """

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        return super()._render_buffer(
            segment if segment.control else Segment(visible(segment.text), segment.style) for segment in buffer
        )


def console(*, to_stdout: bool = False) -> Screen:
    """A console on stderr, or on stdout for a command's data. rich respects NO_COLOR and COLUMNS.

    A string is shown literally: brackets are no markup. Coloured text is a `Text`.
    """
    screen = Screen(stderr=not to_stdout, highlight=False, soft_wrap=False, markup=False, emoji=False)
    if not screen.is_terminal and "COLUMNS" not in os.environ:
        screen.width = PIPED_WIDTH
    return screen


def print_prose(screen: Screen, text: str) -> None:
    """Print sentences: broken between words on a terminal, the next lines indented; in one line in a pipe or a file."""
    if screen.width == PIPED_WIDTH:
        screen.print(text, markup=False, soft_wrap=True)
        return
    lines = [
        textwrap.fill(line, screen.width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    ]
    screen.print("\n".join(lines), markup=False, soft_wrap=True)


def print_json(data: Any) -> None:
    """Print one JSON object on stdout."""
    json.dump(data, sys.stdout, allow_nan=False)
    sys.stdout.write("\n")
    sys.stdout.flush()


def status(met: bool, margin: float | None) -> Text:
    """The verdict as a sign, a word and a colour."""
    return {"pass": Text("✓ pass", "green"), "near": Text("~ near", "yellow"), "fail": Text("✗ fail", "red")}[
        verdict(met, margin)
    ]


def sizing_table(
    parameters: Sequence[Row], sizing: Mapping[str, float], start: Mapping[str, float] | None = None
) -> Table:
    """Sizes with their initial values and their positions in the ranges."""
    table = Table(title=None, box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    table.add_column("size")
    table.add_column("value", justify="right", no_wrap=True)
    if start is not None:
        table.add_column("before", justify="right", no_wrap=True)
    table.add_column("range", no_wrap=True)
    table.add_column("role")
    for parameter in parameters:
        name, unit = parameter["name"], parameter["unit"]
        cells = [format_quantity(sizing[name], unit)]
        if start is not None:
            cells.append(format_quantity(start.get(name), unit))
        span = f"{format_quantity(parameter['minimum'], unit)} … {format_quantity(parameter['maximum'], unit)}"
        at = (
            " at its minimum"
            if sizing[name] <= parameter["minimum"]
            else " at its maximum"
            if sizing[name] >= parameter["maximum"]
            else ""
        )
        if parameter.get("locked"):
            span, at = "locked", ""
        table.add_row(name, *cells, span + at, parameter["role"])
    return table


WIDE_POINTS = 92
"""Columns from which the table of operating points has the column of the inversion."""


def operating_table(points: Mapping[str, Row], width: int) -> Table:
    """Operating points of the devices, with violations marked, in `width` columns of the screen."""
    wide = width >= WIDE_POINTS
    table = Table(title=None, box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for column in ("device", "id", "gm", "gds", "gm/id", *["inversion"] * wide, "vdsat", "vds", "margin", "region"):
        left = column in {"device", "region", "inversion"}
        table.add_column(column, justify="left" if left else "right", no_wrap=column != "device", overflow="fold")
    for name, point in points.items():
        region = str(point["region"])
        table.add_row(
            name,
            format_quantity(point["id"], "A", 3),
            format_quantity(point["gm"], "S", 3),
            format_quantity(point["gds"], "S", 3),
            format_quantity(point["gm_id"], "1/V", 3),
            *[inversion(point["gm_id"] or 0.0)] * wide,
            format_quantity(point["vdsat"], "V", 3),
            format_quantity(point["vds"], "V", 3),
            format_quantity(point["margin"], "V", 3),
            region if region == "saturation" else Text(f"! {region}", "yellow"),
        )
    return table
