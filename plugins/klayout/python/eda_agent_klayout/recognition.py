"""Recognition finds the transistors and nets in the shapes of a layout. Nets with the same label are one net, whether
they are routed or not.

A dummy, whose drain, source and bulk are one net, is not a device of the circuit.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pya

from . import passive_devices
from .layers import DEMONSTRATION, Layers, Terminal
from .shapes import Shapes
from .table import key

SUBSTRATE = "SUBSTRATE"


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
    """Join all nets with the same label, in any case, into one, shapes included. KLayout's `join_net_names` does the
    same for labels of one case, but its time grows faster than the square of the pieces.
    """
    groups: dict[str, list[pya.Net]] = {}
    for net in circuit.each_net():
        if net.name:
            groups.setdefault(_caseless(net.name), []).append(net)
    for name, nets in groups.items():
        while len(nets) > 1:
            # in pairs: joining a small net to a large one costs as much as the large one
            for one, other in zip(nets[::2], nets[1::2], strict=False):
                circuit.join_nets(one, other)
            nets = nets[::2]
        if "," in nets[0].name:
            nets[0].name = name


def _caseless(name: str) -> str:
    """A net's labels in lower case, each once: KLayout calls a net with the labels "in" and "IN" "IN,in"."""
    return ",".join(dict.fromkeys(name.lower().split(",")))


def _join_substrate(circuit: pya.Circuit, nets: Iterable[str]) -> None:
    """Join the substrate to the net of the NMOS bulks: no shape connects them without a drawn tap."""

    def labelled(name: str) -> pya.Net | None:
        return next((one for one in circuit.each_net() if name.lower() in str(one.name).lower().split(",")), None)

    substrate = labelled(SUBSTRATE)
    for name in sorted(nets):
        other = labelled(name)
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
