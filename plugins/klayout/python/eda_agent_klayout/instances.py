"""Instances are the transistors, resistors and capacitors of a cell by device name, as their PCells, their properties
or an LVS database name them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pya

from .boxes import Boxes
from .passives import counted, kind_of
from .steps import Work, each
from .table import NAME, Table

NAMES = (NAME, "name")
"""Properties with a device's name, if the PCell has no parameter for it."""
Places = Mapping[str, Sequence[pya.DPoint]]
"""Device → places of its pieces, µm (`lvs.places`)."""


def instances(
    cell: pya.Cell, table: Table, places: Places | None = None
) -> Iterator[tuple[pya.Instance, str, dict[str, Any]]]:
    """(instance, device name (of a dummy: see `DUMMY`, if the PCell cannot store it), parameters) of the library's
    transistors in a cell, dummies included.

    An instance without a name is the device that has a piece in it; "" without one.
    """
    reader = Reader(cell, table, places)
    for instance in cell.each_inst():
        found = reader.read(instance)
        if found is not None:
            yield found


class Reader:
    """Reads one instance after the other, as `instances` does."""

    def __init__(self, cell: pya.Cell, table: Table, places: Places | None):
        self._table = table
        self._places = _Points(places or {}, cell.layout().dbu)

    def read(self, instance: pya.Instance) -> tuple[pya.Instance, str, dict[str, Any]] | None:
        """See `instances`; None for what is no transistor of the library."""
        cell = self._cell(instance)
        values = instance.pcell_parameters_by_name() if cell else {}
        return self._named(instance, values) if cell and self._table.kind(cell, values) is not None else None

    def passive(self, instance: pya.Instance) -> tuple[pya.Instance, str, dict[str, Any]] | None:
        """The same for a resistor or a capacitor of the library."""
        cell = self._cell(instance)
        if not cell or not kind_of(self._table, cell):
            return None
        return self._named(instance, instance.pcell_parameters_by_name())

    def _cell(self, instance: pya.Instance) -> str:
        """The name of a PCell of the library, "" for another."""
        if not instance.is_pcell():
            return ""
        library = instance.cell.library()
        return instance.pcell_declaration().name() if library and library.name() in self._table.libraries else ""

    def _named(self, instance: pya.Instance, values: dict[str, Any]) -> tuple[pya.Instance, str, dict[str, Any]]:
        name = str(values.get(self._table.device, "")) if self._table.device else ""
        name = name or next((str(instance.property(one)) for one in NAMES if instance.property(one) is not None), "")
        return instance, name or self._places.device_in(instance.bbox()), values


class _Points:
    """Pieces of devices by place."""

    def __init__(self, places: Places, dbu: float):
        pieces = [(device, point.to_itype(dbu)) for device, points in places.items() for point in points]
        self._devices = [device for device, _ in pieces]
        self._boxes = Boxes(pya.Box(point, point) for _, point in pieces)

    def device_in(self, box: pya.Box) -> str:
        """The first device with a piece in a box, or ""."""
        found = self._boxes.touching(box) if self._devices else []
        return self._devices[min(found)] if found else ""


def passive_counts(cell: pya.Cell, table: Table) -> Work[dict[str, int]]:
    """Name of a resistor or capacitor, as devices are compared, → its PCells in a cell."""
    reader = Reader(cell, table, None)
    names: list[str] = []

    def read(instance: pya.Instance) -> None:
        one = reader.passive(instance)
        if one is not None:
            names.append(one[1])

    if table.passives:
        yield from each("resistors and capacitors are read", list(cell.each_inst()), read)
    return counted(names)
