"""A latch is two inverters that drive each other; a clocked comparator decides at both of its nets."""

from __future__ import annotations

from eda_agent.problem.structure import Structure


def latched_complement(structure: Structure, out: str) -> str:
    """The net of the top level that is the complement of a latch's output, "" if there is none without a port.

    The complement's gates drive the output and the output's gates drive it, by devices of the latch.
    """
    held = [fet for fet in structure.fets if structure.roles.get(fet.name, "").startswith("latch")]
    drivers = {fet.gate for fet in held if fet.drain == out}
    driven = {fet.drain for fet in held if fet.gate == out}
    found = [net for net in drivers & driven if net.startswith("xdut.") and net.count(".") == 1]
    return found[0].removeprefix("xdut.") if len(found) == 1 else ""
