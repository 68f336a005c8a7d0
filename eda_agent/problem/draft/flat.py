"""A flat netlist is a circuit with its sources and without ports, as a schematic that is simulated directly.

Sources to ground are removed, and the nets that they drove become ports. Nets that only drains touch become ports too
(outputs), and
so does ground. The rest is a subcircuit that any testbench can hold.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from eda_agent.problem.source import is_title
from eda_agent.units import parse_spice_number

_GROUNDS = frozenset(["0", "gnd"])
_NODES = {"m": 4, "x": 4, "r": 2, "c": 2, "l": 2, "v": 2, "i": 2}
"""Element letter → number of nodes. X is a MOSFET of a PDK: other calls are not supported in a flat netlist."""


def without_sources(lines: Sequence[str], notes: list[str]) -> list[str]:
    """The lines as a subcircuit with ports; unchanged if there is one already, if nothing drives it, or if a device is
    unknown.
    """
    if any(re.match(r"\s*\.subckt\s+\S+\s+[^\s=]", line, re.IGNORECASE) for line in lines):
        return list(lines)
    cards, others, name = _split(lines)
    kinds = [card[0].lower() for card in cards]
    nodes = [card.split()[1 : 1 + _NODES.get(kind, 0)] for card, kind in zip(cards, kinds, strict=True)]
    if not set(kinds) <= _NODES.keys() or any(len(found) != _NODES[kind] for found, kind in zip(nodes, kinds, strict=True)):
        return list(lines)
    driven: list[str] = []
    kept: list[int] = []
    for number, (kind, found) in enumerate(zip(kinds, nodes, strict=True)):
        live = [net for net in found if net.lower() not in _GROUNDS]
        if kind in "vi" and len(live) == 1:
            driven.append(live[0])
        else:
            kept.append(number)
    if not driven or not kept:
        return list(lines)
    drains = Counter(nodes[number][0] for number in kept if kinds[number] in "mx")
    elsewhere = {net for number in kept for net in (nodes[number][1:] if kinds[number] in "mx" else nodes[number])}
    outputs = [net for net, count in drains.items() if count > 1 and net not in elsewhere and net not in driven]
    ports = list(dict.fromkeys([*driven, *outputs]))
    body = [_grounded(cards[number], _NODES[kinds[number]]) for number in kept]
    notes.append(f"sources were removed, and {', '.join(ports)} and ground (vss) became ports")
    return [*others, f".subckt {name} {' '.join(ports)} vss", *body, f".ends {name}"]


def source_values(lines: Sequence[str]) -> dict[str, float]:
    """Net → the DC value of its source to ground: V of a voltage source, A into the net of a current source."""
    result = {}
    for card in _split(lines)[0]:
        words = card.split()
        value = next((number for word in words[3:5] if word.lower() != "dc" and (number := parse_spice_number(word)) is not None), None)
        if card[0].lower() not in "vi" or len(words) < 4 or value is None:
            continue
        plus, minus = (net.lower() for net in words[1:3])
        if (plus in _GROUNDS) == (minus in _GROUNDS):
            continue
        # SPICE counts a source's current from its plus terminal through the source to its minus terminal
        sign = 1.0 if (minus in _GROUNDS) == (card[0].lower() == "v") else -1.0
        result[minus if plus in _GROUNDS else plus] = sign * value
    return result


def _split(lines: Sequence[str]) -> tuple[list[str], list[str], str]:
    """(device lines, joined; all other lines; the name of the empty subcircuit around them)."""
    cards: list[str] = []
    others: list[str] = []
    name, joining = "circuit", others
    for number, line in enumerate(lines):
        text = line.strip()
        if number == 0 and text and is_title(text):
            others.append(f"* {text}")
            continue
        header = re.match(r"\.subckt\s+(\S+)", text, re.IGNORECASE)
        if header:
            name = header[1]
        elif text.startswith("+") and joining is cards and cards:
            cards[-1] += " " + text[1:].strip()
        elif text[:1].isalpha():
            cards.append(text)
            joining = cards
        elif not re.match(r"\.(ends|end)\b", text, re.IGNORECASE):
            others.append(line)
            joining = others if text and not text.startswith("*") else joining
    return cards, others, name


def _grounded(card: str, count: int) -> str:
    words = card.split()
    return " ".join([words[0], *("vss" if net.lower() in _GROUNDS else net for net in words[1 : 1 + count]), *words[1 + count :]])
