"""An enable is a port that only switches the bias on and off: its level is a condition of use, not a bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eda_agent.problem.structure import Structure
from eda_agent.problem.structure.circuit import Fet

OPPOSITE = {"low": "high", "high": "low"}


@dataclass(frozen=True)
class Enable:
    """`level`: low or high, at which the circuit is on. `switches`: the devices that it turns on to switch the bias off."""

    port: str
    level: str
    switches: tuple[str, ...]

    @property
    def words(self) -> str:
        names = " ".join(name.upper() for name in self.switches)
        return f"{self.port} switches the bias off when {OPPOSITE[self.level]} ({names}): tied {self.level}"


def enables_of(structure: Structure, ports: Sequence[str]) -> dict[str, Enable]:
    """Port → enable, of those whose every gate belongs to a switch across a bias, or to an inverter on the way to one."""
    found = {}
    for port in ports:
        levels = _levels(structure, port)
        sure = {level for level, name in levels if name}
        if len(sure) == 1 and all(name for _, name in levels):
            switches = tuple(dict.fromkeys(name for _, name in levels))
            found[port] = Enable(port, next(iter(sure)), switches)
    return found


def _levels(structure: Structure, net: str, depth: int = 0) -> list[tuple[str, str]]:
    """For each gate on a net the level of the net at which the circuit is on, and the switch; ("", "") for a gate that does something else."""
    gates = [fet for fet in structure.fets if fet.gate == net]
    inverted = _inverters(structure, gates)
    result = []
    for fet in gates:
        if fet.drain in inverted and depth < 2:
            result += [(OPPOSITE.get(level, ""), name) for level, name in _levels(structure, fet.drain, depth + 1)]
        else:
            result.append(_switch(structure, fet))
    return result


def _inverters(structure: Structure, gates: Sequence[Fet]) -> set[str]:
    """Nets that a pair of these devices, one of each type and each on its rail, drives."""
    low = {fet.drain for fet in gates if fet.type == "nmos" and fet.source == structure.vss}
    return low & {fet.drain for fet in gates if fet.type == "pmos" and fet.source == structure.vdd}


def _switch(structure: Structure, fet: Fet) -> tuple[str, str]:
    """A device from a rail to the gates of a diode and its copies on the same rail takes their voltage away."""
    rail = structure.vss if fet.type == "nmos" else structure.vdd
    held = [other for other in structure.fets if other.gate == fet.drain and other.type == fet.type and other.source == rail]
    biased = any(other.diode for other in held) or any(mirror.reference in held for mirror in structure.mirrors)
    if fet.source != rail or not biased:
        return "", ""
    return ("low" if fet.type == "nmos" else "high"), fet.name
