"""LVS compares the transistors that are recognised in a layout with those of a schematic."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pya

from . import passives
from .drawn_fingers import as_drawn, counting
from .fold import folded, rule_of
from .instances import passive_counts
from .layers import DEMONSTRATION, Terminal, of_table
from .layers import terminals as terminals_of
from .lvs_result import Result
from .passive_devices import CAPACITOR, RESISTOR, device_class, equal, tolerance
from .passives import Part
from .recognition import extract, is_transistor, pieces
from .steps import finish
from .table import Table, key, read_table
from .table import devices as devices_of

PASSIVE = (RESISTOR, CAPACITOR)
UNITS = {"R": "squares", "C": "um²"}
"""Parameter of a resistor or capacitor → what it counts."""


class Reader(pya.NetlistSpiceReaderDelegate):
    """Reads X instances of a MOS model as MOS devices, as in foundries' schematics; `kinds`: model → nmos or pmos."""

    def __init__(self, kinds: dict[str, str]):
        super().__init__()
        self.kinds = {model.lower(): kind for model, kind in kinds.items()}

    def wants_subcircuit(self, name: str) -> bool:
        return name.lower() in self.kinds

    def element(
        self,
        circuit: pya.Circuit,
        letter: str,
        name: str,
        model: str,
        value: float,
        nets: list[pya.Net],
        numbers: dict[str, float],
    ) -> bool:
        kind = self.kinds.get(model.lower())
        if letter == "X" and kind in PASSIVE and len(nets) == 2:
            return self._passive(circuit, name, str(kind), nets, numbers)
        if letter not in {"X", "M"} or kind is None or len(nets) != 4:
            return bool(super().element(circuit, letter, name, model, value, nets, numbers))
        device = circuit.create_device(self._class(circuit, kind), name)
        for terminal, net in zip(("D", "G", "S", "B"), nets, strict=True):
            device.connect_terminal(terminal, net)
        # sizes in metres on a card, or in µm for some foundries
        scale = 1e6 if numbers.get("W", 0.0) < 1e-2 else 1.0
        device.set_parameter("W", numbers.get("W", 0.0) * scale * numbers.get("M", 1.0))
        device.set_parameter("L", numbers.get("L", 0.0) * scale)
        return True

    def _passive(
        self, circuit: pya.Circuit, name: str, kind: str, nets: list[pya.Net], numbers: dict[str, float]
    ) -> bool:
        """A resistor or capacitor, with W and L in metres."""
        device = circuit.create_device(self._class(circuit, kind), name)
        for terminal, net in zip(("A", "B"), nets, strict=True):
            device.connect_terminal(terminal, net)
        width, length = numbers["W"] * 1e6, numbers["L"] * 1e6
        if kind == RESISTOR:
            device.set_parameter("R", length / width)
        else:
            device.set_parameter("C", width * length)
        return True

    @staticmethod
    def _class(circuit: pya.Circuit, kind: str) -> pya.DeviceClass:
        # `device_class_by_name` looks for capital letters in a netlist whose names have no case
        found = next((one for one in circuit.netlist().each_device_class() if one.name == kind), None)
        if found is None:
            found = device_class(kind) if kind in PASSIVE else pya.DeviceClassMOS4Transistor()
            found.name = kind
            circuit.netlist().add(found)
        return found


