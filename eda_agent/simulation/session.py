"""A session holds the circuits loaded in one ngspice; it applies sizings to them and reads results.

A circuit is loaded once, without its hierarchy; then its device parameters are altered in place. Whether this equals
ngspice's result for the netlist is not assumed but compared (`prepare`), once per deck. If it differs, the netlist is
loaded again for every sizing. A session runs in a worker process and knows nothing of netlists or specs.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from eda_agent.metrics.noisy_device import IN_TIME
from eda_agent.metrics.waveform import Waveform
from eda_agent.simulation.analyses import Analyses, Simulated
from eda_agent.simulation.circuit_state import CircuitState, LoadedDeck
from eda_agent.simulation.deck_metrics import measure_all
from eda_agent.simulation.equivalence import deviation_of, equivalent
from eda_agent.simulation.failure import SimulationFailed
from eda_agent.simulation.model_cards import ModelCards
from eda_agent.simulation.ngspice import Ngspice
from eda_agent.simulation.phase_noise import noisy_period
from eda_agent.simulation.script import Result
from eda_agent.spice_numbers import spice_number

MAX_CIRCUITS = 64


class Session:
    """Loads, alters and simulates decks on one ngspice."""

    def __init__(self, ngspice: Ngspice):
        self.ngspice = ngspice
        self.analyses = Analyses(ngspice)
        self.cards = ModelCards()
        self.decks: dict[str, LoadedDeck] = {}
        self.order: list[str] = []  # loaded circuits, newest first, as `setcirc` counts

    def models(self, name: str, text: str) -> None:
        """Store a library's model cards under the name that decks use."""
        self.cards.add(name, text)

    def define(self, key: str, deck: LoadedDeck) -> None:
        """Store a deck under its key, replacing one with the same key."""
        self.forget(key)
        self.decks[key] = deck

    def forget(self, key: str) -> None:
        """Unload a deck's circuit."""
        if key in self.order:
            self.ngspice.command(f"setcirc {self.order.index(key) + 1}")
            self.ngspice.command("remcirc")
            self.order.remove(key)
        if key in self.decks:
            self.decks[key].loaded = None

    def run(
        self,
        key: str,
        state: CircuitState,
        *,
        operating_point: bool,
        waveforms: bool,
        closer: bool = False,
        wanted_only: bool = False,
    ) -> dict[str, Any]:
        """Simulate and measure. The reply has metrics, operating point and seconds, or a failure; `closer` adds what
        `simulation.closer` reads, `wanted_only` leaves out the results of a designer's deck that no spec names.
        """
        start = time.perf_counter()
        deck = self.decks[key]
        self.ngspice.log.clear()
        try:
            self.apply(key, state)
            simulated = self.analyses.run(deck, operating_point, closer, wanted_only)
            simulated.mode = simulated.mode or self.analyses.mode(deck)
            if IN_TIME & {metric for metric, _ in deck.metrics} and "tran" in simulated.waves:
                wave, flat = simulated.waves["tran"], state.elements
                noisy = noisy_period(self.ngspice, deck, flat, self.cards.text(deck.models, flat), wave)
                simulated.waves["tran"] = replace(wave, noisy=noisy)
            measured = measure_all(deck, simulated)
            reply: dict[str, Any] = {
                "metrics": {metric: [found.value, found.why, found.bound] for metric, found in measured.items()}
            }
            if wanted := {metric: found.wanted for metric, found in measured.items() if found.wanted > 1}:
                reply["wanted"] = wanted
            if simulated.mode is not None:
                reply["mode"] = [simulated.mode.growth, simulated.mode.frequency]
            if operating_point:
                reply["operating_point"] = simulated.devices
            if simulated.closer is not None:
                reply["closer"] = simulated.closer.data()
            if deck.program is not None:
                reply |= _own_results(simulated, deck.program.get("looped", ()))
                # the program may have changed the circuit
                self.forget(key)
            if waveforms:
                waves = {kind: _wave_to_json(wave) for kind, wave in simulated.waves.items()}
                reply["waveforms"] = waves | (_results_as_wave(simulated) if deck.program is not None else {})
        except SimulationFailed as failed:
            # after a failure the circuit's state is unknown
            self.forget(key)
            reply = {"failure": {"kind": failed.failure.kind, "words": failed.failure.words}}
        self.ngspice.command("destroy all")
        reply["seconds"] = time.perf_counter() - start
        return reply

    def prepare(
        self, key: str, start: CircuitState, first: CircuitState, second: CircuitState, reference: CircuitState
    ) -> dict[str, Any]:
        """Find the nodeset at `start`, and whether the flat circuit altered from `first` to `second` equals
        `reference`.

        `start` and `reference` are the netlist's own text at the same two sizings. Deterministic: the same deck and
        sizings give the same reply in every worker.
        """
        deck = self.decks[key]
        deck.nodeset = {}
        if deck.program is not None:
            return {"flat": False, "nodeset": {}, "deviation": None}
        deviation: dict[str, float] | None = None
        try:
            self.apply(key, start)
            deck.nodeset = self.analyses.node_voltages()
            if first.flat:
                deviation = self.deviation(key, first, second, reference)
        except SimulationFailed:
            pass
        self.forget(key)
        self.ngspice.command("destroy all")
        return {"flat": equivalent(deviation), "nodeset": dict(deck.nodeset), "deviation": deviation}

    def deviation(
        self, key: str, first: CircuitState, second: CircuitState, reference: CircuitState
    ) -> dict[str, float]:
        """Analysis → largest relative difference between flat, altered from `first` to `second`, and `reference`,
        freshly loaded.
        """
        deck = self.decks[key]
        self.apply(key, second)
        # there and back: every change is made twice, also if the two sizings lie in different bins and would be loaded
        # again
        self.alter(deck, first.alterations or ())
        self.apply(key, second)
        flat = self.analyses.run(deck, True)
        self.apply(key, reference)
        return deviation_of(flat, self.analyses.run(deck, True))

    def apply(self, key: str, state: CircuitState) -> None:
        """Bring a deck's circuit to a state and make it current: altered if possible, else loaded.

        Both give the same device parameters to the last bit (see `spice_number`), so a result depends on the sizing
        alone and never on what this worker did before.
        """
        deck = self.decks[key]
        changes = deck.changes(state)
        if changes is None:
            self._load(key, state)
            return
        self.ngspice.command(f"setcirc {self.order.index(key) + 1}")
        self.alter(deck, changes)

    def alter(self, deck: LoadedDeck, changes: Sequence[tuple[str, str, float]]) -> None:
        """Change device parameters of the current circuit, which must be that of `deck`."""
        for device, parameter, value in changes:
            self.ngspice.command(f"alter @{device}[{parameter}]={spice_number(value)}")
            deck.values[device, parameter] = value

    def _load(self, key: str, state: CircuitState) -> None:
        self.forget(key)
        while len(self.order) >= MAX_CIRCUITS:
            self.forget(self.order[-1])
        deck = self.decks[key]
        self.ngspice.load(deck.text(state, self.cards.text(deck.models, state)).split("\n"))
        self.order.insert(0, key)
        deck.loaded = state
        deck.values = {(device, parameter): value for device, parameter, value in state.alterations or ()}


