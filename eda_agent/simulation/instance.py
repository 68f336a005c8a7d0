"""An instance is the circuit at one sizing: its text, and its devices with their numbers and model cards."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.pdk import CutLibrary, plain_card
from eda_agent.problem.pdk.mismatch import UNITS, Spread, deviation, symbols
from eda_agent.problem.pdk.whole import WholeDevice
from eda_agent.simulation.deck import Deck
from eda_agent.simulation.varied_cell import renamed, with_cell
from eda_agent.spice_numbers import spice_number


@dataclass(frozen=True)
class Elaborated:
    """The elaborated circuit at one sizing.

    Attributes:
        devices: the primitive devices.
        flat_values: the numbers of each flat line, empty if only ngspice can elaborate the circuit.
        alterations: the sizing's values in the flat circuit, as device parameters, None if a loaded circuit cannot be
            altered.
        fixed: what altering cannot change.
        fets: labels of the MOSFETs.
        beside: those of the deck's other cells, and of its circuit once more.
    """

    devices: tuple[FlatDevice, ...] = ()
    flat_values: tuple[str, ...] = ()
    alterations: tuple[tuple[str, str, float], ...] | None = None
    fixed: str = ""
    gate_area: float = 0.0
    fets: frozenset[str] = frozenset()
    beside: tuple[FlatDevice, ...] = ()

    @property
    def widths(self) -> dict[str, float]:
        """MOSFET → W in m, over all fingers and copies."""
        result: dict[str, float] = {}
        for device in self.devices:
            if device.label in self.fets and "w" in device.values:
                result[device.label] = result.get(device.label, 0.0) + device.values["w"] * device.values.get("m", 1.0)
        return result


@dataclass(frozen=True, eq=False)
class Instance:
    """The circuit at one sizing: the netlist's own `circuit` text, and `elaborate` for the rest.

    A sizing with a cached result needs only its text.
    """

    circuit: str
    elaborate: Callable[[], Elaborated] = Elaborated
    _assigned: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def parts(self) -> Elaborated:
        return self.elaborate()

    def wire(self, deck: Deck, *, flat: bool) -> dict[str, Any]:
        """The sizing's description for a worker, for one deck."""
        if deck.program is not None or not (flat and self.parts.flat_values):
            cards = deck.library.needed((*self.parts.devices, *self.parts.beside))
            return {
                "circuit": self.circuit,
                "flat": False,
                "alterations": None,
                "fixed": self.parts.fixed,
                "cards": cards,
            }
        chosen = self.cards(deck.library)
        return {
            "circuit": self.flat(deck),
            "flat": True,
            "alterations": self.parts.alterations,
            "fixed": f"{self.parts.fixed} {' '.join(chosen)}",
            "cards": sorted({card for card in chosen if card}),
        }

    def varied(self, deck: Deck, seed: int, sample: int) -> dict[str, Any]:
        """The same with the mismatch of one Monte Carlo sample: each device has its own card or parameters."""
        parts, chosen, scale = self.parts, self.cards(deck.library), deck.scale
        own = deck.program is not None
        drawn = deck.library.drawn
        lines, variants = [], []
        for head, card, device, values in zip(deck.flat_heads, chosen, parts.devices, parts.flat_values, strict=True):
            name, extra = plain_card(card) or (device.model if device.kind in "mxd" else ""), ""
            if device.whole and (foundry := drawn.get(device.library)) is not None:
                extra = "".join(f" {draw}={value!r}" for draw, value in _whole_draws(foundry, seed, sample, device))
            spread = deck.library.spreads.get(card) or deck.library.spreads.get(device.library, {})
            if spread:
                draws = _draws(spread, seed, sample, device.label)
                size = (device.values["w"] / scale, device.values["l"] / scale, device.values.get("m", 1.0))
                added = {parameter: deviation(text, *size, draws) for parameter, text in spread.items()}
                if card in deck.library.spreads:
                    name = f"{name}_x{device.index}"
                    variants.append((name, card, added))
                else:
                    extra = "".join(f" {parameter}={value!r}" for parameter, value in added.items())
            elif own and card:
                # the deck's cards keep their names, because the bench may use them too
                name = f"{name}_x{device.index}"
                variants.append((name, card, {}))
            if own and device.whole and device.library in drawn:
                name = f"{device.library}_drawn"
            lines.append(f"{head} {name} {values}{extra}\n")
        result = {
            "alterations": None,
            "fixed": f"sample {seed} {sample}",
            "cards": sorted({card for card in chosen if card}),
            "variants": variants,
        }
        if own:
            foundry_text = "".join(renamed(one.text, name, f"{name}_drawn") for name, one in drawn.items())
            cards = deck.library.needed((*parts.devices, *parts.beside))
            return {
                **result,
                "circuit": foundry_text + with_cell(self.circuit, deck.cell, lines),
                "flat": False,
                "cards": cards,
            }
        circuit = deck.flat_cards + "".join(one.text for one in drawn.values()) + "".join(lines)
        return {**result, "circuit": circuit, "flat": True}

    def flat(self, deck: Deck) -> str:
        """The circuit without hierarchy, each MOSFET with the card of its own bin."""
        models = (
            plain_card(card) or (device.model if device.kind in "mxd" else "")
            for card, device in zip(self.cards(deck.library), self.parts.devices, strict=True)
        )
        lines = zip(deck.flat_heads, models, self.parts.flat_values, strict=True)
        return (
            deck.flat_cards
            + deck.library.whole_text
            + "".join(f"{head} {model} {values}\n" for head, model, values in lines)
        )

    def cards(self, library: CutLibrary) -> tuple[str, ...]:
        """The model card of each device in a process corner; computed once, because most testbenches share a
        library.
        """
        if library.digest not in self._assigned:
            self._assigned[library.digest] = library.assigned(self.parts.devices)
        return self._assigned[library.digest]


def flat_values(device: FlatDevice) -> str:
    """The numbers of a flat line, written as for `alter` (see `spice_number`)."""
    plain = {"r": "resistance", "c": "capacitance", "l": "inductance", "v": "dc", "i": "dc"}.get(device.kind)
    first = f"{'dc ' if plain == 'dc' else ''}{spice_number(device.values[plain])} " if plain else ""
    return first + " ".join(f"{name}={spice_number(value)}" for name, value in device.values.items() if name != plain)


def _whole_draws(foundry: WholeDevice, seed: int, sample: int, device: FlatDevice) -> list[tuple[str, float]]:
    """The draws of a whole device in one sample, by its parameter. Of m units in parallel each varies on its own."""
    rng = np.random.default_rng([seed, sample, zlib.crc32(device.label.encode())])
    units = 1.0 if foundry.counts_units or UNITS & device.values.keys() else device.values.get("m", 1.0)
    draws = rng.standard_normal(foundry.draws) / math.sqrt(units)
    return [(f"draw{number}", value) for number, value in enumerate(draws.tolist())]


def _draws(spread: Spread, seed: int, sample: int, label: str) -> dict[str, float]:
    """The normal draws of one device in one sample: they depend on its name, so a changed sizing has the same draws."""
    rng = np.random.default_rng([seed, sample, zlib.crc32(label.encode())])
    names = list(symbols(spread))
    return dict(zip(names, rng.standard_normal(len(names)).tolist(), strict=True))