def schematic(spice: str, top: str, kinds: dict[str, str]) -> pya.Netlist:
    """The netlist of a SPICE text, with subcircuit `top` as the top circuit. Raises ValueError if the text cannot be
    read or has no such circuit.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "schematic.spice"
        # the first line of a file is a title
        path.write_text("* schematic\n" + spice + "\n.end\n", encoding="utf-8")
        netlist = pya.Netlist()
        try:
            netlist.read(str(path), pya.NetlistSpiceReader(Reader(kinds)))
        except RuntimeError as error:
            raise ValueError(f"the schematic cannot be read: {error}") from None
    circuit = netlist.circuit_by_name(top.upper()) or netlist.circuit_by_name(top)
    if circuit is None:
        raise ValueError(f"the schematic has no subcircuit {top}")
    netlist.flatten()
    netlist.combine_devices()
    netlist.purge()
    return netlist


def compare(database: pya.LayoutVsSchematic, reference: pya.Netlist, top: str) -> Result:
    """Compare the transistors of an extracted layout with a schematic, both with one circuit, without the routing."""
    database.reference = reference
    comparer = pya.NetlistComparer()
    for netlist in (database.netlist(), reference):
        for kind in netlist.each_device_class():
            if kind.name in PASSIVE:
                kind.equal_parameters = equal(kind)
                continue
            # half a grid step per finger
            width, length = (kind.parameter_definition(name).id() for name in ("W", "L"))
            kind.equal_parameters = pya.EqualDeviceParameters(width, 0.01, 5e-4) + pya.EqualDeviceParameters(
                length, 0.002, 0.0
            )
    meant = reference.circuit_by_name(top.upper()) or reference.circuit_by_name(top)
    count = sum(map(is_transistor, meant.each_device()))
    circuit = next(iter(database.netlist().each_circuit_top_down()), None)
    if circuit is None:
        return Result(False, ("the layout has no transistor",), database, 0, count)
    drawn = sum(map(is_transistor, circuit.each_device()))
    comparer.same_circuits(circuit, meant)
    match = bool(database.compare(comparer))
    return Result(match, () if match else tuple(_differences(database.xref())), database, drawn, count)


def _differences(xref: pya.NetlistCrossReference) -> Iterator[str]:
    """The differences as text."""
    agree = (pya.NetlistCrossReference.Match, pya.NetlistCrossReference.MatchWithWarning)
    for pair in xref.each_circuit_pair():
        found: list[str] = []
        for devices in xref.each_device_pair(pair):
            drawn, meant = devices.first(), devices.second()
            # KLayout only warns of a resistor or capacitor of another value
            if devices.status() not in agree or (drawn is not None and meant is not None and _sizes(drawn, meant)):
                found.append(_device(drawn, meant))
        pairs = [
            (_name(one.first()), _name(one.second())) for one in xref.each_net_pair(pair) if one.status() not in agree
        ]
        # a net with its own name differs by its devices, which stand above
        other = [(drawn, meant) for drawn, meant in pairs if drawn.lower() != meant.lower()]
        found += [f"net {drawn} in the layout, {meant} in the schematic" for drawn, meant in other]
        yield from found or [f"net {drawn}: connected otherwise" for drawn, _ in pairs]


def _device(drawn: pya.Device | None, meant: pya.Device | None) -> str:
    if drawn is None or meant is None:
        return f"device {_name(drawn)} in the layout, {_name(meant)} in the schematic"
    return f"device {_name(meant)}: {', '.join(_sizes(drawn, meant)) or 'connected otherwise'}"


def _sizes(drawn: pya.Device, meant: pya.Device) -> list[str]:
    """The sizes that differ."""
    if drawn.device_class().name != meant.device_class().name:
        return []
    if not is_transistor(meant):
        name = "R" if meant.device_class().name == RESISTOR else "C"
        one, other = drawn.parameter(name), meant.parameter(name)
        unequal = abs(one - other) > tolerance(RESISTOR if name == "R" else CAPACITOR, other)
        return [f"{one:.4g} instead of {other:.4g} {UNITS[name]}"] if unequal else []
    return [
        f"{name} {drawn.parameter(name):.6g} instead of {meant.parameter(name):.6g}"
        for name in ("W", "L")
        if abs(drawn.parameter(name) - meant.parameter(name)) > 1e-3
    ]


def _name(thing: pya.Device | pya.Net | None) -> str:
    return "none" if thing is None else str(thing.expanded_name())


def places(database: pya.LayoutVsSchematic) -> dict[str, list[pya.DPoint]]:
    """Device of the schematic, lower case → places of its pieces in the layout, µm, through the cross-reference."""
    result: dict[str, list[pya.DPoint]] = {}
    xref = database.xref()
    for pair in xref.each_circuit_pair() if xref is not None else ():
        for devices in xref.each_device_pair(pair):
            drawn, meant = devices.first(), devices.second()
            if drawn is None or meant is None:
                continue
            pieces = [drawn.trans, *(drawn.trans * piece.trans for piece in drawn.each_combined_abstract())]
            result[meant.expanded_name().lower()] = [piece.disp.to_p() for piece in pieces]
    return result


def text(found: Mapping[str, Any], drawn: Sequence[Part] = (), table: Table | None = None) -> str:
    """The output of `eda-agent export RUN --devices` as SPICE: one subcircuit of X instances of nmos and pmos with W
    and L in metres, on the grid, and of the PCells of its resistors and capacitors that are drawn.
    """
    used = {net for device in found["devices"] for net in device["nets"]}
    used |= {net for part in drawn for net in part.nets}
    # a port without transistors has no label
    lines = [f".subckt {found['name']} {' '.join(port for port in found['ports'] if port in used)}"]
    for device in folded(devices_of(dict(found)), rule_of(found.get("layout"), table)):
        sizes = f"W={device.width:.10g} L={device.length:.10g} nf={device.nf} m={device.m}"
        lines.append(f"X{device.name} {' '.join(device.nets)} {device.kind} {sizes}")
    for number, part in enumerate(drawn):
        sizes = f"W={part.width:.10g} L={part.length + part.beyond:.10g}"
        lines.append(f"X{key(part.label)}_{number} {' '.join(part.nets)} {part.kind} {sizes}")
    return "\n".join([*lines, ".ends"]) + "\n"


KINDS = {name: name for name in ("nmos", "pmos", *PASSIVE)}


def reference(found: Mapping[str, Any], drawn: Sequence[Part] = (), table: Table | None = None) -> pya.Netlist:
    """The schematic of the output of `eda-agent export RUN --devices`; `drawn`: of resistors and capacitors; `table`:
    of the PCells. Raises ValueError.
    """
    return schematic(text(found, drawn, table), str(found["name"]), KINDS)


def check(
    layout: pya.Layout,
    cell: pya.Cell,
    found: Mapping[str, Any],
    meant: pya.Netlist | None = None,
    table: Table | None = None,
    name: str = "",
    terminals: Sequence[Terminal] | None = None,
    parts: Sequence[Part] | None = None,
) -> Result:
    """LVS of a cell against the output of `eda-agent export RUN --devices`.

    Args:
        meant: its `reference`, if it exists already.
        parts: the PCells of the resistors and capacitors that the cell draws, None if they must be found in it.
        table: of the PCells, with layers (see `layers.of_table`); None: the demonstration process.
        name: of the table.
        terminals: of the cell's PCells, None if they must be found in it.
    """
    layers = (of_table(table) if table is not None else None) or DEMONSTRATION
    if terminals is None:
        terminals = list(terminals_of(cell, table, layers)) if table is not None and table.layers else []
    if parts is None:
        with_passives = table or read_table("demonstration")
        parts = passives.meant(found, with_passives, finish(passive_counts(cell, with_passives)))
    if meant is None:
        found = as_drawn(found, finish(counting(cell, table or read_table("demonstration"))), table)
    database = extract(layout, cell, layers, terminals)
    result = compare(database, meant or reference(found, parts, table), str(found["name"]))
    count = pieces(layout, cell, layers, terminals)
    nets = sorted(
        {str(net) for device in found["devices"] for net in device["nets"]}
        | {net for part in parts for net in part.nets}
    )
    return replace(
        result,
        routed=tuple(net for net in nets if count[key(net)] == 1),
        unrouted=tuple(net for net in nets if count[key(net)] != 1),
        resistors=tuple(dict.fromkeys(part.label for part in parts if part.kind == RESISTOR)),
        capacitors=tuple(dict.fromkeys(part.label for part in parts if part.kind == CAPACITOR)),
        missing=tuple(name for name in found.get("others", ()) if name not in {part.label for part in parts}),
        sized_for=str(found.get("pdk", "")),
        rules=name if layers is not DEMONSTRATION else "demonstration",
    )
