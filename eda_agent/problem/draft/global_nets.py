"""A global net is used by a cell without a port for it: node 0, and the nets of `.global`. A draft gives each such cell
a port.

A testbench can only hold ports: a supply that reaches the devices in another way could be neither swept nor measured.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from eda_agent.problem.draft.floating_rails import floating_rails

_GROUND = frozenset(["0", "gnd"])
"""Names of node 0 in SPICE."""
_NODES = {"m": 4, "r": 2, "c": 2, "l": 2, "v": 2, "i": 2, "d": 2, "q": 3, "e": 4, "g": 4}
VSS = "vss"
"""The port that replaces node 0."""


@dataclass
class _Cell:
    """`header`: position of its `.subckt` line. `body`: positions of its lines. `needs`: nets that get a port, in the
    order of their use.
    """

    header: int
    ports: list[str]
    body: list[int] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)


def _without_shadowing(lines: Sequence[str], ports: set[str], notes: list[str]) -> list[str]:
    """The lines without global nets that are ports: ngspice would connect the port to nothing."""
    result = []
    for line in lines:
        found = re.match(r"\s*\.global\s+(.*)", line, re.IGNORECASE)
        left = [net for net in found[1].split() if net.lower() not in ports] if found else []
        if found is None or len(left) == len(found[1].split()):
            result.append(line)
            continue
        notes.append(".global was left out for nets that are ports")
        result += [f".global {' '.join(left)}"] if left else []
    return result


def with_global_ports(lines: Sequence[str], notes: list[str]) -> list[str]:
    """The lines with a port for every global net that a cell uses.

    Args:
        lines: a netlist, one element per line.
        notes: receives the changes.

    Returns:
        the same lines if no cell uses a global net; else the netlist with its continuation lines joined.
    """
    cards = _joined(lines)
    named = {
        net
        for card in cards
        if (found := re.match(r"(?:\*)?\.global\s+(.*)", card, re.IGNORECASE))
        for net in found[1].lower().split()
    }
    # a label that lost its `.global` line is as global as one that has it
    named |= set(floating_rails(cards)) - _GROUND
    cells = _cells(cards)
    shared = _GROUND | {net for net in named if net != "0"}
    for cell in cells.values():
        for place in cell.body:
            for net in _nets(cards[place]):
                _need(cell, net.lower(), shared)
    news = True
    while news:
        news = sum(_inherit(cell, cards, cells) for cell in cells.values()) > 0
    made = list(dict.fromkeys(net for cell in cells.values() for net in cell.needs))
    if not made:
        return _without_shadowing(lines, {net.lower() for cell in cells.values() for net in cell.ports}, notes)
    what = ", ".join("node 0" if net == VSS else net for net in made)
    notes.append(
        f"{what} reached the devices without a port: made {'a port' if len(made) == 1 else 'ports'}, {' '.join(made)}"
    )
    result = list(cards)
    for cell in cells.values():
        grounded = VSS in cell.needs or VSS in cell.ports
        result[cell.header] = _with_ports(cards[cell.header], cell.needs)
        for place in cell.body:
            result[place] = _rewritten(cards[place], cells, grounded=grounded)
    inside = {place for cell in cells.values() for place in cell.body}
    for place, card in enumerate(cards):
        if place not in inside and card[:1].lower() == "x":
            result[place] = _called(card, cells, lambda net: "0" if net == VSS else net)
    return [card for card in result if not re.match(r"(?:\*)?\.global\b", card, re.IGNORECASE)]


def _joined(lines: Sequence[str]) -> list[str]:
    result: list[str] = []
    for line in lines:
        if line.lstrip().startswith("+") and result:
            result[-1] += " " + line.lstrip()[1:].strip()
        else:
            result.append(line.strip())
    return result


def _cells(cards: Sequence[str]) -> dict[str, _Cell]:
    cells: dict[str, _Cell] = {}
    current: _Cell | None = None
    for place, card in enumerate(cards):
        words = card.split()
        if words and words[0].lower() == ".subckt" and len(words) > 1:
            current = cells.setdefault(words[1].lower(), _Cell(place, [word.lower() for word in _plain(words[2:])]))
        elif words and words[0].lower() == ".ends":
            current = None
        elif current is not None and card[:1].isalpha():
            current.body.append(place)
    return cells


def _plain(words: Sequence[str]) -> list[str]:
    """The words before the first setting."""
    result = []
    for word in words:
        if "=" in word or word.lower() == "params:" or word.startswith("$"):
            break
        result.append(word)
    return result


def _split(card: str) -> tuple[list[str], list[str]]:
    """(name and nets, the rest) of a device's line."""
    words = re.sub(r"\s*=\s*", "=", card).split()
    if words[0][0].lower() == "x":
        head = _plain(words)
        return head[:-1], words[len(head) - 1 :]
    count = 1 + _NODES.get(words[0][0].lower(), 0)
    return words[:count], words[count:]


def _nets(card: str) -> list[str]:
    return _split(card)[0][1:]


def _need(cell: _Cell, net: str, shared: frozenset[str]) -> bool:
    """Record that a cell uses a net; returns whether it is new."""
    if net not in shared or net in cell.ports:
        return False
    port = VSS if net in _GROUND else net
    if port in cell.ports or port in cell.needs:
        return False
    cell.needs.append(port)
    return True


def _inherit(cell: _Cell, cards: Sequence[str], cells: dict[str, _Cell]) -> bool:
    """Give a cell what those that it calls need; whether that is news."""
    news = False
    for place in cell.body:
        called = cells.get(_model(cards[place]))
        for net in called.needs if called is not None and called is not cell else ():
            if net not in cell.ports and net not in cell.needs:
                cell.needs.append(net)
                news = True
    return news


def _model(card: str) -> str:
    head, rest = _split(card)
    return rest[0].lower() if head[0][0].lower() == "x" and rest else ""


def _with_ports(card: str, needs: Sequence[str]) -> str:
    words = card.split()
    place = 2 + len(_plain(words[2:]))
    return " ".join([*words[:place], *needs, *words[place:]])


def _called(card: str, cells: dict[str, _Cell], net_of: Callable[[str], str]) -> str:
    head, rest = _split(card)
    called = cells.get(_model(card))
    return (
        " ".join([*head, *(net_of(net) for net in called.needs), *rest])
        if called is not None and called.needs
        else card
    )


def _rewritten(card: str, cells: dict[str, _Cell], *, grounded: bool) -> str:
    """A line with node 0 replaced by its port, and with the nets that a call needs."""
    head, rest = _split(card)
    named = [head[0], *(VSS if grounded and net.lower() in _GROUND else net for net in head[1:])]
    if named != head:
        card = " ".join([*named, *rest])
    return _called(card, cells, str)
