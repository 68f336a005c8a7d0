"""An ammeter is a source of 0 V between two nets of a circuit: a schematic puts it into a branch to see its current."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

_ZERO = re.compile(r"0*\.?0*(?:e[+-]?\d+)?v?", re.IGNORECASE)
_UNNAMED = re.compile(r"#?net\d+|n?\d+", re.IGNORECASE)


def without_ammeters(cards: Sequence[str], grounds: Collection[str], notes: list[str]) -> list[str]:
    """The device lines with every ammeter as a wire.

    Sources that fan out from the source of a common level are no ammeters: they bring it to several inputs.

    Args:
        cards: device lines, joined.
        grounds: names of ground, in lower case: a source to ground is no ammeter.
        notes: receives what became a wire.
    """
    same: dict[str, str] = {}
    not_wired = {*grounds, *_common_levels(cards, grounds)}

    def top(net: str) -> str:
        while net in same:
            net = same[net]
        return net

    wires = []
    for card in cards:
        words = card.split()
        if words[3:4] and words[3].lower() == "dc":
            del words[3]
        ends = [word.lower() for word in words[1:3]]
        if words[0][0] not in "vV" or len(words) != 4 or not _ZERO.fullmatch(words[3]) or {*ends} & not_wired:
            continue
        one, other = (top(word) for word in words[1:3])
        if one != other:
            kept, gone = (one, other) if _UNNAMED.fullmatch(other) else (other, one)
            same[gone] = kept
        wires.append(card)
    if not wires:
        return list(cards)
    notes.append(f"sources of 0 V between two nets became wires: {', '.join(card.split()[0] for card in wires)}")
    left = [card for card in cards if card not in wires]
    # the first word is the device's name
    return [re.sub(r"(?<=\s)[^\s=]+(?=\s|$)", lambda found: top(found[0]), card) for card in left]


def _common_levels(cards: Sequence[str], grounds: Collection[str]) -> set[str]:
    """The nets, in lower case, that a source to ground holds, and from which sources alone lead on: two or more."""
    leaving: Counter[str] = Counter()
    held: set[str] = set()
    devices: set[str] = set()
    for card in cards:
        name, *words = card.lower().split()
        words = [word for word in words if "=" not in word]
        ends = {*words[:2]}
        if name[0] not in "vieg":
            devices |= {*words}
        elif ends & {*grounds}:
            held |= ends
        else:
            leaving.update(ends)
    return {net for net in held - devices if leaving[net] > 1}
