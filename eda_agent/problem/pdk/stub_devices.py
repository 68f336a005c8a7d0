"""A stub device is a subcircuit with a foundry device's ports and one plain element of its type inside."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from eda_agent.problem.logical_line import Line, logical_lines
from eda_agent.problem.netlist import Subcircuit, parse_netlist
from eda_agent.problem.pdk.registry import DeviceRule, Pdk

_NAME = "stub-of-a-device"
"""The name in a stub that is read once for all devices of its shape."""


def stub_devices(pdk: Pdk) -> Mapping[str, Subcircuit]:
    """Device name → its stub: the model is named like the device, junctions are those of the call, passives have the
    value 1.
    """
    return _stubs(tuple((name, _stub(_NAME, rule)) for name, rule in pdk.devices.items()))


@lru_cache(maxsize=8)
def _stubs(devices: tuple[tuple[str, str], ...]) -> Mapping[str, Subcircuit]:
    # a check asks several times for the stubs of one PDK
    return MappingProxyType({name.lower(): _renamed(_parsed(text), name) for name, text in devices})


@lru_cache(maxsize=64)
def _parsed(text: str) -> Subcircuit:
    # a PDK has a hundred devices of few shapes
    return parse_netlist(logical_lines(text, Path("stub devices"))).subcircuits[_NAME]


def _renamed(stub: Subcircuit, name: str) -> Subcircuit:
    """The stub of the device `name`."""

    def line(old: Line) -> Line:
        return dataclasses.replace(
            old, text=old.text.replace(_NAME, name), raw=tuple(raw.replace(_NAME, name) for raw in old.raw)
        )

    devices = tuple(
        dataclasses.replace(device, value=device.value.replace(_NAME, name), line=line(device.line))
        for device in stub.devices
    )
    assert stub.line is not None
    return dataclasses.replace(stub, name=name.lower(), devices=devices, line=line(stub.line))


def _stub(name: str, rule: DeviceRule) -> str:
    if rule.is_fet:
        junctions = "ad={ad} as={as} pd={pd} ps={ps}"
        fingers = rule.fingers
        return (
            f".subckt {name} d g s b w=1 l=1 {fingers}=1\n"
            f"m0 d g s b {name} w={{w}} l={{l}} nf={{{fingers}}} {junctions}\n.ends\n"
        )
    ports = [f"p{number}" for number in range(1, rule.terminals + 1)]
    first, second = ports[:2]
    inside = {
        "resistor": f"r0 {first} {second} 1",
        "capacitor": f"c0 {first} {second} 1",
        "diode": f"d0 {first} {second} {name}",
    }
    element = inside.get(rule.type, f"q0 {' '.join(ports[:3])} {name}")
    return f".subckt {name} {' '.join(ports)}\n{element}\n.ends\n"
