"""Post-layout says what a layout costs: every spec before and after, and which wire's capacitance moves which spec.

A cost is what a spec's margin loses by the capacitance of a net (or between two nets), in the first corner: the margin
with all wires less the margin without these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eda_agent.agent.score import margin
from eda_agent.problem.extracted.circuit import PostLayout
from eda_agent.simulation.evaluation import Simulator

MAX_PAIRS = 60
"""Capacitors whose cost is simulated one by one, the largest."""
TOP = 10
SMALL = 1e-5
"""A change of a margin that is not shown."""


@dataclass(frozen=True)
class Cost:
    """`name`: a net, or `one–other` of two. `farad`: what its wires have. `changes`: spec → (value without them, value
    with them, change of the margin).
    """

    name: str
    farad: float
    changes: Mapping[str, tuple[float | None, float | None, float | None]]

    @property
    def weight(self) -> float:
        """The largest change of a margin."""
        return max((abs(change) for _, _, change in self.changes.values() if change is not None), default=0.0)

    def strongest(self, count: int = 3) -> list[str]:
        """The specs that it moves most."""
        moved = [(abs(change), name) for name, (_, _, change) in self.changes.items() if change and abs(change) > SMALL]
        return [name for _, name in sorted(moved, reverse=True)[:count]]

    def data(self) -> dict[str, Any]:
        rows = {
            name: {"without": without, "with": with_, "margin": change}
            for name, (without, with_, change) in self.changes.items()
        }
        return {"name": self.name, "farad": self.farad, "specs": rows}


@dataclass(frozen=True)
class Costs:
    """`nets` and `capacitors`, those that cost most first."""

    corner: str
    nets: tuple[Cost, ...]
    capacitors: tuple[Cost, ...]

    def data(self) -> dict[str, Any]:
        return {
            "corner": self.corner,
            "nets": [cost.data() for cost in self.nets],
            "capacitors": [cost.data() for cost in self.capacitors],
        }


def costs(post: PostLayout, simulator: Simulator) -> Costs:
    """Simulate the extracted circuit without the capacitances of each net, and without each of the largest capacitors,
    in the first corner.
    """
    problem = post.problem
    corner = problem.corners[0].name
    pairs = list(zip(post.factors, post.wires.pairs, strict=True))
    nets = sorted({net for _, (one, other, _) in pairs for net in (one, other)} - post.rails)
    groups = [(net, [row for row in pairs if net in row[1][:2]]) for net in nets]
    groups += [(f"{row[1][0]}–{row[1][1]}", [row]) for row in pairs[:MAX_PAIRS]]
    full = problem.space.initial
    sizings = [full, *({**full, **{factor: 0.0 for factor, _ in rows}} for _, rows in groups)]
    whole, *parts = (evaluation.values[corner] for evaluation in simulator.evaluate(sizings, [corner]))
    found = []
    for (name, rows), values in zip(groups, parts, strict=True):
        changes: dict[str, tuple[float | None, float | None, float | None]] = {}
        for spec in problem.specs:
            if spec.name in whole:
                before, after = values.get(spec.name), whole[spec.name]
                known = before is not None and after is not None
                changes[spec.name] = before, after, margin(spec, after) - margin(spec, before) if known else None
        found.append(Cost(name, sum(row[1][2] for row in rows), changes))
    return Costs(corner, _most(found[: len(nets)]), _most(found[len(nets) :]))


def _most(found: Sequence[Cost]) -> tuple[Cost, ...]:
    return tuple(sorted(found, key=lambda cost: (-cost.weight, -cost.farad))[:TOP])
