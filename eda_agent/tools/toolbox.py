"""A toolbox is what a policy is given of the tools: it may ask about the circuit of its run, and knows what is left of
the budget.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from eda_agent.agent.history import History
from eda_agent.agent.policies.base import Policy, ToolUser
from eda_agent.agent.turn import Proposal
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.evaluation import Simulator
from eda_agent.simulation.inspection import Inspection
from eda_agent.tools.registry import TOOLS, call, schemas
from eda_agent.tools.tool import Context, Result


class ToolResult:
    """A tool's result as a policy sees it (`policies.base.Answer`)."""

    def __init__(self, result: Result):
        self.text, self.simulations = result.text, result.simulations
        self.proposals: tuple[Proposal, ...] = result.proposals
        self.handover = result.handover


class RunToolbox:
    """The tools of one run.

    Attributes:
        total: the budget's simulations; None for no limit.
        folder: the run's folder, where an exchange with an endpoint is kept; None keeps none.
    """

    def __init__(self, simulator: Simulator, total: Callable[[], int] | None = None, folder: Path | None = None):
        self.simulator, self.total, self.folder = simulator, total, folder
        self._context: Context | None = None

    def schemas(self, problem: Problem, *, search: bool) -> list[dict[str, Any]]:
        """The tools that can be used here; `search`: there is a search to hand over to."""
        able = isinstance(self.simulator, Evaluator)
        names = [
            name
            for name in TOOLS
            if (able or name in {"propose", "sensitivity", "hand_over"}) and (search or name != "hand_over")
        ]
        return schemas(problem, names)

    def call(self, name: str, arguments: str, history: History) -> ToolResult:
        """Call a tool. Raises `InputError` with a message for the caller."""
        return ToolResult(call(name, self._at(history), arguments))

    def look(self, history: History, sizing: Sizing) -> Inspection | None:
        """A closer look at a sizing in the first corner, if the simulator can."""
        return self._at(history).look(sizing) if isinstance(self.simulator, Evaluator) else None

    def left(self, history: History) -> int | None:
        """Simulations that the budget has left."""
        return None if self.total is None else max(self.total() - history.simulations, 0)

    def _at(self, history: History) -> Context:
        """The context of a history; closer looks are kept as long as the problem stays the same."""
        known, left = self._context, self.left(history)
        if known is None or known.problem is not history.problem:
            known = self._context = Context(history.problem, self.simulator, history.turns, left)
        known.turns, known.left = history.turns, left
        return known


def equip(policy: Policy, toolbox: RunToolbox) -> Policy:
    """The policy, with the tools if it uses them."""
    if isinstance(policy, ToolUser):
        policy.equip(toolbox)
    return policy
