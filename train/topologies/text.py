"""The files of a cell: its netlist, and the spec around it."""

from __future__ import annotations

from eda_agent.spice_numbers import spice_number
from eda_agent.train.topologies.bench import Bench
from eda_agent.train.topologies.cell import FETS, Cell, Device, Range
from eda_agent.train.topologies.technology import Technology


def netlist_text(cell: Cell, title: str, name: str) -> str:
    """The netlist, with the cell as subcircuit `name`."""
    micro = cell.technology.micro
    values = [f".param {key}={_value(entry, micro)}" for key, entry in cell.parameters.items()]
    devices = [device_line(device, cell.technology) for device in cell.devices]
    lines = [f"* {title}", *values, "", f".subckt {name} {' '.join(cell.ports)}", *devices]
    return "\n".join([*lines, f".ends {name}", ".end", ""])


def device_line(device: Device, technology: Technology) -> str:
    """A device as a card; areas and perimeters of the diffusions follow the width."""
    if device.kind not in FETS:
        value = f"{{{device.value}/{device.shared}}}" if device.shared else f"{{{device.value}}}"
        return f"{device.name} {' '.join(device.nets)} {value}"
    model = technology.pmos if device.kind == "pmos" else technology.nmos
    reach, width = f"{technology.diffusion}{'u' if technology.micro else ''}", device.width
    copies = f" m={device.copies if device.copies.isdigit() else f'{{{device.copies}}}'}" if device.copies else ""
    geometry = f"ad={{{reach}*{width}}} as={{{reach}*{width}}} pd={{2*({width}+{reach})}} ps={{2*({width}+{reach})}}"
    return (
        f"{technology.card}{device.name} {' '.join(device.nets)} {model} w={{{width}}} l={{{device.length}}}{copies}"
        f" {geometry}"
    )


def spec_text(cell: Cell, name: str, bench: Bench) -> str:
    """The spec.yaml of a cell."""
    lines = [
        f"name: {name}",
        f"circuit: {name}.spice",
        f"subckt: {bench.subckt}",
        f"pdk: {cell.technology.pdk}",
        "parameters:",
    ]
    lines += [f"  {key}: {_range(entry)}" for key, entry in cell.parameters.items()]
    if bench.bias:
        lines.append(f"bias: {bench.bias}")
    lines += ["testbenches:", *[f"  {key}: {value}" for key, value in bench.testbenches.items()]]
    lines += ["specs:", *[f"  {key}: {value}" for key, value in bench.specs.items()]]
    lines += ["corners:", f"  nominal: {{process: tt, vdd: {cell.technology.supply}, temperature: 27}}", ""]
    return "\n".join(lines)


def _range(entry: Range) -> str:
    unit = "u" if entry.unit == "u" else ""
    plain = unit or entry.step == "1"
    low, high = (f"{end:g}{unit}" if plain else spice_number(end) for end in (entry.low, entry.high))
    step = f"step: {entry.step}, " if entry.step else ""
    return f"{{min: {low}, max: {high}, {step}scale: log}}"


def _value(entry: Range, micro: bool) -> str:
    return f"{entry.value:g}{'u' if micro and entry.unit == 'u' else ''}"
