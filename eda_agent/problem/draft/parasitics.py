"""Parasitics are capacitors and resistors of wires that an extraction adds to a circuit. They are kept and not
sized.
"""

from __future__ import annotations

import re

from eda_agent.problem.line_edit import Edit
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.size_places import own_value
from eda_agent.problem.structure import Structure
from eda_agent.units import counted

SMALLEST = 10e-15
"""F: a smaller capacitor belongs to a wire. The smallest MIM capacitors of SKY130 and GF180 (2 um and 5 um square) have
8 fF and 25 fF.
"""
_EXTRACTED = re.compile(
    r"^\*.*(?:created from \S+\.ext\b|extracted by|\bpex\b|parasitic extraction)", re.IGNORECASE | re.MULTILINE
)
"""In the first lines of the output of magic, KLayout and the foundries' tools."""
_MAGIC = re.compile(r"^[xm]\S*\s.*\sad=\S+ pd=\S+ as=\S+ ps=\S+ w=\S+ l=\S+", re.IGNORECASE | re.MULTILINE)
"""A MOSFET as magic writes it, junctions before sizes, without a head that says so."""
_WIRE = re.compile(r"pm_.*%", re.IGNORECASE)
"""The cell of a net's wires as Calibre's extraction writes it."""
ROLE = "parasitic"


def parasitics_in(structure: Structure, netlist: Netlist, subckt: str, text: str) -> dict[str, str]:
    """Label of a device → its place in the netlist (`NAME`, or `CELL.NAME`) of every parasitic.

    Args:
        structure: the recognised circuit.
        netlist: its netlist.
        subckt: the sized cell.
        text: the netlist's text: its head shows whether it is an extraction.
    """
    head = "\n".join(text.splitlines()[:10])
    extracted = (_EXTRACTED.search(head) or _MAGIC.search(text)) is not None
    result = {}
    for passive in structure.passives:
        cell, _, name = passive.name.rpartition(".")
        scope = _cell(netlist, subckt, cell)
        drawn = netlist.subcircuits[scope].device(name)
        if drawn is not None and drawn.kind == "x":
            # a device of the PDK is drawn, not a wire
            continue
        value = own_value(Edit(scope, name, "value"), netlist, subckt)
        small = passive.kind == "c" and value is not None and 0 <= value < SMALLEST
        if passive.kind in "rc" and (extracted or small or _WIRE.match(scope)):
            result[passive.name] = name if scope == subckt else f"{scope}.{name}"
    return result


def words_of(found: dict[str, str], structure: Structure) -> str:
    """One sentence about the found parasitics."""
    kinds = {passive.name: passive.kind for passive in structure.passives}
    counts = [
        (sum(kinds[label] == kind for label in found), what) for kind, what in (("c", "capacitor"), ("r", "resistor"))
    ]
    return f"{' and '.join(counted(count, what) for count, what in counts if count)} of wires: kept as they are"


def _cell(netlist: Netlist, subckt: str, path: str) -> str:
    cell = subckt
    for name in path.split(".") if path else ():
        call = netlist.subcircuits[cell].device(name)
        assert call is not None
        cell = call.value.lower()
    return cell
