"""The netlist of the open layout, from the sources that a layout designer has."""

from __future__ import annotations

import pya

from . import checking, library, title
from .recognition import spice
from .steps import Progress, Work
from .table import read_table


def of_view(view: pya.LayoutView) -> Work[tuple[str, str]]:
    """(name, SPICE) of the active cell's stored circuit with the drawn sizes; else of the schematic in the newest LVS
    database, else of the newest extracted netlist, else of the active cell, extracted with the rules of the
    demonstration process. Raises ValueError if there is no transistor.
    """
    cell = view.active_cellview().cell
    found = title.find(cell) if cell is not None else None
    if found is not None:
        text = yield from title.reading(found, cell, library.present(read_table(str(found["table"]))))
        return str(found["name"]), text
    yield Progress("the netlist is written")
    kept = None
    for number in range(view.num_l2ndbs() - 1, -1, -1):
        database = view.lvsdb(number)
        if database is not None and database.reference is not None:
            return spice(database.reference)
        kept = kept or view.l2ndb(number)
    if kept is not None:
        return spice(kept.netlist())
    return (yield from checking.extracting(cell))
