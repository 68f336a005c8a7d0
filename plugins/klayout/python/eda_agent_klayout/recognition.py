"""Recognition finds the transistors and nets in the shapes of a layout. Nets with the same label are one net, whether
they are routed or not.

A dummy, whose drain, source and bulk are one net, is not a device of the circuit.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pya

from . import passive_devices
from .layers import DEMONSTRATION, Layer, Layers, Plate, Terminal
from .table import key

SUBSTRATE = "SUBSTRATE"


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
        self.tops: list[tuple[Plate, pya.Region, pya.Region]] = []
        self.substrate = {terminal.net for terminal in terminals if terminal.on == "bulk" and terminal.kind == "nmos"}

    def _labels(self, name: str | int) -> int:
        """The layer of the labels of poly, active, a well, or of a metal, by its number."""
        if isinstance(name, int):
            return int(self.flat.layer(pya.LayerInfo(*self.layers.metals[name][1])))
        return int(self.flat.layer(pya.LayerInfo(f"labels_of_{name}")))

    def region(self, result: pya.LayoutToNetlist, layer: Layer, name: str) -> pya.Region:
        return result.make_layer(self.flat.layer(pya.LayerInfo(*layer)), name)

    def drawn(self, layer: Layer | None) -> pya.Region:
        """What is on a layer, nothing where there is no layer."""
        return pya.Region(self.top.shapes(self.flat.layer(pya.LayerInfo(*layer)))) if layer else pya.Region()

    def derived(self, result: pya.LayoutToNetlist, name: str, region: pya.Region) -> pya.Region:
        """A layer for shapes that were computed. In a flat cell that takes a tenth of the time of the extractor's own
        operations.
        """
        index = self.flat.layer(pya.LayerInfo(name))
        self.top.shapes(index).insert(region)
        return result.make_layer(index, name)

    def poly(self, result: pya.LayoutToNetlist) -> pya.Region:
        """What of the poly conducts: all but the bodies of resistors."""
        bodies = self.drawn(self.layers.resistor)
        if bodies.is_empty():
            return self.region(result, self.layers.poly, "poly")
        return self.derived(result, "poly", self.drawn(self.layers.poly) - bodies)

    def via(self, result: pya.LayoutToNetlist, layer: Layer, name: str) -> pya.Region:
        """The shapes of a contact or via layer without those on the top plate of a capacitor, which `tops` keeps."""
        rest = self.drawn(layer)
        plates = [one for one in self.layers.plates if one.via == layer and not self.drawn(one.top).is_empty()]
        for plate in plates:
            top = self.drawn(plate.top)
            self.tops.append(
                (
                    plate,
                    self.region(result, plate.top, f"plate_over_{name}"),
                    self.derived(result, f"{name}_on_plate", rest & top),
                )
            )
            rest = rest - top
        return self.derived(result, name, rest) if plates else self.region(result, layer, name)

    def connect_wires(self, result: pya.LayoutToNetlist, contact: pya.Region, lower: Mapping[str, pya.Region]) -> None:
        """Contacts, metals and vias with their labels; `lower`: the layers that contacts reach, of which poly, active
        and wells have their own labels.
        """
        for name, region in lower.items():
            result.connect(contact, region)
            texts = result.make_text_layer(self._labels(name), f"labels_of_{name}")
            result.connect(region, texts)
        below = contact
        result.connect(contact)
        for number, (shapes, labels) in enumerate(self.layers.metals):
            if number:
                via = self.via(result, self.layers.vias[number - 1], f"via{number}")
                result.connect(via)
                result.connect(below, via)
                below = via
            metal = self.region(result, shapes, f"metal{number + 1}")
            text = result.make_text_layer(self.flat.layer(pya.LayerInfo(*labels)), f"text{number + 1}")
            result.connect(metal)
            result.connect(below, metal)
            result.connect(metal, text)
            below = metal
            for plate, top, on in self.tops:
                if self.layers.wires[number] == plate.via:
                    for region in (top, on):
                        result.connect(region)
                        result.connect(on, region)
                    result.connect(on, metal)


def pieces(
    layout: pya.Layout, cell: pya.Cell, layers: Layers = DEMONSTRATION, terminals: Sequence[Terminal] = ()
) -> Counter[str]:
    """Net, by its `key` → the pieces of metal, poly and diffusion with its label that do not touch: one for a routed
    net.
    """
    shapes = Shapes(layout, cell, layers, terminals)
    result = pya.LayoutToNetlist(pya.RecursiveShapeIterator(shapes.flat, shapes.top, []))
    poly, contact = shapes.poly(result), shapes.via(result, layers.contact, "contact")
    # a channel connects nothing; wells and substrate are not wires
    diffusion = shapes.derived(result, "diffusion", shapes.drawn(layers.active) - shapes.drawn(layers.poly))
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
    passives: bool = True,
) -> pya.LayoutVsSchematic:
    """The netlist of a cell, with parallel fingers and copies combined (`combine`), not yet compared. `passives`: with
    resistors and capacitors (`passive_devices`).
    """
    shapes = Shapes(layout, cell, layers, terminals)
    result = pya.LayoutVsSchematic(pya.RecursiveShapeIterator(shapes.flat, shapes.top, []))
    well = shapes.region(result, layers.nwell, "nwell")
    poly, contact = shapes.poly(result), shapes.via(result, layers.contact, "contact")
    shapes.region(result, layers.active, "active")
    bulk = result.make_layer("bulk")
    psd, nsd, pgate, ngate, ntie, ptie = (
        shapes.derived(result, name, region) for name, region in _derived(shapes, layers).items()
    )
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
    result.connect(nsd, result.layer_by_name("labels_of_active"))
    if passives:
        passive_devices.extract(result, shapes)
    for region in (ntie, ptie):
        result.connect(contact, region)
    result.connect(ntie, well)
    result.connect(well, result.make_text_layer(shapes._labels("nwell"), "labels_of_nwell"))
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


def _derived(shapes: Shapes, layers: Layers) -> dict[str, pya.Region]:
    """Sources and drains, gates, and taps of both kinds."""
    well, active, poly, pplus, nplus = (
        shapes.drawn(layer) for layer in (layers.nwell, layers.active, layers.poly, layers.pplus, layers.nplus)
    )
    ties = active + shapes.drawn(layers.tap)

    def of_n(region: pya.Region) -> pya.Region:
        return region & nplus if layers.nplus else region - pplus

    pactive, nactive = (active & well) & pplus, of_n(active - well)
    return {
        "psd": pactive - poly,
        "nsd": nactive - poly,
        "pgate": pactive & poly,
        "ngate": nactive & poly,
        "ntie": of_n(ties & well),
        "ptie": (ties - well) & pplus,
    }


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


def is_transistor(device: pya.Device) -> bool:
    return bool(device.device_class().name in ("nmos", "pmos"))


def is_dummy(device: pya.Device) -> bool:
    if not is_transistor(device):
        return False
    nets = [device.net_for_terminal(terminal) for terminal in ("D", "S", "B")]
    return nets[0] is not None and all(net is not None and net.cluster_id == nets[0].cluster_id for net in nets)


def spice(netlist: pya.Netlist) -> tuple[str, str]:
    """(name, SPICE) of a netlist. Raises ValueError if it has no transistor."""
    circuits = [circuit for circuit in netlist.each_circuit_top_down() if any(True for _ in circuit.each_device())]
    if not circuits:
        raise ValueError(
            "no transistor was found in the open layout\n\nRun the technology's LVS first, or take 'Size a circuit'"
            " with a netlist"
        )
    name = next(iter(netlist.each_circuit_top_down())).name.lower()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "netlist.spice"
        writer = pya.NetlistSpiceWriter()
        writer.use_net_names = True
        netlist.write(str(path), writer, f"{name}, from KLayout")
        return name, path.read_text(encoding="utf-8")
