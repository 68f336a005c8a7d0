"""A noise circuit is a loaded deck's circuit as separate elements, for simulations of its noise beside the deck's own
analyses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from eda_agent.metrics.measurable import Real, Unmeasurable
from eda_agent.simulation.circuit_state import CircuitState, LoadedDeck
from eda_agent.simulation.failure import SimulationFailed, classify
from eda_agent.simulation.flat_lines import GROUND, FlatLine, flat_lines
from eda_agent.simulation.held_circuit import HeldCircuit
from eda_agent.simulation.ngspice import Ngspice

PRECISE = ".option reltol=1e-5 trtol=7\n"
_KNOWN, _BENCH = frozenset("mrcldxvi"), frozenset("rclvi")
_NOT = frozenset("qxjb")


@dataclass(frozen=True)
class NoiseCircuit:
    """A circuit and its testbench.

    Attributes:
        text: the deck without its end.
        head: title, options and model cards.
        elements: the circuit's and the testbench's elements.
        noisy: those with noise; resistors of the testbench have none.
        nets: the nets whose voltages no source holds; `driven`: those that a source holds against ground.
        coils: inductors.
    """

    text: str
    head: str
    elements: Sequence[FlatLine]
    noisy: Sequence[FlatLine]
    nets: Sequence[str]
    driven: Sequence[str]
    coils: Sequence[FlatLine]

    def transient(
        self, ngspice: Ngspice, step: float, stop: float, added: str = "", changes: Sequence[str] = ()
    ) -> dict[str, Real]:
        """Vector → values of a transient with steps of `step` (s) at most. `added`: further cards;
        `changes`: commands before it.
        """
        with loaded(ngspice, f"{self.text}{added}{PRECISE}.end"):
            for change in changes:
                ngspice.command(change)
            before = ngspice.plot()
            ngspice.command(f"tran {step!r} {stop!r} 0 {step!r}")
            plot = ngspice.plot()
            names = [net for net in ngspice.vectors(plot) if "#" not in net] if plot not in {before, "const"} else []
            found = {name: ngspice.vector(f"{plot}.{name}") for name in names}
            result = {name: np.real(vector) for name, vector in found.items() if vector is not None}
        if "time" not in result or result["time"][-1] < stop * (1 - 1e-6):
            raise SimulationFailed(classify(ngspice.log))
        return result

    @contextmanager
    def held(self, ngspice: Ngspice, frequency: float) -> Iterator[HeldCircuit]:
        """The circuit with a source at every net; `frequency` in Hz."""
        held = HeldCircuit(self.head, self.elements, self.noisy, self.nets, self.driven, frequency)
        with loaded(ngspice, held.text):
            held.ngspice = ngspice
            yield held


@contextmanager
def loaded(ngspice: Ngspice, text: str) -> Iterator[None]:
    """The newest circuit of ngspice for a while."""
    ngspice.load(text.split("\n"))
    try:
        yield
    finally:
        ngspice.command("remcirc")
        ngspice.command("destroy all")


def noise_circuit(deck: LoadedDeck, state: CircuitState, cards: str) -> NoiseCircuit:
    """The circuit of a deck in a state. Raises `Unmeasurable` for elements whose noise or law is not known here."""
    if not state.flat:
        raise Unmeasurable("noise in time knows circuits of MOSFETs, diodes, R, L and C alone")
    circuit, others = flat_lines(state.circuit)
    bench, options = flat_lines(deck.tail)
    for one in circuit:
        if one.kind not in _KNOWN or one.element in _NOT:
            raise Unmeasurable(f"noise in time knows circuits of MOSFETs, diodes, R, L and C alone, not {one.name}")
    for one in bench:
        if one.kind not in _BENCH:
            raise Unmeasurable(f"noise in time knows R, L, C and sources around the circuit, not {one.name}")
    driven: list[str] = []
    for one in (*circuit, *bench):
        if one.kind == "v":
            if GROUND not in one.nodes:
                raise Unmeasurable(f"noise in time knows voltage sources to ground, not {one.name} between two nets")
            driven += [node for node in one.nodes if node != GROUND]
    nodes = {node: None for one in (*circuit, *bench) for node in one.nodes if node not in {GROUND, *driven}}
    elements = [*circuit, *bench]
    return NoiseCircuit(
        text=deck.text(state, cards).removesuffix(".end"),
        head=f"{deck.title}{cards}{others}{options}",
        elements=elements,
        noisy=[one for one in circuit if one.across is not None],
        nets=list(nodes),
        driven=driven,
        coils=[one for one in elements if one.kind == "l"],
    )