def _own_results(simulated: Simulated, looped: Sequence[str]) -> dict[str, Any]:
    """What a designer's deck gave under names: last values with units, and which of them it prints. `looped`: names
    that have a smallest and a largest value.
    """
    found = {name: result for name, result in simulated.results.items() if result.values}
    for name, result in list(found.items()):
        if name in looped and name in simulated.printed:
            for ending, value in (("min", min(result.values)), ("max", max(result.values))):
                found.setdefault(f"{name}_{ending}", Result([value], result.unit))
                simulated.printed.add(f"{name}_{ending}")
    rows = {name: [result.values[-1], result.unit, name in simulated.printed] for name, result in found.items()}
    return {"results": rows, "messages": simulated.messages}


def _results_as_wave(simulated: Simulated) -> dict[str, Any]:
    """The results as an operating point, so that checks of testbenches see whether they move."""
    values = {f"result {name}": [result.values[-1]] for name, result in simulated.results.items() if result.values}
    return {"op": {"axis": [], "probes": values}} if values and "op" not in simulated.waves else {}


def _wave_to_json(wave: Waveform) -> dict[str, Any]:
    """A waveform for the reply; complex arrays become [real parts, imaginary parts]."""
    probes: dict[str, Any] = {}
    for role, array in wave.probes.items():
        probes[role] = [array.real.tolist(), array.imag.tolist()] if np.iscomplexobj(array) else array.tolist()
    return {"axis": wave.axis.tolist(), "probes": probes}
