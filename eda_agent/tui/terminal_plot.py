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


def draw(figure: Any, plots: Sequence[Plot], at: float) -> None:
    """Draw plots of one horizontal axis below each other into a plotext figure; `at`: the place of the cursor."""
    figure.clear_figure()
    if len(plots) > 1:
        figure.subplots(len(plots), 1)
    # frames below each other begin in the same column
    width = max(len(tick_label(value, plot.y)) for plot in plots for value in _levels(plot))
    for row, plot in enumerate(plots):
        _draw_one(figure.subplot(row + 1, 1) if len(plots) > 1 else figure, plot, at, width)


def _levels(plot: Plot) -> list[float]:
    """The marks of the vertical axis."""
    return ticks(*_heights(plot), plot.y)


def _heights(plot: Plot) -> tuple[float, float]:
    values = [y for _, line in shown_lines(plot) for y in line.y if usable(y, plot.y)]
    return span(values + list(plot.levels.values()) or [0.0, 1.0], plot.y)


def _draw_one(figure: Any, plot: Plot, at: float, width: int) -> None:
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
    for mark in plot.marks:
        x, y = place(mark.x, plot.x), place(mark.y, plot.y)
        figure.scatter([x], [y], marker="●", color="white")
        figure.text(mark.label, x, y, color="white", alignment="right" if mark.left else "left")
    figure.vline(at, color="gray")
    along, up = ticks(*ends(plot), plot.x), _levels(plot)
    figure.xticks([place(value, plot.x) for value in along], [tick_label(value, plot.x) for value in along])
    figure.yticks([place(value, plot.y) for value in up], [tick_label(value, plot.y).rjust(width) for value in up])
    figure.xlim(*ends(plot))
    figure.ylim(*_heights(plot))


def values_at(plots: Sequence[Plot], at: float) -> Text:
    """The legend of a figure: the place of the cursor, and each line with its values there."""
    axis = plots[-1].x
    text = Text(f" {format_quantity(10**at if axis.log else at, axis.unit, 4)}")
    for number, line in shown_lines(plots[0]):
        text.append("   ● ", COLOURS[number % len(COLOURS)])
        text.append(f"{line.name} " if line.name else "")
        text.append(", ".join(_value(plot, plot.lines[number], at) for plot in plots if number < len(plot.lines)))
    return text


def _value(plot: Plot, line: Line, at: float) -> str:
    places = [place(x, plot.x) if usable(x, plot.x) else math.inf for x in line.x]
    value = line.y[min(range(len(places)), key=lambda number: abs(places[number] - at))]
    return format_quantity(value, plot.y.unit, 4) if plot.y.unit else plain_number(value, 4)
