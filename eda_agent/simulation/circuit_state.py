"""A circuit state is a circuit at one sizing as a worker receives it; a loaded deck is a deck with the state that
ngspice holds of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eda_agent.metrics.waveform import MODES

INSIDE = "xdut."
"""What the names of nets inside the circuit begin with."""
MOST_NETS = 150
"""Nets from which natural modes are read at most: an AC analysis each."""
PRECISE = ".option reltol=1e-5\n"
"""Option of a deck without a transient. It comes first, so that the deck's own options take precedence.

With ngspice's 1e-3 an operating point found from a nodeset is inaccurate: on shipped circuits phase margins were off by
3°, an input offset by 40 %, a line regulation by 12 %; with 1e-4 an offset was still off by 1.3 %. 1e-5 takes at most 6
% longer (random sizes of folded_cascode). The time steps of a transient also depend on this option.
"""


@dataclass(frozen=True)
class CircuitState:
    """A circuit at one sizing as the parent sends it.

    Attributes:
        circuit: its text, `flat` if without hierarchy.
        alterations: (device, parameter, value), None if only a fresh load is possible.
        fixed: what cannot be altered, including the card of each flat device.
        cards: names of the model cards that it needs.
        variants: (name, card, parameter → increment) of cards made for one device.
        separate: fields of the same circuit without hierarchy, for simulations of its noise in time.
    """

    circuit: str
    flat: bool
    alterations: Sequence[tuple[str, str, float]] | None
    fixed: str
    cards: Sequence[str]
    variants: Sequence[tuple[str, str, Mapping[str, float]]] = ()
    separate: Mapping[str, Any] | None = None

    @property
    def elements(self) -> CircuitState:
        """The same circuit without hierarchy, if it is known."""
        return self if self.separate is None else CircuitState(**self.separate)


@dataclass
class LoadedDeck:
    """A deck as the parent describes it (see `deck.Deck`), and its loaded state (`loaded` None: not loaded)."""

    models: str
    title: str
    blocks: str
    call: str
    tail: str
    analyses: Sequence[tuple[str, str]]
    probes: Mapping[str, str]
    settings: Mapping[str, float]
    metrics: Sequence[tuple[str, str]]
    devices: Sequence[tuple[str, str, str]]
    measures: Mapping[str, str] = field(default_factory=dict)
    programs: Mapping[str, str] = field(default_factory=dict)
    injection: Mapping[str, Any] | None = None
    nodeset: Mapping[str, float] = field(default_factory=dict)
    program: Mapping[str, Any] | None = None
    loaded: CircuitState | None = None
    values: dict[tuple[str, str], float] = field(default_factory=dict)

    def text(self, state: CircuitState, cards: str) -> str:
        """The complete deck in a state, with the text of its model cards."""
        if self.program is not None:
            return f"{self.title}{cards}{self.blocks}{state.circuit}{self.tail}.end"
        nodes = "".join(f".nodeset v({name})={value!r}\n" for name, value in self.nodeset.items())
        circuit = state.circuit if state.flat else f"{self.blocks}{state.circuit}{self.call}"
        keep = ".option keepopinfo\n" if self.shares_bias else ""
        precise = "" if any(kind == "tran" for kind, _ in self.analyses) else PRECISE
        modes = "".join(
            f"{self.mode_source(place)} 0 {net} dc 0 ac 0\n" for place, net in enumerate(self.probed_nets())
        )
        return f"{self.title}{precise}{cards}{circuit}{self.tail}{modes}{keep}{nodes}.end"

    def probed_nets(self) -> list[str]:
        """The circuit's nets from which its natural modes are read, [] if they are not asked for or too many."""
        if MODES not in self.probes:
            return []
        ports = {*self.call.lower().split()[1:-1]}
        nets = [name for name in self.nodeset if name in ports or name.startswith(INSIDE)]
        return nets if len(nets) <= MOST_NETS else []

    @staticmethod
    def mode_source(place: int) -> str:
        """The source at one of the `probed_nets`."""
        return f"imode{place}"

    @property
    def shares_bias(self) -> bool:
        """Whether the AC analysis also gives the operating point, so that it is solved once.

        With `keepopinfo` ngspice keeps the operating point of AC as a plot, equal to that of `op` to the last bit.
        """
        return {"op", "ac"} <= {kind for kind, _ in self.analyses}

    def changes(self, state: CircuitState) -> list[tuple[str, str, float]] | None:
        """The alterations to reach a state; None if a fresh load is needed: another netlist text, or a device in
        another bin.
        """
        loaded = self.loaded
        if (
            loaded is None
            or not (loaded.flat and state.flat)
            or state.alterations is None
            or loaded.fixed != state.fixed
        ):
            return None
        return [
            (device, parameter, value)
            for device, parameter, value in state.alterations
            if self.values.get((device, parameter)) != value
        ]
