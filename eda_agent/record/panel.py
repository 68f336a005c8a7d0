"""A panel is one frame of a plot as SVG: axes, lines, levels and marks.

The curves lie in an inner drawing of the frame's size, so that a script can zoom by moving them alone. A panel's
`data-` attributes have what the script needs for new marks on the axes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from eda_agent.record.axis import Axis, place, span, tick_label, ticks, usable
from eda_agent.record.legend import LETTER, stroke, stroke_class
from eda_agent.record.plot_data import Mark, Plot
from eda_agent.record.svg_text import svg_text

LEFT, RIGHT, TOP, BOTTOM = 80, 24, 28, 44
"""Pixels around the frame, for the marks of its axes and its title."""
_MOST_POINTS = 1500
_LETTERS_HIGH = 12
"""Pixels that a label needs above its line."""


def panel(plot: Plot, height: float) -> list[str]:
    """SVG elements of the plot without its legend, `plot.width` × `height` pixels; [] if there is nothing to draw."""
    xs = [value for line in plot.lines for value in line.x if usable(value, plot.x)]
    ys = [value for line in plot.lines for value in line.y if usable(value, plot.y)]
    if not xs or not ys:
        return []
    ys += [value for value in plot.levels.values() if usable(value, plot.y)]
    xs += [value for value in plot.verticals.values() if usable(value, plot.x)]
    frame = Frame(plot, span(xs, plot.x), span(ys, plot.y), plot.width - LEFT - RIGHT, height - TOP - BOTTOM)
    zoom = (
        f' data-box="{LEFT},{TOP},{frame.width:g},{frame.height:g}"'
        f' data-x="{_data(frame.xs, plot.x)}" data-y="{_data(frame.ys, plot.y)}"'
        f' data-units="{svg_text(plot.x.unit)}|{svg_text(plot.y.unit)}"'
    )
    return framed(frame, frame.curves(), zoom)


def framed(frame: Frame, curves: Sequence[str], zoom: str = "") -> list[str]:
    """A frame with its title, axes, levels and marks around `curves`. `zoom`: attributes for the page's script."""
    plot = frame.plot
    return [
        f'<g class="panel"{zoom}>',
        f'<text x="{LEFT}" y="16" class="title">{svg_text(plot.title)}</text>',
        f'<rect x="{LEFT}" y="{TOP}" width="{frame.width:g}" height="{frame.height:g}" class="frame"/>',
        *_title_of_y(plot),
        *frame.axes(),
        f'<svg x="{LEFT}" y="{TOP}" width="{frame.width:g}" height="{frame.height:g}" class="curves"><g>',
        *curves,
        *frame.levels(),
        "</g></svg>",
        *(frame.mark(mark) for mark in plot.marks),
        *frame.names(),
        f'<text x="{LEFT + frame.width / 2:g}" y="{TOP + frame.height + 32:g}" class="tick"'
        f' text-anchor="middle">{svg_text(plot.x.label)}</text>',
        "</g>",
    ]


def _title_of_y(plot: Plot) -> list[str]:
    """The name of the y axis over the right end of the frame, apart from the plot's title; an axis that is named by its
    unit has it in the marks.
    """
    axis = plot.y
    if not axis.label or axis.label == axis.unit:
        return []
    return [f'<text x="{plot.width - RIGHT}" y="16" class="tick" text-anchor="end">↑ {svg_text(axis.label)}</text>']


def _data(ends: tuple[float, float], axis: Axis) -> str:
    return f"{ends[0]:.8g},{ends[1]:.8g},{int(axis.log)},{axis.step or 0:g},{int(axis.whole)}"


