"""The cards of a layout are the lines of its netlist: transistors by finger, wires as R and C, and drawn passives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from eda_agent.problem.extracted.correspondence import Correspondence
from eda_agent.problem.flat import FlatDevice

Pair = tuple[str, str]
"""Two nets of the schematic, in order."""


def node(found: Correspondence, net: str) -> str:
    """The name of a layout's net in the written netlist."""
    return net if net in found.ports else f"n_{net.replace('.', '_')}"


def fingers(found: Correspondence, flat: Sequence[FlatDevice], bare: bool) -> tuple[list[str], dict[str, list[str]]]:
    """The transistors' cards, and label in the schematic → names of its fingers.

    `bare`: the layout gives polarities only, so that the schematic gives the models.
    """
    by_label = {device.label: device for device in reversed(flat)}
    names: dict[str, list[str]] = defaultdict(list)
    lines = []
    for device, label in zip(found.fets, found.names, strict=True):
        name = f"{_letter(device)}{label.replace('.', '_')}_{len(names[label])}".replace("xx", "x", 1)
        names[label].append(name)
        own = by_label[label]
        model = own if bare and bool(own.library) == bool(device.library) else device
        lines.append(_transistor(found, name, device, model.library or model.model))
    lines += [
        _transistor(found, f"{_letter(device)}dummy{number}", device, device.library or device.model)
        for number, device in enumerate(found.dummies)
    ]
    return lines, dict(names)


def _letter(device: FlatDevice) -> str:
    return "x" if device.library else "m"


def _transistor(found: Correspondence, name: str, device: FlatDevice, model: str) -> str:
    bulk = device.nodes[3]
    nodes = [*(node(found, net) for net in device.nodes[:3]), found.bulks.get(bulk, node(found, bulk))]
    sizes = " ".join(f"{key}={value:.10g}" for key, value in device.values.items())
    return f"{name} {' '.join(nodes)} {model} {sizes}"


def wire_capacitors(found: Correspondence, factors: Mapping[Pair, str]) -> list[str]:
    """The wires' capacitors. `factors`: pair of nets → the parameter that multiplies the capacitance between them."""
    lines = []
    for number, device in enumerate(found.wire_capacitors):
        one, other = sorted(found.net(net) for net in device.nodes[:2])
        if one != other:
            ends = " ".join(found.bulks.get(net, node(found, net)) for net in device.nodes[:2])
            value = device.values.get("capacitance", 0.0)
            lines.append(f"cwire{number} {ends} {{{value:.8g}*{factors[one, other]}}}")
    return lines


def wire_resistors(found: Correspondence) -> list[str]:
    """The wires' resistors, of at least 1 µΩ."""
    return [
        f"rwire{number} {node(found, device.nodes[0])} {node(found, device.nodes[1])}"
        f" {max(device.values.get('resistance', 0.0), 1e-6):.8g}"
        for number, device in enumerate(found.wire_resistors)
    ]


def drawn_passives(found: Correspondence) -> list[str]:
    """The resistors and capacitors of the schematic that are drawn, with their drawn values."""
    drawn = list(found.resistors.values())
    resistors = [device for device in found.found if device.kind == "r" and device in drawn]
    capacitors = [device for device in found.found if device.kind == "c" and device.label in found.capacitors]
    return [
        f"{letter}drawn{number} {node(found, device.nodes[0])} {node(found, device.nodes[1])}"
        f" {device.values[quantity]:.10g}"
        for letter, quantity, devices in (("r", "resistance", resistors), ("c", "capacitance", capacitors))
        for number, device in enumerate(devices)
    ]
