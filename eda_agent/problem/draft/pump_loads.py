"""A pump's load is a resistor from the output of a charge pump to ground."""

from __future__ import annotations

from eda_agent.problem.structure import Structure


def pump_loads(structure: Structure, out: str) -> list[str]:
    """The names of the resistors that load a pump at the port `out`."""
    ground = {structure.vss, "0"}
    return [one.name for one in structure.passives if one.kind == "r" and out in one.nets and ground & {*one.nets}]
