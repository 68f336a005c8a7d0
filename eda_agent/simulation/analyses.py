"""Analyses run on ngspice's current circuit and give waveforms, operating points and the results of `.meas` lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from eda_agent.metrics.natural_modes import Mode, grows
from eda_agent.metrics.waveform import CURRENTS, LOOP, MODES, PORTS, SEARCH, Waveform
from eda_agent.problem.loop_probe import Injection
from eda_agent.problem.script.compiler import all_steps
from eda_agent.problem.script.shortened import WANTED
from eda_agent.simulation.circuit_state import LoadedDeck
from eda_agent.simulation.closer import Closer, with_shares
from eda_agent.simulation.device_values import read_devices
from eda_agent.simulation.failure import Failure, SimulationFailed, classify
from eda_agent.simulation.level_search import with_slowest_level
from eda_agent.simulation.loop_gain import measure_loop
from eda_agent.simulation.natural_modes import measure_modes
from eda_agent.simulation.ngspice import Ngspice
from eda_agent.simulation.script import Machine, Result
from eda_agent.simulation.two_port import with_parameters
from eda_agent.units import format_quantity

_AXES = {"ac": ["frequency"], "tran": ["time"], "dc": ["v-sweep", "i-sweep", "temp-sweep"]}
"""Analysis → possible names of its axis: ngspice names that of a DC sweep after the swept quantity."""
CHANGES = frozenset(["alter", "option", "reset"])
"""Steps of a program after which the circuit may be another than the one that was loaded."""
_ABSURD_VOLT, _ABSURD_AMPERE = 1e3, 1e3


@dataclass
class Simulated:
    """The results of a deck's analyses.

    `waves`: analysis kind → waveform. `devices`: label → parameter → value, if the operating point was requested.
    `meas`: metric → result of its `.meas` line, None if ngspice found nothing. `closer`: what a closer look read.
    `mode`: the natural mode that grows fastest, if it was asked for and found.
    `results`, `printed`, `messages`: those of a designer's deck (see `script.machine.Outcome`).
    """

    waves: dict[str, Waveform] = field(default_factory=dict)
    devices: dict[str, dict[str, float]] = field(default_factory=dict)
    meas: dict[str, float | None] = field(default_factory=dict)
    closer: Closer | None = None
    mode: Mode | None = None
    results: dict[str, Result] = field(default_factory=dict)
    printed: set[str] = field(default_factory=set)
    messages: list[str] = field(default_factory=list)


class Analyses:
    """The analyses of decks on one ngspice. Raises `SimulationFailed` if one gives no result."""

    def __init__(self, ngspice: Ngspice):
        self.ngspice = ngspice

    def run(
        self, deck: LoadedDeck, operating_point: bool, closer: bool = False, wanted_only: bool = False
    ) -> Simulated:
        """Run a deck's analyses on the current circuit, which must be that of the deck. `closer`: also read node
        voltages, capacitances and the noise of each device; `wanted_only`: see `Task`.
        """
        look = Closer() if closer else None
        if deck.program is not None:
            return self._run_program(deck, operating_point, look, wanted_only)
        result = Simulated(closer=look)
        commands = dict(deck.analyses)
        shared = deck.shares_bias
        if len(commands) > 1 and not (operating_point or shared or any(kind == "op" for _, kind in deck.metrics)):
            commands.pop("op", None)  # no metric needs it
        for kind in sorted(commands, key=lambda kind: kind != "ac") if shared else commands:
            if kind == "op" and "ac" in result.waves:
                continue
            if kind == "tran" and MODES in deck.probes:
                # it grows as long as the transient lasts, in ever smaller time steps
                result.mode = self.mode(deck)
                if result.mode is not None and grows(result.mode):
                    continue
            command = commands[kind] if result.closer is None else with_shares(kind, commands[kind])
            plot, loop = self._excite(deck, kind, command)
            if kind == "ac" and shared:
                before = f"op{plot.removeprefix('ac')}"
                result.waves["op"] = self._read("op", before, deck.probes)
            result.waves[kind] = (
                self._read(kind, plot, deck.probes)
                if loop is None
                else Waveform(kind, self._axis(kind, plot), {LOOP: loop})
            )
            self._run_meas(deck, kind, result.meas)
            if operating_point and "op" in result.waves and not result.devices:
                result.devices = read_devices(self.ngspice, deck)
            if result.closer is not None:
                result.closer.look(self.ngspice, deck, kind, plot)
            if kind == "ac" and deck.probes.keys() >= {*PORTS}:
                again = partial(self._again, command, deck.probes)
                result.waves[kind] = with_parameters(result.waves[kind], dict(deck.probes), self._alter, again)
            if kind == "tran" and SEARCH in deck.probes:
                result.waves[kind] = self._searched(deck, command, result.waves[kind])
        return result

    def _searched(self, deck: LoadedDeck, command: str, wave: Waveform) -> Waveform:
        """A transient with further periods near the slowest level."""

        def alter(source: str, parameter: str, value: str) -> None:
            self.ngspice.command(f"alter @{source}[{parameter}] = {value}")

        def again(stop: float) -> Waveform:
            step = command.split()[1]
            return self._read("tran", self.ngspice.analyse(f"tran {step} {stop!r}"), deck.probes)

        return with_slowest_level(wave, deck.settings, deck.probes[SEARCH], alter, again)

    def _run_program(
        self, deck: LoadedDeck, operating_point: bool, closer: Closer | None, wanted_only: bool
    ) -> Simulated:
        """Run the program of a designer's deck; the operating point of the circuit as it is loaded is read behind it.
        The deck's results stand also if it has none.
        """
        assert deck.program is not None
        wanted = deck.program.get(WANTED, {}) if wanted_only else {}
        outcome = Machine(self.ngspice).run({**deck.program, **wanted})
        result = Simulated(results=outcome.results, printed=outcome.printed, messages=outcome.messages, closer=closer)
        if deck.probes:
            asked = {kind for _, kind in deck.metrics} & outcome.plots.keys()
            result.waves = {kind: self._read(kind, outcome.plots[kind], deck.probes) for kind in sorted(asked)}
        if operating_point and any(kind == "op" for kind, _ in deck.analyses):
            changed = "sens" in outcome.plots or any(step["do"] in CHANGES for step in all_steps(deck.program["steps"]))
            if changed:
                self.ngspice.command("reset")
            if outcome.last == "ac" and not changed and closer is None:
                # the devices still have the operating point that AC has solved
                result.devices = read_devices(self.ngspice, deck)
                return result
            try:
                plot = self.ngspice.analyse("op")
            except SimulationFailed:
                return result
            result.devices = read_devices(self.ngspice, deck)
            if closer is not None:
                closer.look(self.ngspice, deck, "op", plot)
        return result

    def mode(self, deck: LoadedDeck) -> Mode | None:
        """The natural mode of the current circuit that grows fastest, if the deck asks for it."""
        return measure_modes(deck, self._alter, self.ngspice.analyse, self._vector)

    def node_voltages(self) -> dict[str, float]:
        """All node voltages (V) of the operating point of the current circuit."""
        self.ngspice.analyse("op")
        names = [name for name in self.ngspice.vectors(self.ngspice.plot()) if "#" not in name and "@" not in name]
        voltages = {name: self.ngspice.vector(name) for name in names}
        return {
            name: float(f"{vector[0]:.6g}")
            for name, vector in voltages.items()
            if vector is not None and abs(vector[0]) < _ABSURD_VOLT
        }

    def _run_meas(self, deck: LoadedDeck, kind: str, results: dict[str, float | None]) -> None:
        """Run the `.meas` lines of an analysis on its plot, which must be the current one."""
        for metric, of in deck.metrics:
            how, _, text = deck.measures.get(metric, "").partition(" ")
            if of == kind and how == "meas":
                self.ngspice.command(f"meas {kind} {metric} {text}")
                vector = self.ngspice.vector(metric)
                results[metric] = float(vector[0].real) if vector is not None else None

    def _excite(self, deck: LoadedDeck, kind: str, command: str) -> tuple[str, np.ndarray[Any, Any] | None]:
        """Run an analysis; returns its plot, and the loop gain if the deck has a loop probe."""
        if kind != "ac" or deck.injection is None:
            return self.ngspice.analyse(command), None

        return measure_loop(
            Injection(**deck.injection), self._alter, lambda: self.ngspice.analyse(command), self._vector
        )

    def _again(self, command: str, probes: Mapping[str, str]) -> Waveform:
        """Run an AC analysis, and read it."""
        return self._read("ac", self.ngspice.analyse(command), probes)

    def _alter(self, source: str, magnitude: float) -> None:
        """Set the AC magnitude of a source."""
        self.ngspice.command(f"alter @{source}[acmag]={magnitude!r}")

    def _read(self, kind: str, plot: str, probes: Mapping[str, str]) -> Waveform:
        if kind == "noise":
            # the spectrum is one plot before the integrated totals, which become current
            spectrum = f"noise{int(plot.removeprefix('noise')) - 1}"
            axis = self._vector(f"{spectrum}.frequency")
            return Waveform(
                kind,
                axis,
                {
                    "input": self._vector(f"{spectrum}.inoise_spectrum"),
                    "output": self._vector(f"{spectrum}.onoise_spectrum"),
                },
            )
        nodes = {
            role: f"{probe}#branch" if role in CURRENTS else probe
            for role, probe in probes.items()
            if role not in {LOOP, MODES, SEARCH, *PORTS}
        }
        arrays = {
            role: self._vector(f"{plot}.{node}") * (-1.0 if role == "supply" else 1.0) for role, node in nodes.items()
        }
        for role, array in arrays.items():
            peak = float(np.max(np.abs(array)))
            # an AC transfer may be large, and a broken solution can be any number
            if not np.isfinite(peak) or (
                kind != "ac" and peak > (_ABSURD_AMPERE if role in CURRENTS else _ABSURD_VOLT)
            ):
                raise SimulationFailed(
                    Failure(
                        "absurd",
                        f"{role} reaches {format_quantity(peak, 'A' if role in CURRENTS else 'V', 3)} in {kind}",
                    )
                )
        return Waveform(kind, self._axis(kind, plot), arrays)

    def _axis(self, kind: str, plot: str) -> np.ndarray[Any, Any]:
        axis = np.empty(0)
        for name in _AXES.get(kind, ()):
            found = self.ngspice.vector(f"{plot}.{name}")
            if found is not None:
                axis = np.real(found).astype(np.float64)
        if kind in _AXES and not axis.size:
            raise SimulationFailed(Failure("unknown", f"the {kind} analysis has no axis"))
        return axis

    def _vector(self, name: str) -> np.ndarray[Any, Any]:
        vector = self.ngspice.vector(name)
        if vector is None:
            failure = classify(self.ngspice.log)
            raise SimulationFailed(Failure(failure.kind, failure.words or f"no vector {name}"))
        return vector
