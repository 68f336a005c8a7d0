"""A plot is a small SVG drawing of lines, bars and marks for reports."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from eda_agent.record.legend import COLOURS, ROW, legend, stroke
from eda_agent.units import format_quantity, plain_number


@dataclass(frozen=True)
class Axis:
    """`unit` is written with engineering prefixes. `low`, `high`: None for the data's own. `whole`: a count, with marks
    at whole numbers only.
    """

    label: str
    unit: str = ""
    log: bool = False
    low: float | None = None
    high: float | None = None
    whole: bool = False


@dataclass(frozen=True)
class Line:
    """`style`: number of its colour and dashes; None for its position among the lines."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    style: int | None = None


@dataclass(frozen=True)
class Plot:
    """`levels`: horizontal lines, name → value, such as targets. `height` includes one row of names below; more rows
    add to it.
    """

    title: str
    x: Axis
    y: Axis
    lines: Sequence[Line]
    levels: Mapping[str, float] = field(default_factory=dict)
    width: int = 640
    height: int = 320


LEFT = 70
"""Pixels left of a plot's frame, for the marks of its axis."""


def line_plot(plot: Plot, *, named: bool = True) -> str:
    """The plot as an SVG element with a title for screen readers and `data-` attributes for a cursor. Lines are named
    below unless `named` is false or there is only one.
    """
    left, right, top = LEFT, 14, 28
    names = legend(entries(plot), left, plot.width - left, plot.height - 8) if named and len(plot.lines) > 1 else []
    inner = plot.width - left - right, plot.height - top - (62 if names else 44)
    height = plot.height + ROW * max(0, len(names) - 1)
    xs = [value for line in plot.lines for value in line.x if _usable(value, plot.x)]
    ys = [value for line in plot.lines for value in line.y if _usable(value, plot.y)] + [
        v for v in plot.levels.values() if _usable(v, plot.y)
    ]
    if not xs or not ys:
        return (
            f'<svg role="img" width="{plot.width}" height="40"><text x="4" y="24">{escape(plot.title)}: nothing to'
            " draw</text></svg>"
        )
    x0, x1 = _span(xs, plot.x)
    y0, y1 = _span(ys, plot.y)

    def px(value: float) -> float:
        return left + inner[0] * (_place(value, plot.x) - x0) / (x1 - x0)

    def py(value: float) -> float:
        return top + inner[1] * (1 - (_place(value, plot.y) - y0) / (y1 - y0))

    parts = [
        (
            f'<svg role="img" aria-label="{escape(plot.title)}" viewBox="0 0 {plot.width} {height}"'
            f' width="{plot.width}" height="{height}" class="plot" data-box="{left},{top},{inner[0]},{inner[1]}"'
            f' data-x="{x0:.6g},{x1:.6g},{int(plot.x.log)}" data-y="{y0:.6g},{y1:.6g},{int(plot.y.log)}">'
        ),
        f"<title>{escape(plot.title)}</title>",
        f'<text x="{left}" y="16" class="title">{escape(plot.title)}</text>',
        f'<rect x="{left}" y="{top}" width="{inner[0]}" height="{inner[1]}" class="frame"/>',
    ]
    for value in _ticks(x0, x1, plot.x):
        place = px(value)
        parts.append(
            f'<line x1="{place:.1f}" y1="{top}" x2="{place:.1f}" y2="{top + inner[1]}" class="grid"/><text'
            f' x="{place:.1f}" y="{top + inner[1] + 15}" class="tick"'
            f' text-anchor="middle">{escape(_label(value, plot.x))}</text>'
        )
    for value in _ticks(y0, y1, plot.y):
        place = py(value)
        parts.append(
            f'<line x1="{left}" y1="{place:.1f}" x2="{left + inner[0]}" y2="{place:.1f}" class="grid"/><text'
            f' x="{left - 6}" y="{place + 4:.1f}" class="tick" text-anchor="end">{escape(_label(value, plot.y))}</text>'
        )
    for name, value in plot.levels.items():
        if _usable(value, plot.y):
            parts.append(
                f'<line x1="{left}" y1="{py(value):.1f}" x2="{left + inner[0]}" y2="{py(value):.1f}"'
                f' class="level"/><text x="{left + inner[0] - 4}" y="{py(value) - 4:.1f}" class="tick"'
                f' text-anchor="end">{escape(name)}</text>'
            )
    for line, (_, style) in zip(plot.lines, entries(plot), strict=True):
        points = [
            (px(x), py(y)) for x, y in zip(line.x, line.y, strict=True) if _usable(x, plot.x) and _usable(y, plot.y)
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in _thinned(points))
        colour, dash = stroke(style)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6" stroke-dasharray="{dash}"'
            f' data-name="{escape(line.name)}"/>'
        )
    parts += [entry for row in names for entry in row]
    parts.append(
        f'<text x="{left + inner[0] / 2}" y="{top + inner[1] + 32}" class="tick"'
        f' text-anchor="middle">{escape(plot.x.label)}</text></svg>'
    )
    return "\n".join(parts)


def side_by_side(title: str, plots: Sequence[Plot]) -> str:
    """Plots of the same lines side by side in one SVG element, with one legend below."""
    width, height = sum(plot.width for plot in plots), max(plot.height for plot in plots)
    names = legend(entries(plots[0]), LEFT, width - LEFT, height + 10) if plots else []
    tall = height + ROW * len(names) + 4
    parts = [
        (
            f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 {width} {tall}" width="{width}" height="{tall}"'
            ' class="plot">'
        ),
        f"<title>{escape(title)}</title>",
    ]
    x = 0
    for plot in plots:
        parts.append(f'<g transform="translate({x} 0)">{line_plot(plot, named=False)}</g>')
        x += plot.width
    return "\n".join([*parts, *(entry for row in names for entry in row), "</svg>"])


