"""Drawn steps are the values of a parameter that a layout draws as they are. They are its legal values, so that the
recorded, the simulated and the drawn size are one number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from eda_agent.klayout.drawn_size import drawn
from eda_agent.klayout.fold import Rule, rule_of
from eda_agent.problem.drawn_sizes import drawn_sizes
from eda_agent.problem.spec import Problem

SAME = 1e-9
"""Relative distance within which two sizes are one."""


@dataclass(frozen=True)
class DrawnSteps:
    """How the transistors of one parameter are drawn. `forms`: see `drawn_sizes`, each as (name, value) pairs."""

    forms: tuple[tuple[tuple[str, Any], ...], ...]
    rule: Rule

    def nearest(self, value: float, minimum: float, maximum: float) -> float:
        """The size that is drawn for a value in this range, m; the value itself where transistors of several forms
        are drawn with different sizes.
        """
        for form in self.forms:
            size = self._drawn(form, value, minimum, maximum)
            if all(abs(self._drawn(other, size, minimum, maximum) - size) <= SAME * size for other in self.forms):
                return size
        return value

    def _drawn(self, form: tuple[tuple[str, Any], ...], value: float, minimum: float, maximum: float) -> float:
        row: Mapping[str, Any] = {"minimum": minimum, "maximum": maximum}
        return float(f"{drawn(value, dict(form), self.rule, row)[0]:.12g}")


def with_drawn_steps(problem: Problem) -> Problem:
    """The problem whose free sizes are rounded to what is drawn; without a layout, the problem itself."""
    found = drawn_sizes(problem)
    if found is None:
        return problem
    rule = rule_of(found["rule"])
    steps = {
        name: DrawnSteps(tuple(tuple(form.items()) for form in forms), rule) for name, forms in found["sizes"].items()
    }
    parameters = tuple(
        replace(one, drawn=None if one.locked else steps.get(one.name)) for one in problem.space.parameters
    )
    return replace(problem, space=replace(problem.space, parameters=parameters))
