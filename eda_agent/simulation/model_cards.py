"""Model cards are the text of a library's models by name, as a worker holds them, and their variants for single
devices.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from eda_agent.problem.pdk.cut import plain_card, read_cards
from eda_agent.simulation.circuit_state import CircuitState


class ModelCards:
    """The cards of every library that a worker has received."""

    def __init__(self) -> None:
        self._libraries: dict[str, dict[str, str]] = {}

    def add(self, library: str, text: str) -> None:
        """Store a library's cards; decks refer to the library by name."""
        self._libraries[library] = read_cards(text)

    def text(self, library: str, state: CircuitState) -> str:
        """The cards that a circuit state needs."""
        cards = self._libraries[library]
        plain = "".join(_card(cards[name], name, state.flat) for name in state.cards)
        return plain + "".join(_variant(cards[card], card, name, added) for name, card, added in state.variants)


def _card(text: str, name: str, flat: bool) -> str:
    card = text.rstrip("\n") + "\n"
    return card.replace(name, plain_card(name), 1) if flat else card


def _variant(card_text: str, card: str, name: str, added: Mapping[str, float]) -> str:
    """A card under another name, with increments on its parameters."""
    text = card_text.rstrip("\n").replace(card, name, 1)
    for parameter, value in added.items():
        found = re.search(rf"\s{re.escape(parameter)}=(\S+)", text)
        if found is not None:
            text = f"{text[: found.start(1)]}{float(found[1]) + value!r}{text[found.end(1) :]}"
    return text + "\n"
