"""A terminal histogram shows how values spread, drawn with plotext: bars, the mean and the limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eda_agent.record.axis import Axis, place, tick_label, ticks

_MOST_BARS, _LEAST_BARS = 24, 6


def draw_histogram(
    figure: Any, values: Sequence[float], unit: str, limits: Sequence[float], mean: float | None
) -> None:
    """Draw values into a plotext figure. A limit farther from them than they spread would squeeze all bars into one: an
    arrow at the edge points to it.
    """
    figure.clear_figure()
    if len(values) < 2 or not max(values) > min(values):
        return
    spread = max(values) - min(values)
    far = [limit for limit in limits if not min(values) - spread <= limit <= max(values) + spread]
    limits = [limit for limit in limits if limit not in far]
    bars = min(_MOST_BARS, max(_LEAST_BARS, len(values) // 5))
    low, high = min(*values, *limits) - 0.03 * spread, max(*values, *limits) + 0.03 * spread
    begin, width = min(values), spread / bars
    counts = [0] * bars
    for value in values:
        counts[min(int((value - begin) / width), bars - 1)] += 1
    top = 1.2 * max(counts)
    figure.bar([begin + (number + 0.5) * width for number in range(bars)], counts, width=1.0, marker="sd")
    for limit in limits:
        _line(figure, limit, "limit", "red", top, left=limit > (low + high) / 2)
    for limit in far:
        _arrow(figure, limit, unit, (low, high), top)
    if mean is not None:
        _line(figure, mean, "mean", "gray", top, left=False)
    across, up = Axis("", unit), Axis("samples", whole=True)
    figure.xlim(low, high)
    figure.ylim(0, top)
    along = ticks(low, high, across)
    figure.xticks([place(value, across) for value in along], [tick_label(value, across) for value in along])
    heights = ticks(0.0, max(counts), up)
    figure.yticks(heights, [tick_label(value, up) for value in heights])


def _arrow(figure: Any, limit: float, unit: str, ends: tuple[float, float], top: float) -> None:
    """An arrow to a limit outside the plot, above the bars."""
    beyond, label = limit > ends[1], tick_label(limit, Axis("", unit))
    text, side = (f"limit {label} → ", "right") if beyond else (f" ← limit {label}", "left")
    figure.text(text, ends[1] if beyond else ends[0], top, color="red", background="default", alignment=side)


def _line(figure: Any, at: float, name: str, colour: str, top: float, *, left: bool) -> None:
    figure.vline(at, color=colour)
    text, side = (f"{name} ", "right") if left else (f" {name}", "left")
    figure.text(text, at, top, color="default", background="default", alignment=side)
