"""A picture of a bench: the mean best score of each policy against simulations, as an SVG file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eda_agent.bench.tables import curves
from eda_agent.record.plot import Axis, Line, Plot, line_plot, standing_alone


def picture(rows: Sequence[Mapping[str, Any]]) -> str:
    """Policies by name, those of Python by their class; simulations on a logarithmic axis."""
    means = curves(rows) if rows else {}
    names = _short(list(means))
    drawn = [Line(names[policy], list(range(1, len(values))), values[1:]) for policy, values in means.items()]
    svg = line_plot(Plot("mean best score so far", Axis("simulations", log=True), Axis("score", high=1.0), drawn, width=760, height=400))
    return standing_alone(svg)


def _short(policies: list[str]) -> dict[str, str]:
    """A Python policy by its class, where no other has that name."""
    last = {policy: policy.rpartition(".")[2] if policy.startswith("python:") else policy for policy in policies}
    return {policy: name if list(last.values()).count(name) == 1 else policy for policy, name in last.items()}
