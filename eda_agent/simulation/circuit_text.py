"""A circuit text is the netlist's own text with the values of a sizing, for a deck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eda_agent.problem.allow_list import IGNORED_CARDS
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.multiplied import explicit, multiplied_cells, multiplied_value
from eda_agent.problem.netlist import Netlist

_KEPT_AT_TOP = {
    ".param",
    ".params",
    ".model",
    ".global",
    ".func",
    ".ic",
    ".option",
    ".options",
    ".subckt",
    ".ends",
    ".nodeset",
}


class CircuitText:
    """The text of a netlist, split once at the places of a sizing: rendering is then one join."""

    def __init__(self, netlist: Netlist, places: Sequence[Edit]):
        multiplied = multiplied_cells(netlist)
        netlist = explicit(netlist, multiplied) if multiplied else netlist
        marks = {edit: f"\0{number}\0" for number, edit in enumerate(places)}
        marks |= {
            edit: multiplied_value(mark)
            for edit, mark in marks.items()
            if edit.attribute == "m" and edit.device and edit.scope in multiplied
        }
        parts = netlist.text(marks, comments=False, only=_circuit_lines(netlist)).split("\0")
        self._texts, self._edits = parts[::2], [places[int(number)] for number in parts[1::2]]

    def render(self, edits: Mapping[Edit, float]) -> str:
        """The text with every place at its number."""
        parts = [
            text for edit, text in zip(self._edits, self._texts, strict=False) for text in (text, repr(edits[edit]))
        ]
        return "".join(parts) + self._texts[-1]


def _circuit_lines(netlist: Netlist) -> frozenset[int]:
    """Lines (by identity) of a deck: complete subcircuits, and only definitions outside them."""
    kept, inside = set(), False
    for line in netlist.lines:
        inside = inside or line.card == ".subckt"
        if (inside and line.card not in IGNORED_CARDS) or line.card in _KEPT_AT_TOP:
            kept.add(id(line))
        if line.card == ".ends":
            inside = False
    return frozenset(kept)
