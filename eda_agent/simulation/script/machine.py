"""The machine runs a program step by step on the circuit that ngspice holds, and collects the named results.

It is bounded: a number of steps, of analyses and of numbers. What fails in ngspice without stopping a script does not
stop it here; the results that it would have given are missing, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from eda_agent.problem import expression
from eda_agent.problem.expression import ExpressionError
from eda_agent.problem.script.commands import SETTINGS
from eda_agent.problem.script.compiler import result_name
from eda_agent.simulation.failure import Failure, SimulationFailed, classify
from eda_agent.simulation.ngspice import Ngspice
from eda_agent.simulation.script.formula import evaluate, truth
from eda_agent.simulation.script.measure import measure
from eda_agent.simulation.script.plots import Plot, Plots
from eda_agent.simulation.script.vector import FormulaError, Vector
from eda_agent.units import parse_spice_number, spice_number

MAX_STEPS = 200_000
MAX_ANALYSES = 2000
MAX_MESSAGES = 50
MAX_OWN = 20_000_000
"""Numbers in all vectors that a script makes."""
Step = Mapping[str, Any]


class _Broken(Exception):
    """`break`."""


class _Continued(Exception):
    """`continue`."""


class _Stopped(Exception):
    """`quit`."""


@dataclass
class Result:
    """The values of one name, in order, with their unit; `why`: the reason if there is none."""

    values: list[float] = field(default_factory=list)
    unit: str = ""
    why: str = ""


@dataclass
class Outcome:
    """What a program gave. `plots`: analysis kind → its last plot in ngspice. `printed`: the names that the script
    prints or measures, the others are steps on the way.
    """

    results: dict[str, Result] = field(default_factory=dict)
    plots: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    printed: set[str] = field(default_factory=set)


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


class _Run:
    def __init__(self, ngspice: Ngspice, program: Mapping[str, Any]):
        self.ngspice = ngspice
        self.measures: Sequence[Step] = program["measures"]
        self.outcome = Outcome()
        self.plots = Plots(ngspice)
        self.variables: dict[str, list[str]] = {}
        self.parameters: dict[str, float] = dict(program.get("parameters", {}))
        self._measuring = False
        self.settings: set[str] = set()
        self.degrees = False
        self.steps = self.analyses = self.line = self.own = 0

    # --- what formulas refer to

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

    # --- steps

    def block(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self.steps += 1
            self.line = step["line"]
            if self.steps > MAX_STEPS:
                raise self._stop(f"the script did not end after {MAX_STEPS:,} steps")
            try:
                getattr(self, f"do_{step['do']}")(step)
            except FormulaError as error:
                self._message(str(error))
                self._missing(step, str(error))

    def _stop(self, words: str) -> SimulationFailed:
        return SimulationFailed(Failure("script", f"line {self.line}: {words}"))

    def _message(self, words: str) -> None:
        if len(self.outcome.messages) < MAX_MESSAGES:
            self.outcome.messages.append(f"line {self.line}: {words}")

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
            "let": lambda: [step["name"]],
            "print": lambda: [text for text, _ in step["formulas"]],
            "echo": lambda: [name for name, _ in step["values"]],
        }.get(step["do"], list)()
        for name in names:
            result = self.outcome.results.setdefault(result_name(name), Result())
            if not result.values:
                result.why = f"line {self.line}: {why}"

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
        try:
            self.block(body)
        except _Continued:
            return True
        except _Broken:
            return False
        return True

    def do_while(self, step: Step) -> None:
        while self._holds(step["tree"]):
            if not self._once(step["body"]):
                return
            self.line = step["line"]

    def do_dowhile(self, step: Step) -> None:
        while self._once(step["body"]) and self._holds(step["tree"]):
            self.line = step["line"]

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

    # --- values

    def do_let(self, step: Step) -> None:
        found = evaluate(step["tree"], self)
        name, plot = step["name"], self.plots.current
        if step["index"] is not None:
            found = self._put(self.vector(name), evaluate(step["index"], self), found)
        elif name in self.plots.constants.own and name not in plot.own and plot is not self.plots.constants:
            # ngspice finds the constant first and changes it in its place
            plot = self.plots.constants
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

    # --- the simulator

    def do_option(self, step: Step) -> None:
        value = self.text(step["value"])
        how = "set" if step["set"] else "option"
        self.ngspice.command(f"{how} {step['name']}{f'={value}' if value else ''}")
        if step["name"] in SETTINGS:
            # options belong to the circuit and go with it; ngspice aborts when some of them are unset
            self.settings.add(step["name"])

    def do_save(self, step: Step) -> None:
        self.ngspice.command(f"save {' '.join(self.text(word) for word in step['words'])}")

    def do_analysis(self, step: Step) -> None:
        text = " ".join([step["kind"], *(self.text(word) for word in step["words"])])
        self._analyse(text)
        if step["kind"] == "tf":
            for name, vector in self.plots.all():
                self.record(name, vector)
        if step["kind"] == "noise":
            for name, vector in self.plots.all():
                if name in {"onoise_total", "inoise_total"}:
                    self.record(name, vector)

    def do_run(self, step: Step) -> None:
        self._analyse("run")

    def _analyse(self, command: str) -> None:
        self.analyses += 1
        if self.analyses > MAX_ANALYSES:
            raise self._stop(f"the script runs more than {MAX_ANALYSES:,} analyses")
        start = len(self.ngspice.log)
        self.ngspice.command(command)
        new = self.plots.take()
        if not new:
            failure = classify(self.ngspice.log[start:])
            raise SimulationFailed(Failure(failure.kind, f"line {self.line}: {command[:60]}: {failure.words}"[:400]))
        for plot in new:
            self.outcome.plots[plot.kind] = plot.real
            self._measured(plot)

    def _measured(self, plot: Plot) -> None:
        """The `.meas` lines of an analysis, on its plot."""
        current, self.plots.current = self.plots.current, plot
        self._measuring = True
        fitting = [line for line in self.measures if line["analysis"] == plot.kind]
        for line in sorted(fitting, key=lambda line: line["kind"] == "param"):
            self.line = line["line"]
            try:
                value, unit = self._parameter(line) if line["kind"] == "param" else self._value(line)
            except (FormulaError, ExpressionError) as error:
                self._message(f"{line['name']}: {error}")
                self._missing({"do": "measure", "measure": line}, str(error))
                continue
            self.parameters[line["name"]] = value
            self.record(line["name"], Vector(np.array([value]), unit))
        self.plots.current, self._measuring = current, False

    def _parameter(self, line: Step) -> tuple[float, str]:
        return expression.evaluate(expression.parse(line["text"]), self.parameters), ""

    def _value(self, line: Step) -> tuple[float, str]:
        axis = self.plots.axis(self.plots.current)
        if axis is None:
            raise FormulaError(f"a measurement needs a {line['analysis']} analysis; the current plot has no axis")
        return measure(line, self, axis)

    def do_measure(self, step: Step) -> None:
        line = step["measure"]
        if line["kind"] == "param":
            raise FormulaError("param is measured by a .meas line; a script has let")
        value, unit = self._value(line)
        self.record(line["name"], Vector(np.array([value]), unit))
        # ngspice keeps seven digits of a measurement
        self.plots.current.own[line["name"]] = Vector(np.array([float(f"{value:e}")]), unit)

    def do_alter(self, step: Step) -> None:
        target = " ".join(self.text(word) for word in step["target"])
        if "list" in step:
            value = f"[ {' '.join(self.text(word) for word in step['list'])} ]"
        else:
            found = evaluate(step["tree"], self).scalar()
            if found is None:
                raise FormulaError("the new value is not one real number")
            value = spice_number(found)
        start = len(self.ngspice.log)
        self.ngspice.command(f"{step['command']} {target} = {value}")
        if wrong := [line for line in self.ngspice.log[start:] if "rror" in line]:
            raise FormulaError(f"{step['command']} {target}: {wrong[0].partition(' ')[2].strip()[:200]}")

    def do_reset(self, step: Step) -> None:
        self.ngspice.command("reset")

    def do_setplot(self, step: Step) -> None:
        if step["words"]:
            self.plots.choose(self.text(step["words"][0]))

    def do_destroy(self, step: Step) -> None:
        self.plots.drop([self.text(word) for word in step["words"]])

    def do_linearize(self, step: Step) -> None:
        self._derived("linearize", step)

    def do_fft(self, step: Step) -> None:
        self._derived("fft", step)

    def _derived(self, command: str, step: Step) -> None:
        """A command of ngspice that makes a new plot of simulated vectors."""
        names = self._simulated(step["words"])
        self.ngspice.command(f"{command} {' '.join(names)}".strip())
        if not self.plots.take():
            raise FormulaError(f"{command} gave no result")

    def _simulated(self, words: Sequence[Any]) -> list[str]:
        """Names of simulated vectors, with their plot made ngspice's current one."""
        names = [self.text(word) for word in words]
        current = self.plots.current
        for name in names:
            if name in current.own:
                raise FormulaError(f"{name} is computed by the script; only simulated vectors can be transformed")
            self.vector(name)
        if current.real:
            self.ngspice.command(f"setplot {current.real}")
        return names

    def do_fourier(self, step: Step) -> None:
        names = self._simulated(step["words"][1:])
        frequency = parse_spice_number(self.text(step["words"][0]))
        if frequency is None or frequency <= 0:
            raise FormulaError("fourier needs a frequency")
        for name in names:
            start = len(self.ngspice.log)
            self.ngspice.command(f"fourier {spice_number(frequency)} {name}")
            found = [line for line in self.ngspice.log[start:] if "THD:" in line]
            if not found:
                raise FormulaError(f"fourier of {name} gave no result")
            distortion = float(found[0].partition("THD:")[2].split()[0])
            self.record(f"thd_{name}", Vector(np.array([distortion]), "%"))


def _spelled(text: str) -> str:
    """The value of a variable as ngspice writes it back: a number with six digits."""
    found = parse_spice_number(text)
    if found is None or not np.isfinite(found):
        return text
    return str(int(found)) if found == int(found) and abs(found) < 2**31 else f"{found:G}"
