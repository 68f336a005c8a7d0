"""The netlist of the open layout, from the sources that a layout designer has."""

from __future__ import annotations

import pya

from . import checking, library, title, writing
from .recognition import spice
from .steps import Progress, Work
from .table import read_table


def of_view(view: pya.LayoutView, cell: pya.Cell) -> Work[tuple[str, str]]:
    """(name, SPICE) of the open cell's stored circuit with the drawn sizes; else of the schematic in the newest LVS
    database, else of the newest extracted netlist, else of the cell itself, extracted with the rules of the
    demonstration process. A database of ours is left out: its resistors and capacitors count squares and areas. Raises
    ValueError if there is no transistor.
    """
    found = title.find(cell)
    if found is not None:
        text = yield from title.reading(found, cell, library.present(read_table(str(found["table"]))))
        return str(found["name"]), text
    yield Progress("the netlist is written")
    kept = None
    for number in range(view.num_l2ndbs() - 1, -1, -1):
        if str(view.l2ndb(number).description).startswith(writing.OWN):
            continue
        database = view.lvsdb(number)
        if database is not None and database.reference is not None:
            return spice(database.reference)
        kept = kept or view.l2ndb(number)
    if kept is not None:
        return spice(kept.netlist())
    return (yield from checking.extracting(cell))
