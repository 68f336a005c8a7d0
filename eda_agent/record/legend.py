"""A legend names the lines of a plot beside samples of their strokes, in rows of equal columns."""

from __future__ import annotations

import math
from collections.abc import Sequence

from eda_agent.record.svg_text import svg_text

COLOURS = ("#0b6e99", "#c4541b", "#2c8a43", "#8a3fa0", "#a8842c", "#4a4a4a", "#b02a55", "#3a62c0")
"""Distinguishable in print and by most colour-blind readers; lines also differ in their dashes."""
DASHES = ("", "6 3", "2 2", "8 3 2 3", "1 3", "10 4", "4 1", "3 5")
LETTER, SAMPLE, GAP, ROW = 6.4, 24, 12, 18
"""Pixels: width of a wide letter (so that names never touch), position of the line's sample, gap after a name, height
of a row.
"""


def stroke(style: int) -> tuple[str, str]:
    """Colour and dashes of a line; the first 64 styles are all different."""
    return COLOURS[style % len(COLOURS)], DASHES[(style + style // len(COLOURS)) % len(DASHES)]


def stroke_class(style: int) -> str:
    """The class with which a page may give the colour of a style anew, such as for a dark page."""
    return f"c{style % len(COLOURS)}"


def legend(
    entries: Sequence[tuple[str, int]], left: float, width: float, y: float, hidden: Sequence[bool] = ()
) -> list[list[str]]:
    """Rows of SVG elements for lines as (name, style), from `left` over `width` pixels, with the first baseline at
    `y`. `hidden`: by line, whether it is not shown at first.
    """
    if not entries:
        return []
    fit = max(1, int(width / max(SAMPLE + LETTER * len(name) + GAP for name, _ in entries)))
    rows = math.ceil(len(entries) / fit)
    columns = math.ceil(len(entries) / rows)
    drawn: list[list[str]] = [[] for _ in range(rows)]
    for number, (name, style) in enumerate(entries):
        row, x = number // columns, left + width * (number % columns) / columns
        line = y + ROW * row
        colour, dash = stroke(style)
        off = " off" if hidden and hidden[number] else ""
        drawn[row].append(
            f'<g class="entry{off}" data-line="{number}">'
            f'<rect x="{x:.0f}" y="{line - 12:.0f}" width="{width / columns - 4:.0f}" height="{ROW - 2}" opacity="0"/>'
            f'<line x1="{x:.0f}" y1="{line - 4:.0f}" x2="{x + SAMPLE - 4:.0f}" y2="{line - 4:.0f}" stroke="{colour}"'
            f' class="{stroke_class(style)}" stroke-width="2" stroke-dasharray="{dash}"/>'
            f'<text x="{x + SAMPLE:.0f}" y="{line:.0f}" class="tick">{svg_text(name)}</text></g>'
        )
    return drawn
