"""An intent says what a proposal goes for: one spec, and the parameters that move most for it.

A model says it before the sizes. For what others proposed it is found from what moved and what came of it.
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
    """The intent (1 + NAMES) behind a move: the spec slot that gains most, and the slots of the parameters that move most.

    `order`: spec index by slot. `moved`: levels by which each parameter moves. `best`: the turn that is moved from. `after`: the result, or
    None where every spec will be met.
    """
    gains = []
    for index in order:
        spec = problem.specs[index]
        now = best.score.results[index] if best is not None and best.score is not None else None
        then = after.results[index] if after is not None else None
        gain = (then.satisfaction if then else 1.0) - (now.satisfaction if now else 0.0)
        # among equals the one that is worst now, so that an intent is never about nothing
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
    """(the intent in words, what did not happen as it was said). `named`: parameters; sizings before and after in SI units."""
    changed = [parameter for parameter in problem.space.parameters if before[parameter.name] != after[parameter.name]]
    moving = [parameter for parameter in changed if parameter.name in named]
    parts = [
        f"{role_of(effects[parameter.name], parameter.role)} ({parameter.name} {format_quantity(before[parameter.name], parameter.unit)} → {format_quantity(after[parameter.name], parameter.unit)})"
        for parameter in moving
    ]
    others = len(changed) - len(moving)
    if others:
        parts.append(counted(others, "other" if parts else "parameter"))
    words = f"for {spec}: " + (_list(parts) if parts else "nothing moves")
    notes = tuple(f"named {name}, which did not move" for name in named if name not in {parameter.name for parameter in changed})
    return words, notes


def role_of(effect: Effect, given: str = "") -> str:
    """What a parameter is, as a designer says it: the spec file's own words, else recognised role and quantity."""
    if given:
        return given
    role = effect.roles[0] if effect.roles else "device"
    role = role.removesuffix(" nmos").removesuffix(" pmos")
    quantity = {"resistance": "", "capacitance": "", "inductance": "", "other": ""}.get(effect.quantity, effect.quantity)
    return f"{role} {quantity}".strip()


def _list(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
