"""The steps of a program that drive the simulator: analyses, changes of the circuit, plots, measurements."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eda_agent.problem import expression
from eda_agent.problem.expression import ExpressionError
from eda_agent.problem.script.vocabulary import SETTINGS
from eda_agent.simulation.failure import Failure, SimulationFailed, classify
from eda_agent.simulation.script.formula import evaluate
from eda_agent.simulation.script.measure import measure
from eda_agent.simulation.script.plots import Plot
from eda_agent.simulation.script.state import State
from eda_agent.simulation.script.vector import FormulaError, Vector
from eda_agent.spice_numbers import parse_spice_number, spice_number

MAX_ANALYSES = 2000
Step = Mapping[str, Any]


class SimulatorSteps(State):
    """`do_NAME(step)` for each of these steps."""

    def do_option(self, step: Step) -> None:
        value = self.text(step["value"])
        how = "set" if step["set"] else "option"
        command = f"{how} {step['name']}{f'={value}' if value else ''}"
        self.ngspice.command(command)
        if step["name"] in SETTINGS:
            # options belong to the circuit and go with it; ngspice aborts when some of them are unset
            self.settings.add(step["name"])
        else:
            self.renewal.changed(command)

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
        self._renew()
        start = len(self.ngspice.log)
        self.ngspice.command(command)
        self.analysed = time.monotonic()
        new = self.plots.take()
        if not new:
            said = self.ngspice.log[start:]
            # a deck that did not load says why before
            failure = classify(self.ngspice.log if any("circuits loaded" in line for line in said) else said)
            raise SimulationFailed(Failure(failure.kind, f"{self.place}: {command[:60]}: {failure.words}"[:400]))
        for plot in new:
            self.outcome.plots[plot.kind], self.outcome.last = plot.real, plot.kind
            self._measured(plot)
            if plot.kind == "sens" and (warning := self.renewal.varied(self.ngspice.vectors(plot.real))):
                self._message(warning)

    def _renew(self) -> None:
        if not self.renewal.renew():
            raise self._stop(
                f"sens of ngspice {self.ngspice.version} has changed the circuit, and alterparam waits for reset: write"
                " reset between alterparam and sens"
            )

    def _measured(self, plot: Plot) -> None:
        """The `.meas` lines of an analysis, on its plot."""
        current, self.plots.current = self.plots.current, plot
        self._measuring = True
        fitting = [line for line in self.measures if line["analysis"] == plot.kind]
        for line in sorted(fitting, key=lambda line: line["kind"] == "param"):
            self.line, self.file = line["line"], line.get("file", "")
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
        return measure(line, self, axis, self.plots.axis_unit(self.plots.current))

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
        self._renew()
        start = len(self.ngspice.log)
        command = f"{step['command']} {target} = {value}"
        self.ngspice.command(command)
        self.renewal.changed(command)
        if wrong := [line for line in self.ngspice.log[start:] if "rror" in line]:
            raise FormulaError(f"{step['command']} {target}: {wrong[0].partition(' ')[2].strip()[:200]}")

    def do_reset(self, step: Step) -> None:
        self.ngspice.command("reset")
        self.renewal.loaded()

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
