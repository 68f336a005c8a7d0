"""The shapes of a cell, flat, are the regions that a netlist is extracted from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pya

from .layers import Layer, Layers, Plate, Terminal


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
            rest = rest - self._plate(result, plate, rest, name)
        return self.derived(result, name, rest) if plates else self.region(result, layer, name)

    def _plate(self, result: pya.LayoutToNetlist, plate: Plate, vias: pya.Region, name: str) -> pya.Region:
        """Keep the top plates that a via reaches, over the bottom of this kind: others may use the same layer."""
        top = self.drawn(plate.top).interacting(vias).inside(self.drawn(plate.bottom))
        layer = self.derived(result, f"plate_over_{name}", top)
        self.tops.append((plate, layer, self.derived(result, f"{name}_on_plate", vias & top)))
        return top

    def bodies(self) -> pya.Region:
        """The bodies of resistors: what is marked of the poly, or a layer of their own that meets it."""
        marked, poly = self.drawn(self.layers.resistor), self.drawn(self.layers.poly)
        on_poly = marked & poly
        return on_poly + marked.not_interacting(on_poly).interacting(poly)

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
            for plate in self.layers.plates:
                # a via of its own leads to this metal
                if plate.via not in self.layers.wires and self.layers.above(plate) == number:
                    self._plate(result, plate, self.drawn(plate.via), f"capacitor{number}")
            for plate, top, on in self.tops:
                if self.layers.above(plate) == number:
                    for region in (top, on):
                        result.connect(region)
                        result.connect(on, region)
                    result.connect(on, metal)
