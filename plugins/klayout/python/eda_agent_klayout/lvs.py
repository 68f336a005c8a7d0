"""LVS at device level: nets with the same label are one net, whether they are routed or not.

A dummy, whose drain, source and bulk are one net, is not a device of the circuit.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pya

from .fold import folded, rule_of
from .layers import DEMONSTRATION, Layer, Layers, Terminal, of_table
from .layers import terminals as terminals_of
from .table import Table, key
from .table import devices as devices_of

SUBSTRATE = "SUBSTRATE"


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
        device_class = circuit.netlist().device_class_by_name(kind)
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


def flattened(layout: pya.Layout, cell: pya.Cell) -> tuple[pya.Layout, pya.Cell]:
    """A flat copy: labels inside a device belong to the circuit around it."""
    flat = pya.Layout()
    flat.dbu = layout.dbu
    top = flat.create_cell(cell.name)
    top.copy_tree(cell)
    top.flatten(-1, True)
    return flat, top


class Shapes:
    """A flat copy of a cell as regions for netlist extraction; `terminals`: nets of PCells without their own labels."""

    def __init__(self, layout: pya.Layout, cell: pya.Cell, layers: Layers, terminals: Sequence[Terminal] = ()):
        self.flat, self.top = flattened(layout, cell)
        self.layers = layers
        for terminal in terminals:
            if terminal.at is not None and terminal.on != "bulk":
                self.top.shapes(self._labels(terminal.on)).insert(
                    pya.Text(terminal.net, pya.Trans(terminal.at.x, terminal.at.y))
                )
            elif terminal.at is not None and terminal.kind == "pmos":
                self.top.shapes(self._labels("nwell")).insert(
                    pya.Text(terminal.net, pya.Trans(terminal.at.x, terminal.at.y))
                )
        self.substrate = {terminal.net for terminal in terminals if terminal.on == "bulk" and terminal.kind == "nmos"}

    def _labels(self, name: str) -> int:
        return int(self.flat.layer(pya.LayerInfo(f"labels of {name}")))

    def region(self, result: pya.LayoutToNetlist, layer: Layer, name: str) -> pya.Region:
        return result.make_layer(self.flat.layer(pya.LayerInfo(*layer)), name)

    def connect_wires(self, result: pya.LayoutToNetlist, contact: pya.Region, lower: Mapping[str, pya.Region]) -> None:
        """Contacts, metals and vias with their labels; `lower`: the layers that contacts reach, of which poly, active
        and wells have their own labels.
        """
        for name, region in lower.items():
            result.connect(contact, region)
            texts = result.make_text_layer(self._labels(name), f"labels of {name}")
            result.connect(region, texts)
        below = contact
        result.connect(contact)
        for number, (shapes, labels) in enumerate(self.layers.metals):
            if number:
                via = self.region(result, self.layers.vias[number - 1], f"via{number}")
                result.connect(via)
                result.connect(below, via)
                below = via
            metal = self.region(result, shapes, f"metal{number + 1}")
            text = result.make_text_layer(self.flat.layer(pya.LayerInfo(*labels)), f"text{number + 1}")
            result.connect(metal)
            result.connect(below, metal)
            result.connect(metal, text)
            below = metal


def pieces(
    layout: pya.Layout, cell: pya.Cell, layers: Layers = DEMONSTRATION, terminals: Sequence[Terminal] = ()
) -> Counter[str]:
    """Net, by its `key` → the pieces of metal, poly and diffusion with its label that do not touch: one for a routed
    net.
    """
    shapes = Shapes(layout, cell, layers, terminals)
    result = pya.LayoutToNetlist(pya.RecursiveShapeIterator(shapes.flat, shapes.top, []))
    active, poly, contact = (
        shapes.region(result, layer, name)
        for layer, name in ((layers.active, "active"), (layers.poly, "poly"), (layers.contact, "contact"))
    )
    # a channel connects nothing; wells and substrate are not wires
    diffusion = active - poly
    result.register(diffusion, "diffusion")
    for region in (diffusion, poly):
        result.connect(region)
    shapes.connect_wires(result, contact, {"active": diffusion, "poly": poly})
    result.extract_netlist()
    found: Counter[str] = Counter()
    for circuit in result.netlist().each_circuit():
        for net in circuit.each_net():
            # a piece with several labels counts for each
            found.update(key(name) for name in str(net.name).split(",") if name)
    return found


def extract(
    layout: pya.Layout,
    cell: pya.Cell,
    layers: Layers = DEMONSTRATION,
    terminals: Sequence[Terminal] = (),
    *,
    combine: bool = True,
) -> pya.LayoutVsSchematic:
    """The netlist of a cell, with parallel fingers and copies combined (`combine`), not yet compared."""
    shapes = Shapes(layout, cell, layers, terminals)
    result = pya.LayoutVsSchematic(pya.RecursiveShapeIterator(shapes.flat, shapes.top, []))
    well, active, poly, pplus, contact = (
        shapes.region(result, layer, name)
        for layer, name in (
            (layers.nwell, "nwell"),
            (layers.active, "active"),
            (layers.poly, "poly"),
            (layers.pplus, "pplus"),
            (layers.contact, "contact"),
        )
    )
    nplus = shapes.region(result, layers.nplus, "nplus") if layers.nplus else None
    tap = shapes.region(result, layers.tap, "tap") if layers.tap else None
    bulk = result.make_layer("bulk")
    pactive, nactive = (active & well) & pplus, (active - well) & nplus if nplus is not None else active - well - pplus
    pgate, ngate = pactive & poly, nactive & poly
    psd, nsd = pactive - pgate, nactive - ngate
    ties = active if tap is None else active + tap
    ntie = (ties & well) & nplus if nplus is not None else (ties & well) - pplus
    ptie = (ties - well) & pplus
    for name, region in {"psd": psd, "nsd": nsd, "pgate": pgate, "ngate": ngate, "ntie": ntie, "ptie": ptie}.items():
        result.register(region, name)
    result.extract_devices(
        pya.DeviceExtractorMOS4Transistor("pmos"),
        {"SD": psd, "G": pgate, "W": well, "P": poly, "tS": psd, "tD": psd, "tG": poly, "tW": well},
    )
    result.extract_devices(
        pya.DeviceExtractorMOS4Transistor("nmos"),
        {"SD": nsd, "G": ngate, "W": bulk, "P": poly, "tS": nsd, "tD": nsd, "tG": poly, "tW": bulk},
    )
    for region in (psd, nsd, poly, well):
        result.connect(region)
    shapes.connect_wires(result, contact, {"active": psd, "poly": poly})
    # the same labels, on the diffusion of the other kind
    result.connect(contact, nsd)
    result.connect(nsd, result.layer_by_name("labels of active"))
    for region in (ntie, ptie):
        result.connect(contact, region)
    result.connect(ntie, well)
    result.connect(well, result.make_text_layer(shapes._labels("nwell"), "labels of nwell"))
    result.connect_global(ptie, SUBSTRATE)
    result.connect_global(bulk, SUBSTRATE)
    result.extract_netlist()
    netlist = result.netlist()
    for circuit in netlist.each_circuit():
        join_labelled(circuit)
        _join_substrate(circuit, shapes.substrate)
        for device in [one for one in circuit.each_device() if is_dummy(one)]:
            circuit.remove_device(device)
    if combine:
        netlist.combine_devices()
    netlist.make_top_level_pins()
    netlist.purge()
    return result


def join_labelled(circuit: pya.Circuit) -> None:
    """Join all nets with the same label into one, shapes included. KLayout's `join_net_names` does the same, but its
    time grows faster than the square of the pieces.
    """
    groups: dict[str, list[pya.Net]] = {}
    for net in circuit.each_net():
        if net.name:
            groups.setdefault(net.name, []).append(net)
    for nets in groups.values():
        while len(nets) > 1:
            # in pairs: joining a small net to a large one costs as much as the large one
            for one, other in zip(nets[::2], nets[1::2], strict=False):
                circuit.join_nets(one, other)
            nets = nets[::2]


def _join_substrate(circuit: pya.Circuit, nets: Iterable[str]) -> None:
    """Join the substrate to the net of the NMOS bulks: no shape connects them without a drawn tap."""
    substrate = next((net for net in circuit.each_net() if SUBSTRATE in str(net.name).split(",")), None)
    for name in sorted(nets):
        other = next((net for net in circuit.each_net() if name in str(net.name).split(",")), None)
        if substrate is not None and other is not None and other.cluster_id != substrate.cluster_id:
            circuit.join_nets(other, substrate)
            substrate = other


def is_dummy(device: pya.Device) -> bool:
    nets = [device.net_for_terminal(terminal) for terminal in ("D", "S", "B")]
    return nets[0] is not None and all(net is not None and net.cluster_id == nets[0].cluster_id for net in nets)


@dataclass(frozen=True)
class Result:
    """What was compared, and the result.

    `devices_match`: the transistors and their labelled connections are those of the schematic; `differences`: one line
    each; `drawn`, `meant`: transistors in layout and schematic; `routed`, `unrouted`: nets of the schematic in one
    piece, and nets that only labels join; `missing`: devices of the schematic that no transistor draws and that are not
    compared; `sized_for`: the PDK of the run; `rules`: the table whose layers were used; `database`: for KLayout's
    netlist browser.
    """

    devices_match: bool
    differences: tuple[str, ...]
    database: pya.LayoutVsSchematic
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
) -> Result:
    """LVS of a cell against the output of `eda-agent export RUN --devices`.

    Args:
        meant: its `reference`, if it exists already.
        table: of the PCells, with layers (see `layers.of_table`); None: the demonstration process.
        name: of the table.
    """
    layers = (of_table(table) if table is not None else None) or DEMONSTRATION
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
