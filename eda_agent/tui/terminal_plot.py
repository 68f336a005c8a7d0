"""A terminal plot is a figure of the report, drawn with plotext: the same lines, axes and marks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.text import Text

from eda_agent.record.axis import place, span, tick_label, ticks, usable
from eda_agent.record.plot_data import Line, Plot
from eda_agent.units import format_quantity, plain_number

COLOURS = ("cyan", "magenta", "yellow", "green", "red", "blue")


def shown_lines(plot: Plot) -> list[tuple[int, Line]]:
    """The lines that are not hidden, with their positions."""
    return [(number, line) for number, line in enumerate(plot.lines) if not line.hidden]


def ends(plot: Plot) -> tuple[float, float]:
    """Both ends of the horizontal axis, as places (`record.axis`)."""
    return span([x for _, line in shown_lines(plot) for x in line.x if usable(x, plot.x)], plot.x)


FRAME = 4
"""Lines of a plot for its frame and the numbers below it."""

CLOSE = 0.2
"""Share of the width within which the label of a mark would cover the next mark."""


def draw(figure: Any, plots: Sequence[Plot], at: float | None, height: int) -> None:
    """Draw plots of one horizontal axis below each other into a plotext figure of `height` lines; `at`: the place of
    the cursor, None for none.
    """
    figure.clear_figure()
    if len(plots) > 1:
        figure.subplots(len(plots), 1)
    # frames below each other begin in the same column
    lines = max(height // len(plots) - FRAME, 2)
    levels = [_levels(plot, lines) for plot in plots]
    width = max(len(tick_label(value, plot.y)) for plot, values in zip(plots, levels, strict=True) for value in values)
    for row, (plot, values) in enumerate(zip(plots, levels, strict=True)):
        _draw_one(figure.subplot(row + 1, 1) if len(plots) > 1 else figure, plot, at, values, width)


def _levels(plot: Plot, lines: int) -> list[float]:
    """The marks of the vertical axis: at most one in two lines, or a line would have the number of another. 0 stays."""
    values = ticks(*_heights(plot), plot.y)
    every = max(1, -(-2 * len(values) // lines))
    first = next((place % every for place, value in enumerate(values) if value == 0.0), 0)
    kept = values[first::every]
    if not kept or kept[-1] == values[-1]:
        return kept
    # the highest mark stays: beside the one below it if there is a free line between them, else in its place
    beside = (len(values) - 1 - values.index(kept[-1])) * lines >= 2 * len(values)
    return [*(kept if beside or kept[-1] == 0.0 else kept[:-1]), values[-1]]


def _heights(plot: Plot) -> tuple[float, float]:
    values = [y for _, line in shown_lines(plot) for y in line.y if usable(y, plot.y)]
    return span(values + list(plot.levels.values()) or [0.0, 1.0], plot.y)


def _draw_one(figure: Any, plot: Plot, at: float | None, up: Sequence[float], width: int) -> None:
    for number, line in shown_lines(plot):
        points = [(x, y) for x, y in zip(line.x, line.y, strict=True) if usable(x, plot.x) and usable(y, plot.y)]
        figure.plot(
            [place(x, plot.x) for x, _ in points],
            [place(y, plot.y) for _, y in points],
            marker="braille",
            color=COLOURS[number % len(COLOURS)],
        )
    for level in plot.levels.values():
        figure.hline(place(level, plot.y), color="gray")
    low, high = ends(plot)
    for mark in plot.marks:
        x, y = place(mark.x, plot.x), place(mark.y, plot.y)
        near = any(0 < place(other.x, plot.x) - x < CLOSE * (high - low) for other in plot.marks)
        # the text covers the cell of the mark; without a background it has that of a figure without a theme: white
        left = mark.left or near
        text, side = (f"{mark.label} ●", "right") if left else (f"● {mark.label}", "left")
        figure.text(text, x, y, color="default", background="default", alignment=side)
    if at is not None:
        figure.vline(at, color="gray")
    along = ticks(*ends(plot), plot.x)
    figure.xticks([place(value, plot.x) for value in along], [tick_label(value, plot.x) for value in along])
    figure.yticks([place(value, plot.y) for value in up], [tick_label(value, plot.y).rjust(width) for value in up])
    figure.xlim(*ends(plot))
    figure.ylim(*_heights(plot))


def legend(plot: Plot) -> Text:
    """The names of the lines in their colours."""
    text = Text()
    for number, line in shown_lines(plot):
        text.append(" ● ", COLOURS[number % len(COLOURS)]).append(line.name)
    return text


def values_at(plots: Sequence[Plot], at: float, width: int) -> Text:
    """The legend of a figure in lines of `width` cells: the place of the cursor, and each line's values there."""
    axis = plots[-1].x
    text = Text(f" {format_quantity(10**at if axis.log else at, axis.unit, 4)}")
    used = text.cell_len
    for number, line in shown_lines(plots[0]):
        values = ", ".join(_value(plot, plot.lines[number], at) for plot in plots if number < len(plot.lines))
        entry = Text("   ").append("● ", COLOURS[number % len(COLOURS)]).append(f"{line.name} {values}".strip())
        if used + entry.cell_len > width:
            text.append("\n")
            used = 0
        text.append_text(entry)
        used += entry.cell_len
    return text


def _value(plot: Plot, line: Line, at: float) -> str:
    places = [place(x, plot.x) if usable(x, plot.x) else math.inf for x in line.x]
    value = line.y[min(range(len(places)), key=lambda number: abs(places[number] - at))]
    return format_quantity(value, plot.y.unit, 4) if plot.y.unit else plain_number(value, 4)
