"""First sizes are those of MOSFETs that a netlist leaves without sizes: by the function of each device and its branch
current, so that every device can be saturated.

With the inversion coefficient IC of the EKV model (Enz, Vittoz: Charge-based MOS Transistor Modeling, 2006),
W/L = I / (I0 · IC). The specific current I0 = 2 n µ Cox (kT/q)² of a square device follows the oxide, and so the rated
voltage.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from eda_agent.problem.draft.answers import Held
from eda_agent.problem.draft.bare import WITHOUT_SIZES, starting_sizes
from eda_agent.problem.draft.branch_currents import branch_currents
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.pdk.registry import DeviceRule, Pdk
from eda_agent.problem.structure import Structure
from eda_agent.spice_numbers import parse_spice_number

_SPECIFIC = {"nmos": 0.85e-6, "pmos": 0.24e-6}
"""I0 in A, times the rated voltage in V: 0.47 uA for an NMOS of 1.8 V."""
_PAIR, _CASCODE, _OTHER, _GATE = 2.0, 4.0, 10.0, 50.0
"""Inversion coefficients: a pair in moderate inversion, mirrors and what they drive near strong inversion, and a diode
that holds the gates of cascodes far in it, so that the device below the cascode has room.
"""
_LENGTHS = {"input pair": 3.0, "cascode nmos": 2.0, "cascode pmos": 2.0}
_SOURCE_LENGTH, _STAGE_LENGTH = 6.0, 4.0
"""Channel lengths, times the smallest: current sources and their diodes are longer than stages."""
_STAGES = {"load mirror", "output device", "gain device", "signal mirror"}
FIRST_SIZES = f"{WITHOUT_SIZES} got first sizes by function and branch current"
COMMON_CURRENT = 5e-6
"""A: the reference current of a draft."""


def first_sizes(
    structure: Structure, netlist: Netlist, subckt: str, pdk: Pdk, bias: Mapping[str, str], answers: Mapping[str, Held]
) -> dict[Edit, str]:
    """Place → text of the widths and lengths of the MOSFETs that have the starting sizes of a device without any.

    Args:
        structure: the circuit.
        bias: port → how it is held.
        answers: port → how the user says that it is held.
    """
    unsized = _unsized(structure, netlist, subckt, pdk)
    fets = {fet.name: fet for fet in structure.fets}
    if not unsized or not _all_unsized(structure, unsized) or not structure.mirrors:
        return {}
    said = [_amps(answers[port]) for port, how in bias.items() if how in {"source", "sink"} and port in answers]
    unit = next(filter(None, said), COMMON_CURRENT)
    currents = branch_currents(structure, bias)
    cascodes = {fet.gate for fet in structure.fets if structure.roles.get(fet.name, "").startswith("cascode")}
    gates = {fet.name for fet in structure.fets if fet.diode and fet.gate in cascodes}
    together: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for label, (place, rule) in unsized.items():
        if label in currents:
            role = structure.roles.get(label, "")
            length = _length(role) * rule.length[0]
            wanted = currents[label] * unit
            inversion = _GATE if label in gates else _inversion(role)
            specific = _SPECIFIC[fets[label].type] / (rule.supply or pdk.supply)
            together[place].append((wanted / (specific * inversion) * length, length))
    return _texts(together, dict(unsized.values()), pdk)


def _amps(held: Held) -> float:
    """The current of an answer in A, 0 for another."""
    return abs(held.value) if held.unit in {"", "A"} and abs(held.value) < 1.0 and not held.level else 0.0


def _length(role: str) -> float:
    return _LENGTHS.get(role, _STAGE_LENGTH if role in _STAGES else _SOURCE_LENGTH)


def _inversion(role: str) -> float:
    return _PAIR if role == "input pair" else _CASCODE if role.startswith("cascode") else _OTHER


def _texts(
    sizes: Mapping[tuple[str, str], list[tuple[float, float]]], rules: Mapping[tuple[str, str], DeviceRule], pdk: Pdk
) -> dict[Edit, str]:
    result = {}
    grid = 2 * pdk.grid
    for (scope, name), found in sizes.items():
        rule = rules[scope, name]
        # one line may stand for several instances
        width, length = (sum(values) / len(values) for values in zip(*found, strict=True))
        # W over L stays where a width would be below the smallest
        length *= max(rule.width[0] / width, 1.0)
        for side, mean, limits in (("w", width, rule.width), ("l", length, rule.length)):
            size = round(min(max(mean, limits[0]), limits[1]) / grid) * grid
            result[Edit(scope, name, side)] = f"{size * 1e6:.6g}u" if pdk.scale == 1.0 else f"{size / pdk.scale:.6g}"
    return result


def _unsized(
    structure: Structure, netlist: Netlist, subckt: str, pdk: Pdk
) -> dict[str, tuple[tuple[str, str], DeviceRule]]:
    """Label of a MOSFET → (its cell and name, its rule), if its sizes are those of one without sizes."""
    result = {}
    for fet in structure.fets:
        cell, _, name = fet.name.rpartition(".")
        scope = subckt
        for call in cell.split(".") if cell else ():
            inner = netlist.subcircuits[scope].device(call)
            if inner is None:
                break
            scope = inner.value.lower()
        device = netlist.subcircuits[scope].device(name)
        rule = pdk.device(device.value) if device is not None else None
        if device is None or rule is None:
            continue
        start = starting_sizes(rule, pdk)
        scale = pdk.scale if device.kind == "x" else 1.0
        own = {side: parse_spice_number(device.params.get(side, "")) for side in "wl"}
        if all(value is not None and abs(value * scale / start[side] - 1) < 1e-6 for side, value in own.items()):
            result[fet.name] = (scope, name), rule
    return result


def _all_unsized(structure: Structure, unsized: Mapping[str, object]) -> bool:
    """Whether no MOSFET has sizes of its own: beside given sizes the currents are another matter."""
    return all(fet.name in unsized for fet in structure.fets)
