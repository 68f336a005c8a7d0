"""The line window is the part of a supply sweep over which a line regulation is measured. It is marked on the sweep and
drawn once more alone, as the change since its lowest supply, because the drop-out beside it is a thousand times as
high.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from eda_agent.record.plot_data import Line, Plot

Windows = Mapping[str, Sequence[float]]
"""corner → its lowest and highest supply"""


def marked(plot: Plot, windows: Windows, corner: str) -> Plot:
    """The sweep with the window of one corner as two vertical lines."""
    if corner not in windows:
        return plot
    low, high = windows[corner]
    return replace(plot, verticals={"line_low": low, "line_high": high})


def alone(plot: Plot, windows: Windows, corners: Sequence[str]) -> Plot | None:
    """The lines of the sweep, each in its own window only, as changes since line_low; None if all of it is a window.

    Args:
        corners: of each line.
    """
    if not windows or not plot.lines:
        return None
    lines = [
        _within(line, windows[corner]) for line, corner in zip(plot.lines, corners, strict=True) if corner in windows
    ]
    if not lines or all(len(line.x) < 2 for line in lines):
        return None
    if sum(len(line.x) for line in lines) == sum(len(line.x) for line in plot.lines):
        return None
    return replace(plot, title=f"{plot.title}, change since line_low", lines=lines)


def _within(line: Line, window: Sequence[float]) -> Line:
    """The points of a line in its window; the ends may be off by the rounding of a sweep's steps."""
    low, high = window
    slack = 1e-6 * (high - low)
    kept = [(x, y) for x, y in zip(line.x, line.y, strict=True) if low - slack <= x <= high + slack]
    start = min(kept, default=(0.0, 0.0))[1]
    return replace(line, x=[x for x, _ in kept], y=[y - start for _, y in kept])
