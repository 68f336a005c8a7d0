"""Instances are the transistors of a cell by device name, as their PCells, their properties or an LVS database name
them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pya

from .boxes import Boxes
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
        if not instance.is_pcell():
            return None
        table, library = self._table, instance.cell.library()
        declaration = instance.pcell_declaration()
        values = instance.pcell_parameters_by_name()
        if library is None or library.name() not in table.libraries or table.kind(declaration.name(), values) is None:
            return None
        name = str(values.get(table.device, "")) if table.device else ""
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
