"""The data of a plot: lines over two axes, levels across them, and marked points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from eda_agent.record.axis import Axis


@dataclass(frozen=True)
class Line:
    """`style`: number of its colour and dashes; None for its position among the lines. `hidden`: not shown until its
    name is clicked.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    style: int | None = None
    hidden: bool = False


@dataclass(frozen=True)
class Mark:
    """A labelled point of a line. `to`: the value at which a bar from the point ends, such as 0 dB, with the label
    beside its middle; `line`: the line's position, with which it is hidden; `left`: the label is on the left.
    """

    x: float
    y: float
    label: str
    to: float | None = None
    line: int = 0
    left: bool = False


@dataclass(frozen=True)
class Plot:
    """`levels`: horizontal lines, name → value, such as targets; `verticals`: the same across, of which those in
    `limits` are drawn as limits. `height` includes one row of names below; more rows add to it.
    """

    title: str
    x: Axis
    y: Axis
    lines: Sequence[Line]
    levels: Mapping[str, float] = field(default_factory=dict)
    width: int = 640
    height: int = 320
    verticals: Mapping[str, float] = field(default_factory=dict)
    limits: Sequence[str] = ()
    marks: Sequence[Mark] = ()
