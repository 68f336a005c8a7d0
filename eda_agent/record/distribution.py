"""A distribution is drawn twice: as a histogram, and against the quantiles of a normal distribution, on which a normal
one is a straight line and its tails are seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from eda_agent.record.axis import Axis, span
from eda_agent.record.panel import BOTTOM, LEFT, RIGHT, TOP, Frame, framed
from eda_agent.record.plot import Plot, drawing, nothing
from eda_agent.record.svg_text import svg_text

_WIDTH, _HEIGHT = 460, 240


def histogram(
    title: str,
    values: Sequence[float],
    axis: Axis,
    verticals: Mapping[str, float],
    limits: Sequence[str] = (),
    beyond: Mapping[str, float] | None = None,
) -> str:
    """The histogram of values as an SVG element, with vertical lines such as the mean; those in `limits` are limits.
    `beyond`: limits outside the plot.
    """
    found = _finite(values)
    if not found:
        return nothing(title, _WIDTH)
    ends = _padded(span([*found, *_finite(list(verticals.values()))], axis))
    bins = max(8, min(30, round(math.sqrt(len(found)) * 2)))
    low, high = _padded((found[0], found[-1]))
    counts = [0] * bins
    for value in found:
        counts[min(int((value - low) / (high - low) * bins), bins - 1)] += 1
    frame = _frame(title, axis, Axis("samples", whole=True), ends, (0.0, 1.35 * max(counts)), verticals, limits)
    step = (high - low) / bins
    bars = [
        f'<rect x="{frame.px(low + step * number):.2f}" y="{frame.py(count):.2f}"'
        f' width="{max(frame.px(low + step) - frame.px(low) - 1, 0.5):.2f}"'
        f' height="{frame.height - frame.py(count):.2f}" class="area c0"><title>{count} samples</title></rect>'
        for number, count in enumerate(counts)
        if count
    ]
    # below the names of the vertical lines
    below = TOP + 12 + 13 * len(verticals)
    return drawing(title, _WIDTH, _HEIGHT, [*framed(frame, bars), *_pointers(frame, beyond or {}, (below, below))])


def normal_plot(
    title: str,
    values: Sequence[float],
    axis: Axis,
    limits: Mapping[str, float],
    mean: float,
    sigma: float,
    beyond: Mapping[str, float] | None = None,
) -> str:
    """Each value against its normal quantile, (i − 0.375) / (n + 0.25) (G. Blom, "Statistical estimates and transformed
    beta-variables", 1958), with the line of a normal distribution of this mean and standard deviation.
    """
    from scipy.special import ndtri

    found = _finite(values)
    if len(found) < 2:
        return nothing(title, _WIDTH)
    quantiles = [float(ndtri((rank + 0.625) / (len(found) + 0.25))) for rank in range(len(found))]
    ends = _padded(span([*found, *_finite(list(limits.values()))], axis))
    reach = math.ceil(quantiles[-1] * 1.05)
    frame = _frame(title, axis, Axis("quantile", "σ"), ends, (-reach, reach), limits, list(limits))
    low, high = mean - reach * sigma, mean + reach * sigma
    line = (
        f'<line x1="{frame.px(low):.2f}" y1="{frame.py(-reach):.2f}" x2="{frame.px(high):.2f}"'
        f' y2="{frame.py(reach):.2f}" class="zero"/>'
    )
    dots = [
        f'<circle cx="{frame.px(value):.2f}" cy="{frame.py(quantile):.2f}" r="2" class="area c0"/>'
        for value, quantile in zip(found, quantiles, strict=True)
    ]
    return drawing(
        title,
        _WIDTH,
        _HEIGHT,
        [*framed(frame, [line, *dots]), *_pointers(frame, beyond or {}, (TOP + 10, TOP + frame.height - 14))],
    )


def _pointers(frame: Frame, beyond: Mapping[str, float], heights: tuple[float, float]) -> list[str]:
    """Each limit outside a plot as an arrow at the edge towards it, with its name. `heights`: left, right."""
    parts = []
    for name, limit in beyond.items():
        right = limit > frame.xs[1]
        x, y = LEFT + (frame.width if right else 0.0), heights[right]
        way, anchor = (-1, "end") if right else (1, "start")
        parts.append(
            f'<path d="M {x + way * 22:.1f} {y:.1f} H {x:.1f} m {way * 6} -4 L {x:.1f} {y:.1f} l {way * 6} 4"'
            f' class="level" style="stroke-dasharray:none" fill="none"/><text x="{x + way * 26:.1f}" y="{y + 4:.1f}"'
            f' class="tick halo" text-anchor="{anchor}">{svg_text(name)}</text>'
        )
    return parts


def _frame(
    title: str,
    x: Axis,
    y: Axis,
    xs: tuple[float, float],
    ys: tuple[float, float],
    verticals: Mapping[str, float],
    limits: Sequence[str],
) -> Frame:
    plot = Plot(title, x, y, (), {}, _WIDTH, _HEIGHT, dict(verticals), tuple(limits))
    return Frame(plot, xs, ys, _WIDTH - LEFT - RIGHT, _HEIGHT - TOP - BOTTOM)


def _finite(values: Sequence[float]) -> list[float]:
    return sorted(value for value in values if math.isfinite(value))


def _padded(ends: tuple[float, float]) -> tuple[float, float]:
    low, high = ends
    pad = 0.03 * (high - low) or abs(low) * 1e-6 or 1.0
    return low - pad, high + pad
