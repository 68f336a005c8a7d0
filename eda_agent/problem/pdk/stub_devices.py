"""A stub device is a subcircuit with a foundry device's ports and one MOSFET inside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from eda_agent.problem.netlist import Subcircuit, parse_netlist
from eda_agent.problem.pdk.registry import Pdk
from eda_agent.problem.source import logical_lines


def stub_devices(pdk: Pdk) -> Mapping[str, Subcircuit]:
    """Device name → its stand-in, with the model named like the device, and the junctions that it is called with."""
    junctions = "ad={ad} as={as} pd={pd} ps={ps}"
    text = "".join(
        f".subckt {name} d g s b w=1 l=1 nf=1\nm0 d g s b {name} w={{w}} l={{l}} nf={{nf}} {junctions}\n.ends\n" for name in pdk.devices
    )
    return parse_netlist(logical_lines(text, Path("stand-ins"))).subcircuits
