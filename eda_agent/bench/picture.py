"""A picture of a bench is an SVG file with the share of runs solved and the mean best score of each policy over
simulations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from eda_agent.bench.tables import curves, score_at, solved_at
from eda_agent.record.plot import Axis, Line, Plot, side_by_side, standing_alone

STYLES = {
    policy: style for style, policy in enumerate(("auto", "embedded", "trust", "scbo", "gp", "cma", "tpe", "random"))
}
"""Policies with the same style in every picture; others take a free one."""


def picture(rows: Sequence[Mapping[str, Any]]) -> str:
    """The picture; policies by name, Python policies by class; simulations on a logarithmic axis."""
    panels = []
    for title, label, value, factor in (
        ("runs solved, %", "%", solved_at, 100.0),
        ("mean best score", "score", score_at, 1.0),
    ):
        means = curves(rows, value) if rows else {}
        names, styles = _short(list(means)), _styles(list(means))
        drawn = [
            Line(names[policy], list(range(1, len(values))), [factor * mean for mean in values[1:]], styles[policy])
            for policy, values in means.items()
        ]
        panels.append(
            Plot(title, Axis("simulations", log=True), Axis(label, high=factor), drawn, width=440, height=340)
        )
    return standing_alone(side_by_side("runs solved and mean best score against simulations", panels))


def _styles(policies: list[str]) -> dict[str, int]:
    """Policy → number of its stroke, all different."""
    taken = {STYLES[policy] for policy in policies if policy in STYLES}
    free = (style for style in count() if style not in taken)
    return {policy: STYLES[policy] if policy in STYLES else next(free) for policy in policies}


def _short(policies: list[str]) -> dict[str, str]:
    """A Python policy's class name, if no other has it."""
    last = {policy: policy.rpartition(".")[2] if policy.startswith("python:") else policy for policy in policies}
    return {policy: name if list(last.values()).count(name) == 1 else policy for policy, name in last.items()}
