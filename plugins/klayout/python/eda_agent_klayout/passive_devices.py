"""Passive devices are the resistors and capacitors that are recognised in the shapes of a layout.

A resistor's value is its number of squares, a capacitor's the area of its plate in um²: what is drawn, for any process.
"""

from __future__ import annotations

import pya

from .shapes import Shapes
from .table import read_table

RESISTOR, CAPACITOR = "resistor", "capacitor"
"""Device classes."""


def extract(result: pya.LayoutToNetlist, shapes: Shapes) -> None:
    """Recognise them, in a layout whose wires are connected (`Shapes.connect_wires`)."""
    layers = shapes.layers
    if not shapes.drawn(layers.resistor).is_empty():
        poly = result.layer_by_name("poly")
        body = shapes.derived(result, "bodies", shapes.bodies())
        ends = {"R": body, "C": poly, "tA": poly, "tB": poly}
        result.extract_devices(pya.DeviceExtractorResistor(RESISTOR, 1.0), ends)
    for plate, top, _ in shapes.tops:
        metals = [shape for shape, _ in layers.metals]
        name = "poly" if plate.bottom == layers.poly else f"metal{metals.index(plate.bottom) + 1}"
        bottom = result.layer_by_name(name)
        plates = {"P1": top, "P2": bottom, "tA": top, "tB": bottom}
        result.extract_devices(pya.DeviceExtractorCapacitor(CAPACITOR, 1.0), plates)


def device_class(name: str) -> pya.DeviceClass:
    """Of a device of the schematic."""
    found = pya.DeviceClassResistor() if name == RESISTOR else pya.DeviceClassCapacitor()
    found.name = name
    return found


LIMITS = {RESISTOR: (0.03, 2e-3), CAPACITOR: (0.05, 2e-3)}
"""Half a grid step on each side of what is drawn is the same device: absolute, in squares and um², and relative."""


def tolerance(name: str, value: float) -> float:
    """How far a value may be from this one."""
    absolute, relative = LIMITS[name]
    return absolute + relative * value


def equal(kind: pya.DeviceClass) -> pya.EqualDeviceParameters:
    """As KLayout compares a device class."""
    number = kind.parameter_definition("R" if kind.name == RESISTOR else "C").id()
    return pya.EqualDeviceParameters(number, *LIMITS[kind.name])


def valued(netlist: pya.Netlist) -> None:
    """Give resistors and capacitors of the demonstration process their values in Ω and F."""
    found = read_table("demonstration").passives or {}
    resistor = found[RESISTOR]["ideal"]
    (_, _), (length, ohms) = resistor["ohms"]
    sheet = ohms / length * found[RESISTOR]["models"][resistor["model"]]["width"]
    factors = {RESISTOR: ("R", sheet), CAPACITOR: ("C", found[CAPACITOR]["ideal"]["area"])}
    for circuit in netlist.each_circuit():
        for device in circuit.each_device():
            name, factor = factors.get(device.device_class().name, ("", 1.0))
            if name:
                device.set_parameter(name, device.parameter(name) * factor)
