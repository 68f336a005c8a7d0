"""The machine runs a program step by step on the circuit that ngspice holds, and collects the named results.

It is bounded: a number of steps, of analyses and of numbers. What fails in ngspice without stopping a script does not
stop it here; the results that it would have given are missing, with the reason.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eda_agent.simulation.ngspice import Ngspice
from eda_agent.simulation.script.endless import names_without_end
from eda_agent.simulation.script.formula import evaluate, truth
from eda_agent.simulation.script.simulator import SimulatorSteps
from eda_agent.simulation.script.state import Outcome, Step
from eda_agent.simulation.script.vector import FormulaError, Vector
from eda_agent.spice_numbers import parse_spice_number

MAX_STEPS = 200_000
MAX_OWN = 20_000_000
"""Numbers in all vectors that a script makes."""


MAX_SECONDS = 15.0
"""s of a loop without an analysis: below the usual limit of a simulation, so that the message names the loop."""


class _Broken(Exception):
    """`break`."""


class _Continued(Exception):
    """`continue`."""


class _Stopped(Exception):
    """`quit`."""


class Machine:
    """Runs programs. Raises `SimulationFailed` if an analysis gives no result or a bound is reached."""

    def __init__(self, ngspice: Ngspice):
        self.ngspice = ngspice

    def run(self, program: Mapping[str, Any]) -> Outcome:
        """Run a program on the current circuit, which must be freshly loaded."""
        run = _Run(self.ngspice, program)
        try:
            run.block(program["steps"])
        except _Stopped:
            pass
        finally:
            for setting in run.settings:
                self.ngspice.command(f"unset {setting}")
        return run.outcome


class _Run(SimulatorSteps):
    """One run of a program: flow and values; the simulator's steps are those of the base class."""

    def block(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self.steps += 1
            self.line, self.file = step["line"], step.get("file", "")
            if self.steps > MAX_STEPS:
                raise self._stop(f"the script did not end after {MAX_STEPS:,} steps")
            try:
                getattr(self, f"do_{step['do']}")(step)
            except FormulaError as error:
                name = f"{step['measure']['name']}: " if step["do"] == "measure" else ""
                self._message(f"{name}{error}")
                self._missing(step, str(error))

    def do_nothing(self, step: Step) -> None:
        """A command without an effect here."""

    def do_stop(self, step: Step) -> None:
        raise _Stopped

    def do_break(self, step: Step) -> None:
        raise _Broken

    def do_continue(self, step: Step) -> None:
        raise _Continued

    def do_if(self, step: Step) -> None:
        self.block(step["body"] if self._holds(step["tree"]) else step["else"])

    def _holds(self, tree: Sequence[Any]) -> bool:
        try:
            return truth(evaluate(tree, self))
        except FormulaError as error:
            self._message(f"{error}: the condition counts as false")
            return False

    def _once(self, body: Sequence[Step]) -> bool:
        """Run the body of a loop; whether the loop goes on."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise self._stop(f"the loop did not end after {MAX_STEPS:,} steps")
        if time.monotonic() - self.analysed > MAX_SECONDS:
            raise self._stop(f"the loop did not end within {MAX_SECONDS:.0f} s, and no analysis ran in that time")
        try:
            self.block(body)
        except _Continued:
            return True
        except _Broken:
            return False
        return True

    def do_while(self, step: Step) -> None:
        names = names_without_end(step)
        while self._holds(step["tree"]):
            if not self._once(step["body"]):
                return
            self.line, self.file = step["line"], step.get("file", "")
            if names is not None:
                said = f"nothing in it changes {' or '.join(names)}" if names else "its condition is always the same"
                raise self._stop(f"the loop does not end: {said}")

    def do_dowhile(self, step: Step) -> None:
        while self._once(step["body"]) and self._holds(step["tree"]):
            self.line, self.file = step["line"], step.get("file", "")

    def do_repeat(self, step: Step) -> None:
        times = parse_spice_number(self.text(step["times"]))
        if times is None or times < 0:
            raise FormulaError("repeat needs a number")
        for _ in range(int(times)):
            if not self._once(step["body"]):
                return

    def do_foreach(self, step: Step) -> None:
        values = [value for word in step["values"] for value in self.text(word).split()]
        for value in values:
            self.variables[step["name"]] = [value]
            if not self._once(step["body"]):
                return

    def do_let(self, step: Step) -> None:
        found = evaluate(step["tree"], self)
        plot, name = self.plots.target(step["name"])
        if step["index"] is not None:
            found = self._put(self.vector(step["name"]), evaluate(step["index"], self), found)
        self.own += found.data.size
        if self.own > MAX_OWN:
            raise self._stop(f"the script made more than {MAX_OWN:,} numbers")
        plot.own[name] = found
        self.record(name, found, printed=False)

    def _put(self, target: Vector, place: Vector, value: Vector) -> Vector:
        index, given = place.scalar(), value.scalar()
        if index is None or given is None or not 0 <= round(index) < target.data.size:
            raise FormulaError("an index outside the vector, or a value that is not one number")
        data = target.data.copy()
        data[int(np.floor(index + 0.5))] = given
        return Vector(data, target.unit, target.scale)

    def do_setscale(self, step: Step) -> None:
        for word in step["words"][:1]:
            self.plots.rescale(self.text(word))

    def do_unlet(self, step: Step) -> None:
        for word in step["words"]:
            self.plots.current.own.pop(self.text(word), None)

    def do_print(self, step: Step) -> None:
        for text, tree in step["formulas"]:
            self.record(text, evaluate(tree, self))

    def do_print_all(self, step: Step) -> None:
        for name, vector in self.plots.all():
            self.record(name, vector)

    def do_echo(self, step: Step) -> None:
        for name, tree in step["values"]:
            self.record(name.rpartition(".")[2], evaluate(tree, self))

    def do_set(self, step: Step) -> None:
        self.variables[step["name"]] = [_spelled(self.text(word)) for word in step["list"]]

    def do_unset(self, step: Step) -> None:
        for name in step["names"]:
            self.variables.pop(name, None)

    def do_units(self, step: Step) -> None:
        self.degrees = step["degrees"]


def _spelled(text: str) -> str:
    """The value of a variable as ngspice writes it back: a number with six digits."""
    found = parse_spice_number(text)
    if found is None or not np.isfinite(found):
        return text
    return str(int(found)) if found == int(found) and abs(found) < 2**31 else f"{found:G}"
