"""A bias level is the voltage at a port that holds the gates of cascodes or current sources and nothing else.

It is counted from the rail of its devices, so that the voltage of PMOS gates follows the supply. First levels come from
one operating point: a current source has an overdrive, and a cascode leaves the devices below it in saturation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eda_agent.problem.structure import Fet, Structure
from eda_agent.problem.structure.saturation import meant_for_saturation
from eda_agent.units import format_quantity

OVERDRIVE = 0.2
"""V of |Vgs| beyond the threshold: the middle of what designers give a current source."""
_ROOM = 0.2
"""V across a device in saturation, with a margin."""


@dataclass(frozen=True)
class BiasPort:
    """`type`: of the devices whose gates it holds. `source`: whether they stand on their rail, as a current source."""

    port: str
    type: str
    devices: tuple[str, ...]
    source: bool


def bias_ports(structure: Structure, ports: Sequence[str]) -> list[BiasPort]:
    """Those of the ports that hold gates of one type of cascodes or current sources and have no other connection but
    capacitors. Current sources come first.
    """
    meant, result = set(meant_for_saturation(structure)), []
    ends = {net for fet in structure.fets for net in (fet.drain, fet.source, fet.bulk)}
    ends |= {net for one in structure.passives if one.kind != "c" for net in one.nets}
    for port in ports:
        held = [fet for fet in structure.fets if fet.gate == port]
        working = [fet for fet in held if fet.name in meant]
        if port in ends or not working or len({fet.type for fet in held}) != 1:
            continue
        source = any(fet.source in structure.rails for fet in working)
        result.append(BiasPort(port, working[0].type, tuple(fet.name for fet in working), source))
    return sorted(result, key=lambda one: not one.source)


def first_levels(
    structure: Structure, ports: Sequence[BiasPort], thresholds: Mapping[str, float], supply: float, common_mode: float
) -> dict[str, float]:
    """Port → level in V from the rail of its devices.

    Args:
        structure: the circuit.
        ports: those to bias.
        thresholds: device → its threshold voltage in V, positive if it conducts only above it.
        supply: V.
        common_mode: of the inputs, V.
    """
    result = {}
    for one in ports:
        fets = [fet for fet in structure.fets if fet.name in one.devices and fet.name in thresholds]
        inputs = common_mode if one.type == "nmos" else supply - common_mode
        levels = [
            (0.0 if one.source else _least(structure, fet.source, fet.type, thresholds, inputs, 4))
            + thresholds[fet.name]
            + OVERDRIVE
            for fet in fets
        ]
        result[one.port] = min(max(levels, default=supply / 2), supply)
    return result


def level_text(port: BiasPort, level: float) -> str:
    """A level in V from the rail of the port's devices as a spec has it: that of PMOS gates follows the supply."""
    text = format_quantity(level).replace(" ", "")
    return text if port.type == "nmos" else f"vdd-{text}"


def _least(
    structure: Structure, net: str, kind: str, thresholds: Mapping[str, float], inputs: float, depth: int
) -> float:
    """The least voltage between a net and the rail of a type that leaves every device of this type below it room."""
    below = [fet for fet in structure.fets if fet.drain == net and fet.type == kind and fet.name in thresholds]
    if net in structure.rails or not depth or not below:
        return 0.0
    return max(_foot(structure, fet, thresholds, inputs, depth) + _ROOM for fet in below)


def _foot(structure: Structure, fet: Fet, thresholds: Mapping[str, float], inputs: float, depth: int) -> float:
    """The voltage of a device's source from its rail."""
    if "pair" in structure.roles.get(fet.name, ""):
        return max(inputs - thresholds[fet.name] - OVERDRIVE / 2, 0.0)
    return _least(structure, fet.source, fet.type, thresholds, inputs, depth - 1)
