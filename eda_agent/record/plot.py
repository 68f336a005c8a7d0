"""A plot is a small SVG drawing of lines and marks for reports and pictures."""

from __future__ import annotations

from collections.abc import Sequence

from eda_agent.record.axis import Axis
from eda_agent.record.legend import ROW, legend
from eda_agent.record.panel import LEFT, panel
from eda_agent.record.plot_data import Line, Mark, Plot
from eda_agent.record.svg_text import svg_text

__all__ = ["Axis", "Line", "Mark", "Plot", "line_plot", "side_by_side", "stacked", "standing_alone"]

_NAMES = 18
"""Pixels of the first row of names."""


def line_plot(plot: Plot) -> str:
    """The plot as an SVG element with a title for screen readers. Lines are named below unless there is only one."""
    return stacked(plot.title, [plot])


def stacked(title: str, plots: Sequence[Plot]) -> str:
    """Plots of the same lines over the same x axis, one below the other in one SVG element, with one legend below."""
    named = plots[0].lines if len(plots[0].lines) > 1 else ()
    heights = [plot.height - (_NAMES if named and plot is plots[-1] else 0) for plot in plots]
    panels = [panel(plot, height) for plot, height in zip(plots, heights, strict=True)]
    if not any(panels):
        return nothing(title, plots[0].width)
    width, bottom = max(plot.width for plot in plots), sum(heights)
    names = legend(entries(plots[0]), LEFT, width - LEFT, bottom + 10, [line.hidden for line in named]) if named else []
    parts, y = [], 0.0
    for drawn, height in zip(panels, heights, strict=True):
        parts += [f'<g transform="translate(0 {y:g})">', *drawn, "</g>"] if y else drawn
        y += height
    spare = ROW * (len(names) - _rows_with_lines(names, [line.hidden for line in named]))
    return drawing(title, width, bottom + ROW * len(names), [*parts, *(one for row in names for one in row)], spare)


def _rows_with_lines(names: Sequence[Sequence[str]], hidden: Sequence[bool]) -> int:
    """The number of rows of a legend, from the first to the last with a line that is shown at first."""
    place, last = 0, 0
    for number, row in enumerate(names, 1):
        last = number if not all(hidden[place : place + len(row)]) else last
        place += len(row)
    return last


def side_by_side(title: str, plots: Sequence[Plot]) -> str:
    """Plots of the same lines side by side in one SVG element, with one legend below."""
    width, height = sum(plot.width for plot in plots), max((plot.height for plot in plots), default=0)
    names = legend(entries(plots[0]), LEFT, width - LEFT, height + 10) if plots else []
    parts: list[str] = []
    x = 0
    for plot in plots:
        drawn = panel(plot, plot.height) or [f'<text x="4" y="24">{svg_text(plot.title)}: nothing to draw</text>']
        parts += [f'<g transform="translate({x} 0)">', *drawn, "</g>"]
        x += plot.width
    return drawing(title, width, height + ROW * len(names) + 4, [*parts, *(entry for row in names for entry in row)])


def nothing(title: str, width: int) -> str:
    """The drawing of a plot without a single value."""
    words = f"{svg_text(title)}: nothing to draw"
    return f'<svg role="img" width="{width}" height="40"><text x="4" y="24">{words}</text></svg>'


def drawing(title: str, width: float, height: float, parts: Sequence[str], spare: float = 0.0) -> str:
    """An SVG element of these parts. `spare`: pixels at its bottom that are empty on paper."""
    style = f' style="--spare:{spare:g}px"' if spare else ""
    return "\n".join(
        [
            f'<svg role="img" aria-label="{svg_text(title)}" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
            f' height="{height:g}" class="plot"{style}>',
            f"<title>{svg_text(title)}</title>",
            *parts,
            "</svg>",
        ]
    )


def entries(plot: Plot) -> list[tuple[str, int]]:
    """Name and style of each line."""
    return [(line.name, number if line.style is None else line.style) for number, line in enumerate(plot.lines)]


STYLE = (
    ".plot text{font:11px system-ui,sans-serif;fill:currentColor}.plot .title{font-weight:600;font-size:12px}"
    ".plot .frame{fill:none;stroke:currentColor;opacity:.5}.plot .grid{stroke:currentColor;opacity:.12}"
    ".plot .level{stroke:#b00020;stroke-dasharray:5 4}.plot .zero{stroke:currentColor;opacity:.45}"
    ".plot .tick{opacity:.85}.plot .point circle{fill:#fff;stroke:currentColor;stroke-width:1.5}"
    ".plot .area{fill:#0b6e99;fill-opacity:.75}.plot .bar{stroke:currentColor;stroke-width:1.5}"
    ".plot .off:is(polyline){display:none}.plot .curves *{vector-effect:non-scaling-stroke}"
)
"""The style of an SVG element; text takes the colour of the page."""


def standing_alone(svg: str) -> str:
    """An SVG element as a complete file: with the page's style, dark on white."""
    paper = f'<style>{STYLE}.plot{{color:#1c2024}}</style><rect width="100%" height="100%" fill="#fff"/>'
    return (
        svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace("<title>", f"{paper}<title>", 1)
        + "\n"
    )
