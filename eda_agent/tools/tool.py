"""A tool is a function on a problem, its simulator and its turns, with a JSON schema of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eda_agent.agent.history import History
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.errors import InputError
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.evaluation import Simulator
from eda_agent.simulation.inspection import Inspection, inspect

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """What a tool returns.

    Attributes:
        data: plain data in SI units, for programs.
        text: the same for a language model, short.
        simulations: proposals of the budget that it cost.
        proposals: sizings that the caller is to simulate, each as a turn.
        handover: why the search shall propose from now on, or "".
    """

    data: Mapping[str, Any]
    text: str
    simulations: int = 0
    proposals: tuple[Proposal, ...] = ()
    handover: str = ""


@dataclass
class Context:
    """What tools work on.

    Attributes:
        problem: the task.
        simulator: simulates sizings; closer looks need an `Evaluator`.
        turns: the turns so far, by their index; a script without a run may give none.
        left: simulations that the budget has left; None for no limit.
    """

    problem: Problem
    simulator: Simulator
    turns: Sequence[Turn] = ()
    left: int | None = None
    _looks: dict[tuple[tuple[float, ...], str], Inspection] = field(default_factory=dict, repr=False)

    @property
    def best(self) -> Turn | None:
        """The best turn."""
        return History(self.problem, self.turns).incumbent

    def sizing(self, turn: int | None = None) -> dict[str, float]:
        """The sizing of a turn; without one that of the best turn, or the netlist's own. Raises `InputError`."""
        if turn is None:
            best = self.best
            return dict(best.sizing) if best is not None and best.sizing else self.problem.space.initial
        found = self.turns[turn] if 0 <= turn < len(self.turns) else None
        if found is None or found.sizing is None:
            known = ", ".join(str(one.index) for one in self.turns[-12:] if one.sizing is not None)
            raise InputError(f"turn {turn} has no sizing; the latest turns with one are {known or 'none'}")
        return dict(found.sizing)

    def look(self, sizing: Sizing, corner: str | None = None) -> Inspection:
        """A closer look at a sizing, kept for the next question. Raises `InputError` without a simulator for it."""
        if not isinstance(self.simulator, Evaluator):
            raise InputError("this run has no simulator that can look closer")
        names = [one.name for one in self.problem.corners]
        if corner is not None and corner not in names:
            raise InputError(f"no corner {corner!r}; the corners are {', '.join(names)}")
        key = tuple(sizing[name] for name in self.problem.space.names), corner or names[0]
        if key not in self._looks:
            while len(self._looks) >= 8:  # waveforms are large
                self._looks.pop(next(iter(self._looks)))
            self._looks[key] = inspect(self.simulator, sizing, corner)
        return self._looks[key]


@dataclass(frozen=True)
class Tool:
    """A tool.

    Attributes:
        parameters: problem → JSON schema of the arguments, an object.
        run: context, arguments → result. Arguments have the schema's form. Raises `InputError` with a message for the
            caller.
        ends_turn: a turn of a language model ends with it.
    """

    name: str
    description: str
    parameters: Callable[[Problem], Schema]
    run: Callable[[Context, Mapping[str, Any]], Result]
    ends_turn: bool = False


TURN = {"type": "integer", "minimum": 0, "description": "number of the turn; default: the best"}
CORNER = {"type": "string", "description": "name of the corner; default: the first"}


def arguments_schema(properties: Mapping[str, Any], required: Sequence[str] = ()) -> dict[str, Any]:
    """The schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
