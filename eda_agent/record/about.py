"""What events say about a problem: its specs and its parameters as plain data."""

from __future__ import annotations

from typing import Any

from eda_agent.problem.spec import Problem


def spec_table(problem: Problem) -> list[dict[str, Any]]:
    """The specs as plain data, for events and tables."""
    return [
        {
            "name": spec.name,
            "metric": spec.metric.name,
            "unit": spec.metric.unit,
            "minimum": spec.minimum,
            "maximum": spec.maximum,
            "weight": spec.weight,
            "objective": spec.objective,
        }
        for spec in problem.specs
    ]


def parameter_table(problem: Problem) -> list[dict[str, Any]]:
    """The parameters as plain data, for events and tables."""
    return [
        {
            "name": entry.name,
            "unit": entry.unit,
            "minimum": entry.minimum,
            "maximum": entry.maximum,
            "scale": entry.scale,
            "step": entry.step,
            "role": entry.role,
            "locked": entry.locked,
        }
        for entry in problem.space.parameters
    ]
