"""The marks of a transient or a sweep in a report, each in the shown corner where its metric is worst."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from eda_agent.insight.wave_marks import MARKED, wave_mark
from eda_agent.record.plot_data import Line, Mark, Plot

ALIKE = 0.02
"""Lines that differ by less than this share of the plot's height cannot be told apart."""


def sweep_marks(
    kind: str, corners: Mapping[str, Mapping[str, Any]], about: Mapping[str, Any], places: Mapping[str, int]
) -> tuple[list[Mark], str]:
    """(the marks, a sentence with them).

    Args:
        kind: of the analysis.
        corners: corner → waveform, of the shown corners.
        about: plot labels (`insight.plot_labels`).
        places: corner → the position of its output among the lines.
    """
    known = about.get("marks") or {"metrics": (), "settings": {}}
    marks, told = [], []
    for metric in known["metrics"]:
        if MARKED[metric].kind != kind:
            continue
        found = {}
        for corner, wave in corners.items():
            mark = wave_mark(metric, wave, known["settings"].get(corner, {})) if corner in places else None
            if mark is not None:
                found[corner] = mark
        if not found:
            continue
        # all of these are better when they are small
        worst, (_, point) = max(found.items(), key=lambda pair: pair[1][0])
        marks.append(Mark(point.x, point.y, point.label, to=point.to, line=places[worst], left=kind == "dc"))
        told.append(f"{point.label} in {worst}" if len(corners) > 1 else point.label)
    sentence = ", ".join(told)
    return marks, f"{sentence[0].upper()}{sentence[1:]}." if sentence else ""


def same_lines(plot: Plot) -> str:
    """Which shown lines lie on another, as a sentence: two of them look like one of a third colour."""
    shown = [line for line in plot.lines if not line.hidden and line.y]
    values = [value for line in shown for value in line.y]
    limit = ALIKE * (max(values) - min(values)) if values else 0.0
    told: dict[str, str] = {}
    for place, one in enumerate(shown):
        for other in shown[place + 1 :]:
            if limit and other.name not in told and _apart(one, other) <= limit:
                told[other.name] = one.name
    return " ".join(f"The curves of {one} and {name} coincide." for name, one in told.items())


def _apart(one: Line, other: Line) -> float:
    """The largest distance of two lines; infinite if one is longer."""
    xs, ys = np.asarray(one.x), np.asarray(one.y)
    order, other_order = np.argsort(xs), np.argsort(other.x)
    if not np.allclose(xs[order][[0, -1]], np.asarray(other.x)[other_order][[0, -1]], rtol=1e-3):
        return math.inf
    there = np.interp(xs[order], np.asarray(other.x)[other_order], np.asarray(other.y)[other_order])
    return float(np.abs(there - ys[order]).max())