def entries(plot: Plot) -> list[tuple[str, int]]:
    """Name and style of each line."""
    return [(line.name, number if line.style is None else line.style) for number, line in enumerate(plot.lines)]


def histogram(
    title: str,
    values: Sequence[float],
    unit: str,
    level: float | None = None,
    *,
    width: int = 300,
    height: int = 170,
    bins: int = 20,
) -> str:
    """The histogram of values as an SVG element; `level`: the target."""
    found = sorted(value for value in values if math.isfinite(value))
    if not found:
        return (
            f'<svg role="img" width="{width}" height="40"><text x="4" y="24">{escape(title)}: nothing to'
            " draw</text></svg>"
        )
    ends = [*found, *([level] if level is not None else [])]
    low, high = min(ends), max(ends)
    high = high if high > low else low + (abs(low) or 1.0) * 1e-6
    counts = [0] * bins
    for value in found:
        counts[min(int((value - low) / (high - low) * bins), bins - 1)] += 1
    left, top, inner = 10, 22, (width - 20, height - 50)
    parts = [
        (
            f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 {width} {height}" width="{width}"'
            f' height="{height}" class="plot"><title>{escape(title)}</title>'
        ),
        f'<text x="{left}" y="15" class="title">{escape(title)}</text>',
    ]
    for number, count in enumerate(counts):
        tall = inner[1] * count / max(counts)
        parts.append(
            f'<rect x="{left + inner[0] * number / bins:.1f}" y="{top + inner[1] - tall:.1f}"'
            f' width="{inner[0] / bins - 1:.1f}" height="{tall:.1f}" fill="{COLOURS[0]}"><title>{count}</title></rect>'
        )
    if level is not None:
        place = left + inner[0] * (level - low) / (high - low)
        parts.append(f'<line x1="{place:.1f}" y1="{top}" x2="{place:.1f}" y2="{top + inner[1]}" class="level"/>')
    for value, anchor, place in ((low, "start", left), (high, "end", left + inner[0])):
        parts.append(
            f'<text x="{place}" y="{height - 10}" class="tick"'
            f' text-anchor="{anchor}">{escape(format_quantity(value, unit, 3))}</text>'
        )
    return "\n".join([*parts, "</svg>"])


def _usable(value: float, axis: Axis) -> bool:
    return math.isfinite(value) and (value > 0 or not axis.log)


def _place(value: float, axis: Axis) -> float:
    return math.log10(value) if axis.log else value


def _span(values: Sequence[float], axis: Axis) -> tuple[float, float]:
    low = _place(axis.low if axis.low is not None else min(values), axis)
    high = _place(axis.high if axis.high is not None else max(values), axis)
    if high <= low:
        pad = abs(low) * 0.05 or 0.5
        return low - pad, high + pad
    return low, high


def _ticks(low: float, high: float, axis: Axis) -> list[float]:
    if axis.log:
        first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
        every = max(1, math.ceil((last - first) / 6))
        if high - low <= 3:
            marks = [factor * 10.0**power for power in range(first - 1, last + 1) for factor in (1, 2, 5)]
            return [mark for mark in marks if low - 1e-9 <= math.log10(mark) <= high + 1e-9]
        return [10.0**power for power in range(first, last + 1, every)]
    step = 10 ** math.floor(math.log10((high - low) / 4))
    step *= next((factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= 6), 10)
    step = max(step, 1.0) if axis.whole else step
    first = math.ceil(low / step - 1e-9)
    return [
        float(f"{(first + number) * step:.10g}")
        for number in range(int((high - low) / step + 1e-6) + 1)
        if (first + number) * step <= high * (1 + 1e-9) + 1e-12
    ]


def _label(value: float, axis: Axis) -> str:
    return format_quantity(value, axis.unit, 4) if axis.unit else plain_number(value, 5)


def _thinned(points: Sequence[tuple[float, float]], most: int = 800) -> list[tuple[float, float]]:
    """At most about `most` points, with the extremes of each interval, so that the plot looks the same."""
    if len(points) <= most:
        return list(points)
    size = math.ceil(len(points) / (most / 2))
    result: list[tuple[float, float]] = []
    for start in range(0, len(points), size):
        part = points[start : start + size]
        ends = {part.index(min(part, key=lambda p: p[1])), part.index(max(part, key=lambda p: p[1]))}
        result += [part[index] for index in sorted(ends)]
    return result


STYLE = (
    ".plot text{font:11px system-ui,sans-serif;fill:currentColor}.plot .title{font-weight:600;font-size:12px}"
    ".plot .frame{fill:none;stroke:currentColor;opacity:.5}.plot .grid{stroke:currentColor;opacity:.12}"
    ".plot .level{stroke:#b00020;stroke-dasharray:5 4}.plot .tick{opacity:.85}"
)
"""The style of an SVG element; text takes the colour of the page."""


def standing_alone(svg: str) -> str:
    """An SVG element as a complete file: with the page's style, dark on white."""
    paper = f'<style>{STYLE}.plot{{color:#1c2024}}</style><rect width="100%" height="100%" fill="#fff"/>'
    return (
        svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace("<title>", f"{paper}<title>", 1)
        + "\n"
    )
