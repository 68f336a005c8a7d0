"""LVS compares the transistors that are recognised in a layout with those of a schematic."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pya

from .fold import folded, rule_of
from .layers import DEMONSTRATION, Terminal, of_table
from .layers import terminals as terminals_of
from .recognition import extract, pieces
from .table import Table, key
from .table import devices as devices_of


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
        if letter not in {"X", "M"} or kind is None or len(nets) != 4:
            return bool(super().element(circuit, letter, name, model, value, nets, numbers))
        # `device_class_by_name` looks for capital letters in a netlist whose names have no case
        device_class = next((one for one in circuit.netlist().each_device_class() if one.name == kind), None)
        if device_class is None:
            device_class = pya.DeviceClassMOS4Transistor()
            device_class.name = kind
            circuit.netlist().add(device_class)
        device = circuit.create_device(device_class, name)
        for terminal, net in zip(("D", "G", "S", "B"), nets, strict=True):
            device.connect_terminal(terminal, net)
        # sizes in metres on a card, or in µm for some foundries
        scale = 1e6 if numbers.get("W", 0.0) < 1e-2 else 1.0
        device.set_parameter("W", numbers.get("W", 0.0) * scale * numbers.get("M", 1.0))
        device.set_parameter("L", numbers.get("L", 0.0) * scale)
        return True


@dataclass(frozen=True)
class Result:
    """What was compared, and the result.

    `devices_match`: the transistors and their labelled connections are those of the schematic; `differences`: one line
    each; `drawn`, `meant`: transistors in layout and schematic; `routed`, `unrouted`: nets of the schematic in one
    piece, and nets that only labels join; `missing`: devices of the schematic that no transistor draws and that are not
    compared; `sized_for`: the PDK of the run; `rules`: the table whose layers were used; `database`: for KLayout's
    netlist browser, None where another process has it.
    """

    devices_match: bool
    differences: tuple[str, ...]
    database: pya.LayoutVsSchematic | None = None
    drawn: int = 0
    meant: int = 0
    routed: tuple[str, ...] = ()
    unrouted: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    sized_for: str = ""
    rules: str = "demonstration"

    @property
    def match(self) -> bool:
        """Whether the layout is the complete circuit: its transistors match, every net is routed, and every device is
        drawn.
        """
        return self.devices_match and not self.unrouted and not self.missing

    @property
    def headline(self) -> str:
        """The result in one line: "match" only for a match."""
        if self.match:
            return f"LVS: layout and schematic match ({self.meant} transistors, {len(self.routed)} nets)"
        left = []
        if self.unrouted:
            left.append(f"{len(self.unrouted)} of {len(self.routed) + len(self.unrouted)} nets are not routed")
        if self.missing:
            left.append(f"{len(self.missing)} devices are not drawn")
        if self.devices_match:
            return f"LVS: the {self.meant} transistors agree by the labels of their nets; {' and '.join(left)}"
        return f"LVS: layout and schematic differ in {len(self.differences)} places"

    @property
    def lines(self) -> list[str]:
        """What was compared, for people."""
        rows = [f"transistors: {self.drawn} in the layout, {self.meant} in the schematic"]
        rows.append(f"nets routed: {', '.join(self.routed) or 'none'}")
        if self.unrouted:
            rows.append(f"nets joined by their labels only: {', '.join(self.unrouted)}")
        if self.missing:
            rows.append(f"in the schematic, neither drawn nor compared: {', '.join(self.missing)}")
        rows.append(self._rules)
        return rows

    @property
    def _rules(self) -> str:
        if self.rules != "demonstration":
            return f"rules: transistors and wires by the layers of {self.rules}; the deck of the foundry was not run"
        return (
            "rules: the demonstration"
            f" process{f'; the sizes are for {self.sized_for}, whose LVS was not run' if self.sized_for else ''}"
        )

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "match": self.match,
            "devices_match": self.devices_match,
            "differences": list(self.differences),
            "transistors": {"layout": self.drawn, "schematic": self.meant},
            "routed": list(self.routed),
            "not_routed": list(self.unrouted),
            "not_drawn": list(self.missing),
            "rules": self.rules,
            "sized_for": self.sized_for,
        }

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Result:
        """The result whose `data` these are, without its database."""
        return cls(
            data["devices_match"],
            tuple(data["differences"]),
            None,
            data["transistors"]["layout"],
            data["transistors"]["schematic"],
            tuple(data["routed"]),
            tuple(data["not_routed"]),
            tuple(data["not_drawn"]),
            data["sized_for"],
            data["rules"],
        )


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
            # half a grid step per finger
            width, length = (kind.parameter_definition(name).id() for name in ("W", "L"))
            kind.equal_parameters = pya.EqualDeviceParameters(width, 0.01, 5e-4) + pya.EqualDeviceParameters(
                length, 0.002, 0.0
            )
    meant = reference.circuit_by_name(top.upper()) or reference.circuit_by_name(top)
    count = sum(1 for _ in meant.each_device())
    circuit = next(iter(database.netlist().each_circuit_top_down()), None)
    if circuit is None:
        return Result(False, ("the layout has no transistor",), database, 0, count)
    drawn = sum(1 for _ in circuit.each_device())
    comparer.same_circuits(circuit, meant)
    match = bool(database.compare(comparer))
    return Result(match, () if match else tuple(_differences(database.xref())), database, drawn, count)


def _differences(xref: pya.NetlistCrossReference) -> Iterator[str]:
    """The differences as text."""
    for pair in xref.each_circuit_pair():
        for devices in xref.each_device_pair(pair):
            if devices.status() not in (pya.NetlistCrossReference.Match, pya.NetlistCrossReference.MatchWithWarning):
                yield _device(devices.first(), devices.second())
        for nets in xref.each_net_pair(pair):
            if nets.status() not in (pya.NetlistCrossReference.Match, pya.NetlistCrossReference.MatchWithWarning):
                yield f"net {_name(nets.first())} in the layout, {_name(nets.second())} in the schematic"


def _device(drawn: pya.Device | None, meant: pya.Device | None) -> str:
    if drawn is None or meant is None:
        return f"device {_name(drawn)} in the layout, {_name(meant)} in the schematic"
    sizes = [
        f"{name} {drawn.parameter(name):.6g} instead of {meant.parameter(name):.6g}"
        for name in ("W", "L")
        if abs(drawn.parameter(name) - meant.parameter(name)) > 1e-3
    ]
    return f"device {_name(meant)}: {', '.join(sizes) or 'connected otherwise'}"


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


def text(found: Mapping[str, Any]) -> str:
    """The output of `eda-agent export RUN --devices` as SPICE: one subcircuit of X instances of nmos and pmos with W
    and L in metres, on the grid.
    """
    used = {net for device in found["devices"] for net in device["nets"]}
    # a port without transistors has no label
    lines = [f".subckt {found['name']} {' '.join(port for port in found['ports'] if port in used)}"]
    for device in folded(devices_of(dict(found)), rule_of(found.get("layout"))):
        sizes = f"W={device.width:.10g} L={device.length:.10g} nf={device.nf} m={device.m}"
        lines.append(f"X{device.name} {' '.join(device.nets)} {device.kind} {sizes}")
    return "\n".join([*lines, ".ends"]) + "\n"


KINDS = {"nmos": "nmos", "pmos": "pmos"}


def reference(found: Mapping[str, Any]) -> pya.Netlist:
    """The schematic of the output of `eda-agent export RUN --devices`. Raises ValueError."""
    return schematic(text(found), str(found["name"]), KINDS)


def check(
    layout: pya.Layout,
    cell: pya.Cell,
    found: Mapping[str, Any],
    meant: pya.Netlist | None = None,
    table: Table | None = None,
    name: str = "",
    terminals: Sequence[Terminal] | None = None,
) -> Result:
    """LVS of a cell against the output of `eda-agent export RUN --devices`.

    Args:
        meant: its `reference`, if it exists already.
        table: of the PCells, with layers (see `layers.of_table`); None: the demonstration process.
        name: of the table.
        terminals: of the cell's PCells, None if they must be found in it.
    """
    layers = (of_table(table) if table is not None else None) or DEMONSTRATION
    if terminals is None:
        terminals = list(terminals_of(cell, table, layers)) if table is not None and table.layers else []
    result = compare(extract(layout, cell, layers, terminals), meant or reference(found), str(found["name"]))
    count = pieces(layout, cell, layers, terminals)
    nets = sorted({str(net) for device in found["devices"] for net in device["nets"]})
    return replace(
        result,
        routed=tuple(net for net in nets if count[key(net)] == 1),
        unrouted=tuple(net for net in nets if count[key(net)] != 1),
        missing=tuple(found.get("others", ())),
        sized_for=str(found.get("pdk", "")),
        rules=name if layers is not DEMONSTRATION else "demonstration",
    )
