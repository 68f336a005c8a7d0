"""The netlist of the open layout, from the sources that a layout designer has."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pya

from . import library, lvs, title
from .table import read_table


def of_view(view: pya.LayoutView) -> tuple[str, str]:
    """(name, SPICE) of the active cell's stored circuit with the drawn sizes; else of the schematic in the newest LVS
    database, else of the newest extracted netlist, else of the active cell, extracted with the rules of the
    demonstration process. Raises ValueError if there is no transistor.
    """
    cell = view.active_cellview().cell
    found = title.find(cell) if cell is not None else None
    if found is not None:
        return str(found["name"]), title.netlist(found, cell, library.present(read_table(str(found["table"]))))
    kept = None
    netlist = None
    for number in range(view.num_l2ndbs() - 1, -1, -1):
        database = view.lvsdb(number)
        if database is not None and database.reference is not None:
            netlist = database.reference
            break
        kept = kept or view.l2ndb(number)
    if netlist is None:
        cellview = view.active_cellview()
        # a netlist lives as long as its extractor
        kept = kept or lvs.extract(cellview.layout(), cellview.cell)
        netlist = kept.netlist()
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
