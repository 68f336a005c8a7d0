"""After layout: one sizing simulated as the schematic and as the extracted netlist of its layout, and what each wire
costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eda_agent.agent.score import Score, score
from eda_agent.insight.post_layout import Costs, costs
from eda_agent.problem.extracted.circuit import PostLayout, post_layout
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem
from eda_agent.record.events import evaluation_data, plain, result_data
from eda_agent.run.evaluate_once import open_evaluator
from eda_agent.simulation.evaluation import Evaluation


@dataclass(frozen=True)
class AfterLayout:
    """`before`, `after`: results of the schematic and of the extracted circuit. `costs`: None without wires."""

    netlist: Path
    sizing: Sizing
    post: PostLayout
    before: tuple[Score, Evaluation]
    after: tuple[Score, Evaluation]
    costs: Costs | None

    def data(self) -> dict[str, Any]:
        """Plain data, as `eda-agent sim --netlist --json` prints it."""
        graded, _ = self.after
        return {
            "netlist": str(self.netlist),
            "notes": list(self.post.notes),
            "sizing": dict(self.sizing),
            "score": graded.value,
            "met": graded.met,
            "before": _one(*self.before),
            "after": _one(*self.after),
            "wires": self.post.wires.data(),
            "costs": plain(self.costs.data()) if self.costs else None,
        }


def after_layout(
    problem: Problem,
    sizing: Mapping[str, float],
    netlist: Path,
    cell: str | None = None,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    cache: bool = True,
) -> AfterLayout:
    """Simulate in every corner. `cell`: of the netlist, None for the circuit's.

    Raises:
        InputError: the netlist cannot be read, or is not of this circuit.
    """
    # the estimate that a run may have is of the layout before this one
    post = post_layout(problem, sizing, netlist, cell)
    with open_evaluator(replace(problem, wires=None), workers=workers, cluster=cluster, cache=cache) as evaluator:
        before = evaluator.evaluate([sizing])[0]
    with open_evaluator(post.problem, workers=workers, cluster=cluster, cache=cache) as evaluator:
        after = evaluator.evaluate([post.problem.space.initial])[0]
        found = costs(post, evaluator) if post.wires.pairs else None
    graded = score(problem.specs, before), score(post.problem.specs, after)
    return AfterLayout(netlist, sizing, post, (graded[0], before), (graded[1], after), found)


def _one(graded: Score, evaluation: Evaluation) -> dict[str, Any]:
    return {
        "score": graded.value,
        "met": graded.met,
        "specs": {result.spec: result_data(result) for result in graded.results},
        **evaluation_data(evaluation),
    }
