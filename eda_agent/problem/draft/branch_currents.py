"""A branch current is the current that a MOSFET carries by design: reference currents, mirrors and Kirchhoff's current
law tell it before anything is simulated.
"""

from __future__ import annotations

from collections.abc import Mapping

from eda_agent.problem.structure import Structure
from eda_agent.problem.structure.circuit import Fet

_LAW, _EQUAL, _TAIL, _COPY, _ANY = 100.0, 30.0, 5.0, 2.0, 0.02
"""Weights of Kirchhoff's law, of matched devices, of tails, of other copies of a mirror, and of one reference current
in each device.
"""
_TAIL_UNITS, _OUTPUT_UNITS = 2.0, 4.0
"""Reference currents in the tail of a pair and in an output stage: its second pole has to lie beyond the first stage's
bandwidth.
"""
_LEAST = 0.25
"""Of a reference current, in a device for which the equations leave less."""


def branch_currents(structure: Structure, bias: Mapping[str, str]) -> dict[str, float]:
    """Device → its current in units of the reference current, by weighted least squares.

    Args:
        structure: the circuit.
        bias: port → how it is held; at a source or a sink one unit flows.
    """
    import numpy as np

    fets = [fet for fet in structure.fets if structure.roles.get(fet.name) not in {"dummy", "MOS capacitor"}]
    resistors = [passive for passive in structure.passives if passive.kind in "rl"]
    columns = {name: place for place, name in enumerate([one.name for one in fets] + [one.name for one in resistors])}
    rows: list[tuple[dict[str, float], float, float]] = []
    nets = {net for fet in fets for net in (fet.drain, fet.source)} - structure.rails
    for net in sorted(nets):
        held = bias.get(net.removeprefix("xdut."), "")
        if net in structure.ports and held not in {"source", "sink"} and not _is_output(structure, net):
            continue
        into: dict[str, float] = {}
        for fet in fets:
            enters, leaves = (fet.source, fet.drain) if fet.type == "nmos" else (fet.drain, fet.source)
            into[fet.name] = float(net == enters) - float(net == leaves)
        for one in resistors:
            into[one.name] = float(net == one.nets[1]) - float(net == one.nets[0])
        rows.append((into, -1.0 if held == "source" else 1.0 if held == "sink" else 0.0, _LAW))
    for group in structure.matched:
        # the devices of a mirror are matched per unit
        same = [name for name in group if name in columns and structure.roles.get(name) in _EQUAL_ROLES]
        rows += [({same[0]: 1.0, name: -1.0}, 0.0, _EQUAL) for name in same[1:]]
    for mirror in structure.mirrors:
        for copy in mirror.copies:
            if not {copy.name, mirror.reference.name} <= columns.keys():
                continue
            units, weight = _units(structure, copy)
            rows.append(({copy.name: 1.0, mirror.reference.name: -units}, 0.0, weight))
    rows += [({fet.name: 1.0}, 1.0, _ANY) for fet in fets]
    rows += [({one.name: 1.0}, 0.0, _ANY) for one in resistors]
    matrix, right = np.zeros((len(rows), len(columns))), np.zeros(len(rows))
    for place, (row, value, weight) in enumerate(rows):
        for name, factor in row.items():
            matrix[place, columns[name]] += weight * factor
        right[place] = weight * value
    found = np.linalg.lstsq(matrix, right, rcond=None)[0]
    return {fet.name: max(float(found[columns[fet.name]]), _LEAST) for fet in fets}


_EQUAL_ROLES = {"input pair", "cascode nmos", "cascode pmos", "load mirror", "signal mirror"}


def _units(structure: Structure, copy: Fet) -> tuple[float, float]:
    """(units of a copy of a mirror, weight)."""
    role = structure.roles.get(copy.name, "")
    if role == "tail source":
        return _TAIL_UNITS, _TAIL
    if role == "current source" and any(
        fet.drain == copy.drain and structure.roles.get(fet.name) == "output device" for fet in structure.fets
    ):
        return _OUTPUT_UNITS, _TAIL
    if role in {"load mirror", "signal mirror"}:
        return 1.0, _EQUAL
    return 1.0, _COPY


def _is_output(structure: Structure, net: str) -> bool:
    """Whether devices of both types end at a port: nothing else carries their current."""
    return {fet.type for fet in structure.fets if fet.drain == net} == {"nmos", "pmos"}
