"""Drawn sizes tell a front how the layout of a run rounds each size: the fingers into which it is folded, and their
grid. `eda_agent.klayout.drawn_size` rounds a value by them.
"""

from __future__ import annotations

import math
from typing import Any

from eda_agent.klayout.fold import rule_data
from eda_agent.klayout.table import Device
from eda_agent.problem.drawn import Drawn, Transistors
from eda_agent.problem.spec import Problem

STEP = 1.25
"""A size that grows by this factor shows which widths and lengths are in proportion to it."""
LENGTHS = (("w", "width"), ("l", "length"))


def drawn_sizes(problem: Problem) -> dict[str, Any] | None:
    """For events and tables; None for a problem without a layout.

    Returns:
        `rule`: that of the folds, m (`fold.rule_data`). `sizes`: parameter → how its transistors follow it, each
        different one once: `of` ("w" or "l"), `per` (m per unit of the parameter), `nf`, `m`, `matched` (whether it
        may be folded for a mirror axis). A size that no width or length is in proportion to is missing. `copies`:
        the parameters that change a number of copies or of the schematic's fingers.
    """
    if problem.layout is None:
        return None
    labels, transistors = Drawn(problem).labels, Transistors(problem)
    start = dict(problem.space.initial)

    def devices(sizing: dict[str, float]) -> list[Device]:
        return [one for one in transistors.of(transistors.flat(sizing)) if one.name in labels]

    before = devices(start)
    # equal units need equal fingers: such a group is folded only where it is too wide
    ratios = {one.block for one in before if one.block is not None and one.m > 1}
    sizes: dict[str, list[dict[str, Any]]] = {}
    for name, value in start.items():
        if value:
            pairs = list(zip(before, devices({**start, name: value * STEP}), strict=True))
            forms = [
                {
                    "of": of,
                    "per": float(f"{getattr(one, field) / value:.9g}"),
                    "nf": one.nf,
                    "m": one.m,
                    "matched": one.block is not None and one.block not in ratios,
                }
                for one, other in pairs
                for of, field in LENGTHS
                if math.isclose(getattr(other, field), getattr(one, field) * STEP, rel_tol=1e-9)
            ]
            if forms:
                sizes[name] = [form for place, form in enumerate(forms) if form not in forms[:place]]
    counted = [
        name
        for name, value in start.items()
        if name not in sizes
        and any(
            (one.m, one.nf) != (other.m, other.nf)
            for one, other in zip(before, devices({**start, name: 2 * value + 1}), strict=True)
        )
    ]
    return {"rule": rule_data(problem.layout.rule), "sizes": sizes, "copies": counted}