class Frame:
    """A plot's frame: values become pixels from its upper left corner."""

    def __init__(
        self, plot: Plot, xs: tuple[float, float], ys: tuple[float, float], width: float, height: float
    ) -> None:
        self.plot, self.xs, self.ys, self.width, self.height = plot, xs, ys, width, height

    def px(self, value: float) -> float:
        return self.width * (place(value, self.plot.x) - self.xs[0]) / (self.xs[1] - self.xs[0])

    def py(self, value: float) -> float:
        return self.height * (1 - (place(value, self.plot.y) - self.ys[0]) / (self.ys[1] - self.ys[0]))

    def axes(self) -> list[str]:
        """The grid with the marks of both axes."""
        parts = ['<g class="ticks">']
        marks = [(LEFT + self.px(value), tick_label(value, self.plot.x)) for value in ticks(*self.xs, self.plot.x)]
        for (x, label), named in zip(marks, _room(marks), strict=True):
            parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{TOP + self.height:g}" class="grid"/>')
            if named:
                parts.append(
                    f'<text x="{x:.1f}" y="{TOP + self.height + 17:g}" class="tick"'
                    f' text-anchor="middle">{svg_text(label)}</text>'
                )
        for value in ticks(*self.ys, self.plot.y):
            y = TOP + self.py(value)
            # the lowest one keeps off the marks of the x axis
            base = min(y + 4, TOP + self.height)
            parts.append(
                f'<line x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + self.width:g}" y2="{y:.1f}" class="grid"/><text'
                f' x="{LEFT - 6}" y="{base:.1f}" class="tick"'
                f' text-anchor="end">{svg_text(tick_label(value, self.plot.y))}</text>'
            )
        return [*parts, "</g>"]

    def levels(self) -> list[str]:
        """Horizontal and vertical lines; an unnamed level, such as 0 dB, is a reference rather than a limit."""
        parts = []
        for name, value in self.plot.levels.items():
            if usable(value, self.plot.y):
                y = self.py(value)
                parts.append(self._rule(0, y, self.width, y, "level" if name else "zero"))
        for name, value in self.plot.verticals.items():
            if usable(value, self.plot.x):
                x = self.px(value)
                parts.append(self._rule(x, 0, x, self.height, "level" if name in self.plot.limits else "zero"))
        return parts

    def _rule(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
        return f'<line x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}" class="{kind}"/>'

    def names(self) -> list[str]:
        """The names of levels and verticals, which a script moves with their lines."""
        parts = []
        for name, value in self.plot.levels.items():
            if name and usable(value, self.plot.y):
                parts.append(self._text(name, self.width - 4, self.py(value) - 4, "end", "y"))
        for number, (name, value) in enumerate(self.plot.verticals.items()):
            if usable(value, self.plot.x):
                x = self.px(value)
                right = x > self.width / 2
                parts.append(
                    self._text(name, x + (-4 if right else 4), 12 + 13 * number, "end" if right else "start", "x")
                )
        return parts

    def _text(self, text: str, x: float, y: float, anchor: str, moves: str) -> str:
        return (
            f'<g class="mark" data-at="{x:.2f},{y:.2f}" data-moves="{moves}"'
            f' transform="translate({LEFT + x:.2f} {TOP + y:.2f})">'
            f'<text class="tick halo" text-anchor="{anchor}">{svg_text(text)}</text></g>'
        )

    def curves(self) -> list[str]:
        parts = []
        for number, line in enumerate(self.plot.lines):
            points = [
                (self.px(x), self.py(y))
                for x, y in zip(line.x, line.y, strict=True)
                if usable(x, self.plot.x) and usable(y, self.plot.y)
            ]
            path = " ".join(f"{x:.2f},{y:.2f}" for x, y in _thinned(points))
            style = number if line.style is None else line.style
            colour, dash = stroke(style)
            parts.append(
                f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6" stroke-dasharray="{dash}"'
                f' class="{stroke_class(style)}{" off" if line.hidden else ""}" data-line="{number}"'
                f' data-name="{svg_text(line.name)}"/>'
            )
        return parts

    def mark(self, mark: Mark) -> str:
        """A point with its label; with `to`, a bar from the point to that value."""
        if not usable(mark.x, self.plot.x) or not usable(mark.y, self.plot.y):
            return ""
        x, y = self.px(mark.x), self.py(mark.y)
        bar, drop = "", -6.0
        if mark.to is not None and usable(mark.to, self.plot.y):
            end = self.py(mark.to)
            bar = f'<line class="bar" x1="0" y1="0" x2="0" y2="{end - y:.2f}" data-to="{end:.2f}"/>'
            drop = (end - y) / 2 + 4
            if abs(end - y) < _LETTERS_HIGH:
                # a short bar has no room for the label beside it: it goes to the side away from the other end
                drop = 16.0 if end <= y else -8.0
        if y + drop < _LETTERS_HIGH:
            # not into the title
            drop = 16.0
        left = mark.left or x > 0.85 * self.width
        return (
            f'<g class="mark point" data-line="{mark.line}" data-at="{x:.2f},{y:.2f}" data-moves="xy"'
            f' transform="translate({LEFT + x:.2f} {TOP + y:.2f})">{bar}<circle r="3.5"/>'
            f'<text class="tick halo" x="{-7 if left else 7}" y="{drop:.1f}"'
            f' text-anchor="{"end" if left else "start"}">{svg_text(mark.label)}</text></g>'
        )


def _room(marks: Sequence[tuple[float, str]]) -> list[bool]:
    """Which labels at these pixels are written, so that none touches the one before."""
    end, named = -math.inf, []
    for x, label in marks:
        half = LETTER * len(label) / 2
        named.append(x - half > end)
        end = x + half + 4 if named[-1] else end
    return named


def _thinned(points: Sequence[tuple[float, float]], most: int = _MOST_POINTS) -> list[tuple[float, float]]:
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
