"""Missing devices are those of the schematic that a layout does not have. They are simulated as in the schematic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.problem.drawn import Transistors
from eda_agent.problem.extracted.cards import node
from eda_agent.problem.extracted.correspondence import Correspondence
from eda_agent.problem.extracted.passives import short
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.line_edit import Edit
from eda_agent.spice_numbers import parse_spice_number

_VALUES = ("resistance", "capacitance", "inductance", "dc")


def missing_devices(
    found: Correspondence,
    schematic: Transistors,
    flat: Sequence[FlatDevice],
    edits: Mapping[Edit, float],
    path: Path,
) -> tuple[list[str], list[str]]:
    """The cards of the missing devices, and their labels.

    Args:
        found: the layout beside the schematic.
        schematic: the transistors of the problem.
        flat: the schematic's devices at the drawn sizes.
        edits: place in the user's netlist → number, at the drawn sizes.
        path: the extracted file, for messages.

    Raises:
        InputError: a device has no value that is a number, or is of a kind that cannot be added.
    """
    back: dict[str, str] = {}
    for net, meant in found.nets.items():
        back.setdefault(meant, net)
    drawn = {*found.resistors, *found.capacitors.values()}
    missing = [device for device in flat if device.kind != "m" and device.label not in drawn]
    lines = []
    for number, device in enumerate(missing):
        if device.library:
            ends, letter, value = device.nodes, "x", _call(device, schematic, edits, path)
        else:
            ends, letter, value = device.nodes[:2], device.kind, _value(device, path)
        nodes = " ".join(_node(found, back, short(net)) for net in ends)
        lines.append(f"{letter}missing{number} {nodes} {value}")
    return lines, [device.label for device in missing]


def _node(found: Correspondence, back: Mapping[str, str], net: str) -> str:
    """The written name of a net of the schematic. `back`: net of the schematic → net of the layout."""
    return net if net in found.ports else node(found, back.get(net, f"only_{net.replace('.', '_')}"))


def _value(device: FlatDevice, path: Path) -> str:
    value = next((device.values[key] for key in _VALUES if key in device.values), None)
    if value is None or device.kind not in "rclvi":
        raise InputError(
            Finding(
                f"{device.label} of the schematic is not in the extracted netlist",
                path,
                fix="extract it too, or leave it to the testbench",
            )
        )
    return f"{'dc ' if device.kind in 'vi' else ''}{value:.10g}"


def _call(device: FlatDevice, schematic: Transistors, edits: Mapping[Edit, float], path: Path) -> str:
    """The foundry's device with its sizes, as in the schematic."""
    line = schematic.line(device)
    words = [schematic.device(line).value]
    for name, text in schematic.device(line).params.items():
        value = edits.get(Edit(*line, name), parse_spice_number(text))
        if value is None:
            raise InputError(
                Finding(
                    f"{device.label} is not in the extracted netlist, and its {name} is no number",
                    path,
                    fix="write its sizes as numbers in the netlist of the spec",
                )
            )
        words.append(f"{name}={value:.10g}")
    return " ".join(words)
