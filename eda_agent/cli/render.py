"""Rendering makes the tables that commands print, with rich. Colour never carries meaning alone."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.text import Text

from eda_agent.cli.fitting import Column, fitting
from eda_agent.errors import visible
from eda_agent.record.labels import end_text, verdict
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


def status(spec: Row, result: Row) -> Text:
    """The verdict on a result as a sign, a word and a colour."""
    words = {
        "pass": ("✓ pass", "green"),
        "thin": ("✓ thin", "yellow"),
        "near": ("~ near", "yellow"),
        "fail": ("✗ fail", "red"),
    }
    return Text(*words[verdict(spec, result)])


def sizing_table(
    parameters: Sequence[Row],
    sizing: Mapping[str, float],
    start: Mapping[str, float] | None = None,
    width: int = PIPED_WIDTH,
) -> RenderableType:
    """Sizes with their initial values and their positions in the ranges, in `width` columns of the screen: where there
    is too little room, roles and then initial values are left out.
    """
    units = {entry["name"]: entry["unit"] for entry in parameters}
    columns = [
        Column("size", list(units), "left"),
        Column("value", [format_quantity(sizing[name], unit) for name, unit in units.items()]),
    ]
    if start is not None:
        before = [format_quantity(start.get(name), unit) for name, unit in units.items()]
        columns.append(Column("before", before, drop=1))
    columns += [
        Column("range", [_range_text(entry, sizing[entry["name"]]) for entry in parameters], "left"),
        Column("role", [entry["role"] for entry in parameters], "left", drop=2),
    ]
    return fitting(columns, width)


def _range_text(parameter: Row, value: float) -> str:
    """The range of a size, and whether the value is at an end of it."""
    if parameter.get("locked"):
        return "locked"
    low, high, unit = parameter["minimum"], parameter["maximum"], parameter["unit"]
    return f"{format_quantity(low, unit)} … {format_quantity(high, unit)} {end_text(parameter, value)}".rstrip()


DROPPED_POINTS = {"inversion": 4, "gds": 3, "gm": 2, "vdsat": 1}
"""Columns of operating points that are left out where there is too little room, the highest number first."""


def operating_table(points: Mapping[str, Row], width: int) -> RenderableType:
    """Operating points of the devices, with violations marked, in `width` columns of the screen."""
    units = {"id": "A", "gm": "S", "gds": "S", "gm/id": "1/V", "vdsat": "V", "vds": "V", "margin": "V"}
    cells: dict[str, list[str | Text]] = {"device": list(points)}
    for name, unit in units.items():
        cells[name] = [format_quantity(point[name.replace("/", "_")], unit, 3) for point in points.values()]
        if name == "gm/id":
            cells["inversion"] = [inversion(point["gm_id"] or 0.0) for point in points.values()]
    regions = [str(point["region"]) for point in points.values()]
    cells["region"] = [one if one == "saturation" else Text(f"! {one}", "yellow") for one in regions]
    columns = [
        Column(name, texts, "right" if name in units else "left", DROPPED_POINTS.get(name, 0))
        for name, texts in cells.items()
    ]
    return fitting(columns, width)
