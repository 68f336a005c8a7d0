"""The state of a running program: its plots, variables and results."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from eda_agent.problem import expression
from eda_agent.problem.expression import ExpressionError
from eda_agent.problem.script.compiler import result_name
from eda_agent.simulation.failure import Failure, SimulationFailed
from eda_agent.simulation.ngspice import Ngspice
from eda_agent.simulation.script.plots import Plots
from eda_agent.simulation.script.renewal import Renewal
from eda_agent.simulation.script.vector import FormulaError, Vector, number

MAX_MESSAGES = 50
Step = Mapping[str, Any]


@dataclass
class Result:
    """The values of one name, in order, with their unit; `why`: the reason if there is none."""

    values: list[float] = field(default_factory=list)
    unit: str = ""
    why: str = ""


@dataclass
class Outcome:
    """What a program gave. `plots`: analysis kind → its last plot in ngspice; `last`: the kind of the newest.
    `printed`: the names that the script prints or measures, the others are steps on the way.
    """

    results: dict[str, Result] = field(default_factory=dict)
    plots: dict[str, str] = field(default_factory=dict)
    last: str = ""
    messages: list[str] = field(default_factory=list)
    printed: set[str] = field(default_factory=set)


class State:
    """What formulas refer to, and what the program gave so far."""

    def __init__(self, ngspice: Ngspice, program: Mapping[str, Any]):
        self.ngspice = ngspice
        self.measures: Sequence[Step] = program["measures"]
        self.outcome = Outcome()
        self.plots = Plots(ngspice)
        self.renewal = Renewal(ngspice)
        self.parameters: dict[str, float] = dict(program.get("parameters", {}))
        # conditions of a CACE datasheet, which its templates have in their scripts too
        self.variables = {
            name: [f"{value:.12g}"] for name, value in self.parameters.items() if name.startswith("cace_")
        }
        self._constants(program.get("constants", {}))
        self._measuring = False
        self.settings: set[str] = set()
        self.degrees = False
        self.steps = self.analyses = self.line = self.own = 0
        self.file = ""
        self.analysed = time.monotonic()
        """When the last analysis ended, or the program began."""

    def _constants(self, given: Mapping[str, str]) -> None:
        """Put the constants of `.csparam` lines into their plot."""
        for name, text in given.items():
            try:
                value = expression.evaluate(expression.parse(text), self.parameters)
            except (ExpressionError, ArithmeticError) as error:
                self.outcome.messages.append(f".csparam {name}: {error}")
                continue
            self.plots.constants.own[name] = number(value)

    def vector(self, name: str) -> Vector:
        if self._measuring and name in self.parameters:
            return Vector(np.array([self.parameters[name]]))
        return self.plots.vector(name)

    def text(self, word: Sequence[Any]) -> str:
        parts = []
        for part in word:
            if isinstance(part, str):
                parts.append(part)
            elif part[0] == "$&":
                parts.append(" ".join(f"{value:G}" for value in np.real(self.vector(part[1]).data[:1000])))
            elif part[1] not in self.variables:
                raise FormulaError(f"there is no variable {part[1]}")
            else:
                values = self.variables[part[1]]
                if len(part) > 2 and not 1 <= part[2] <= len(values):
                    raise FormulaError(f"{part[1]} has {len(values)} values")
                parts.append(values[part[2] - 1] if len(part) > 2 else " ".join(values))
        return "".join(parts)

    @property
    def place(self) -> str:
        """The line of the present step; with its file, if the program names it."""
        return f"{self.file}, line {self.line}" if self.file else f"line {self.line}"

    def _stop(self, words: str) -> SimulationFailed:
        return SimulationFailed(Failure("script", f"{self.place}: {words}"))

    def _message(self, words: str) -> None:
        if len(self.outcome.messages) < MAX_MESSAGES:
            self.outcome.messages.append(f"{self.place}: {words}")

    def record(self, name: str, vector: Vector, *, printed: bool = True) -> None:
        """Keep a named result if it is one real number."""
        value, name = vector.scalar(), result_name(name)
        if value is None or not np.isfinite(value):
            return
        result = self.outcome.results.setdefault(name, Result())
        result.values.append(value)
        result.unit, result.why = vector.unit, ""
        if printed:
            self.outcome.printed.add(name)

    def _missing(self, step: Step, why: str) -> None:
        names = {
            "measure": lambda: [step["measure"]["name"]],
            "let": lambda: [step["name"].rpartition(".")[2]],
            "print": lambda: [text for text, _ in step["formulas"]],
            "echo": lambda: [name for name, _ in step["values"]],
        }.get(step["do"], list)()
        for name in names:
            result = self.outcome.results.setdefault(result_name(name), Result())
            if not result.values:
                result.why = f"{self.place}: {why}"
