"""A flat netlist is a circuit with its sources and without ports, as a schematic that is simulated directly.

Sources to ground are removed, and the nets that they drove become ports. Nets that only drains touch become ports too
(outputs), and so does ground. The rest is a subcircuit that any testbench can hold.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from eda_agent.problem.source import is_title
from eda_agent.units import parse_spice_number

_GROUNDS = frozenset(["0", "gnd"])
_NODES = {"m": 4, "x": 4, "r": 2, "c": 2, "l": 2, "v": 2, "i": 2}
"""Element letter → number of nodes. X is a MOSFET of a PDK: other calls are not supported in a flat netlist."""


def without_sources(lines: Sequence[str], notes: list[str]) -> list[str]:
    """The lines as a subcircuit with ports; unchanged if there is one already, if nothing drives it, or if a device is
    unknown.
    """
    if not is_flat(lines):
        return list(lines)
    cards, others, name = _split(lines)
    kinds = [card[0].lower() for card in cards]
    nodes = [card.split()[1 : 1 + _NODES.get(kind, 0)] for card, kind in zip(cards, kinds, strict=True)]
    if not set(kinds) <= _NODES.keys() or any(
        len(found) != _NODES[kind] for found, kind in zip(nodes, kinds, strict=True)
    ):
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
    outputs = _outputs(cards)
    # the testbench brings the load
    loads = [
        number
        for number in kept
        if kinds[number] == "c"
        and set(nodes[number]) & set(outputs)
        and any(net.lower() in _GROUNDS for net in nodes[number])
    ]
    kept = [number for number in kept if number not in loads]
    if loads:
        notes.append(f"{', '.join(cards[number].split()[0] for number in loads)} became the load of the testbenches")
    ports = list(dict.fromkeys([*driven, *outputs]))
    body = [_grounded(cards[number], _NODES[kinds[number]]) for number in kept]
    notes.append(f"sources were removed, and {', '.join(ports)} and ground (vss) became ports")
    return [*others, f".subckt {name} {' '.join(ports)} vss", *body, f".ends {name}"]


@dataclass(frozen=True)
class FlatConditions:
    """What the sources and loads of a flat netlist say of its use, by net.

    Attributes:
        volts: DC value of a voltage source to ground, V.
        amps: DC value of a current source, A into the net.
        loads: capacitor from an output to ground, F.
    """

    volts: Mapping[str, float] = field(default_factory=dict)
    amps: Mapping[str, float] = field(default_factory=dict)
    loads: Mapping[str, float] = field(default_factory=dict)


def is_flat(lines: Sequence[str]) -> bool:
    """Whether no subcircuit with ports is in the lines."""
    return not any(re.match(r"\s*\.subckt\s+\S+\s+[^\s=]", line, re.IGNORECASE) for line in lines)


def conditions_of(lines: Sequence[str]) -> FlatConditions:
    """The conditions of a flat netlist; empty ones if it has a subcircuit with ports."""
    if not is_flat(lines):
        return FlatConditions()
    cards = _split(lines)[0]
    volts: dict[str, float] = {}
    amps: dict[str, float] = {}
    loads: dict[str, float] = {}
    outputs = set(_outputs(cards))
    for card in cards:
        words = card.split()
        kind = card[0].lower()
        value = next(
            (
                number
                for word in words[3:5]
                if word.lower() != "dc" and (number := parse_spice_number(word)) is not None
            ),
            None,
        )
        if kind not in "vic" or len(words) < 4 or value is None:
            continue
        plus, minus = (net.lower() for net in words[1:3])
        if (plus in _GROUNDS) == (minus in _GROUNDS):
            continue
        net = minus if plus in _GROUNDS else plus
        if kind == "c":
            if net in outputs:
                loads[net] = loads.get(net, 0.0) + value
            continue
        # SPICE counts a source's current from its plus terminal through the source to its minus terminal
        sign = 1.0 if (minus in _GROUNDS) == (kind == "v") else -1.0
        (volts if kind == "v" else amps)[net] = sign * value
    return FlatConditions(volts, amps, loads)


def _outputs(cards: Sequence[str]) -> list[str]:
    """Nets on which drains stand and nothing else but a load to ground."""
    devices = [(card[0].lower(), card.split()[1 : 1 + _NODES.get(card[0].lower(), 0)]) for card in cards]
    driven = {net for kind, nodes in devices if kind in "vi" for net in nodes}
    drains = Counter(nodes[0] for kind, nodes in devices if kind in "mx" and nodes)
    elsewhere = {
        net
        for kind, nodes in devices
        if not (kind == "c" and any(net.lower() in _GROUNDS for net in nodes))
        for net in (nodes[1:] if kind in "mx" else nodes)
    }
    return [net for net, count in drains.items() if count > 1 and net not in elsewhere and net not in driven]


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
    return " ".join(
        [words[0], *("vss" if net.lower() in _GROUNDS else net for net in words[1 : 1 + count]), *words[1 + count :]]
    )
