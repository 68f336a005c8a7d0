"""An intent is the aim of a proposal: one spec, and the parameters that change most for it.

A model states it before the sizes. For other proposals it is derived from the changes and their results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.language.prompt import NAMES, NOBODY
from eda_agent.agent.score import Score
from eda_agent.agent.turn import Turn
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.parameters import Effect
from eda_agent.units import counted, format_quantity


def intended(
    problem: Problem, order: Sequence[int], moved: NDArray[np.integer], best: Turn | None, after: Score | None
) -> NDArray[np.int64]:
    """The intent (1 + NAMES) of a change: the spec slot with the largest gain, and the slots of the parameters with the
    largest changes.

    Args:
        order: spec index by slot.
        moved: change of each parameter in levels.
        best: the turn before the change.
        after: its result, or None if every spec will be met.
    """
    gains = []
    for index in order:
        spec = problem.specs[index]
        now = best.score.results[index] if best is not None and best.score is not None else None
        then = after.results[index] if after is not None else None
        gain = (then.satisfaction if then else 1.0) - (now.satisfaction if now else 0.0)
        # among equals the worst spec now, so that an intent always has an aim
        gains.append(spec.weight * gain - 1e-3 * min(max(now.margin if now else 0.0, -1.0), 1.0))
    far = np.argsort(-np.abs(moved), kind="stable")[:NAMES]
    named = [int(slot) if moved[slot] else NOBODY for slot in far]
    return np.array([int(np.argmax(gains)), *named, *[NOBODY] * (NAMES - len(named))], dtype=np.int64)


def sentence(
    problem: Problem,
    spec: str,
    named: Sequence[str],
    before: Mapping[str, float],
    after: Mapping[str, float],
    effects: Mapping[str, Effect],
) -> tuple[str, tuple[str, ...]]:
    """(the intent as a sentence, the deviations from it). `named`: parameters; sizings before and after in SI units."""
    changed = [parameter for parameter in problem.space.parameters if before[parameter.name] != after[parameter.name]]
    moving = [parameter for parameter in changed if parameter.name in named]
    parts = [
        f"{role_of(effects[parameter.name], parameter.role)} ({parameter.name}"
        f" {format_quantity(before[parameter.name], parameter.unit)} →"
        f" {format_quantity(after[parameter.name], parameter.unit)})"
        for parameter in moving
    ]
    others = len(changed) - len(moving)
    if others:
        parts.append(counted(others, "other" if parts else "parameter"))
    words = f"for {spec}: " + (_list(parts) if parts else "nothing changes")
    notes = tuple(
        f"named {name}, which did not change" for name in named if name not in {parameter.name for parameter in changed}
    )
    return words, notes


def role_of(effect: Effect, given: str = "") -> str:
    """A parameter's role for designers: the spec file's text, else the recognised role and quantity."""
    if given:
        return given
    role = effect.roles[0] if effect.roles else "device"
    role = role.removesuffix(" nmos").removesuffix(" pmos")
    quantity = {"resistance": "", "capacitance": "", "inductance": "", "other": ""}.get(
        effect.quantity, effect.quantity
    )
    return f"{role} {quantity}".strip()


def _list(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
