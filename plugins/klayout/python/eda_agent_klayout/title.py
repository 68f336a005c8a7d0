"""A title stores in a layout the circuit from which it was made: process, ports, and the card of every device, drawn or
not.

It is a PCell without shapes in the placed cell: GDS and OASIS keep its parameter, but lose properties of instances.
With it and the drawn sizes the netlist can be read back from the layout.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pya

from . import passives, unused
from .instances import Reader, passive_counts
from .steps import Work, each, finish
from .table import DUMMY, Table, key

CELL = "CIRCUIT"
"""Its name in the library of the demonstration process."""
PARAMETER = "circuit"
KEPT = ("name", "pdk", "ports", "cards")


class Title(pya.PCellDeclarationHelper):
    """Draws nothing."""

    circuit: str

    def __init__(self) -> None:
        super().__init__()
        self.param(PARAMETER, self.TypeString, "the circuit that this layout was made of, as JSON", default="{}")

    def display_text_impl(self) -> str:
        return "circuit of this layout"

    def produce_impl(self) -> None:
        return


def put(cell: pya.Cell, found: Mapping[str, Any], table: str, library: str) -> None:
    """Store the output of `eda-agent export RUN --devices` in a cell, replacing an earlier one; `table`: of its
    PCells.
    """
    words = json.dumps({**{name: found[name] for name in KEPT}, "table": table}, separators=(",", ":"))
    there = _instance(cell)
    if there is not None:
        before = there.cell_index
        there.change_pcell_parameter(PARAMETER, words)
        finish(unused.removing(cell.layout(), [before]))
        return
    variant = cell.layout().create_cell(CELL, library, {PARAMETER: words})
    cell.insert(pya.CellInstArray(variant.cell_index(), pya.Trans()))


def find(cell: pya.Cell) -> dict[str, Any] | None:
    """The stored data of a cell; None if there is none or it cannot be read."""
    there = _instance(cell)
    if there is None:
        return None
    try:
        found = json.loads(str(there.pcell_parameter(PARAMETER)))
    except ValueError:
        return None
    return found if isinstance(found, dict) and all(name in found for name in (*KEPT, "table")) else None


def _instance(cell: pya.Cell) -> pya.Instance | None:
    return next((one for one in cell.each_inst() if one.is_pcell() and one.pcell_declaration().name() == CELL), None)


def netlist(found: Mapping[str, Any], cell: pya.Cell, table: Table) -> str:
    """`reading`, all of it now."""
    return finish(reading(found, cell, table))


def reading(found: Mapping[str, Any], cell: pya.Cell, table: Table) -> Work[str]:
    """SPICE of a cell with a title, its transistors with the drawn sizes. Raises ValueError if a device is missing."""
    width: dict[str, float] = defaultdict(float)
    length: dict[str, float] = {}
    reader = Reader(cell, table, None)
    strips: dict[str, list[dict[str, Any]]] = {}

    def read(instance: pya.Instance) -> None:
        one = reader.read(instance)
        if one is None:
            passive = reader.passive(instance)
            if passive is not None:
                strips.setdefault(key(passive[1]), []).append(passive[2])
            return
        _, label, values = one
        if not ((table.dummy and values.get(table.dummy)) or label.endswith(DUMMY)):
            width[key(label)] += table.drawn(values)
            length[key(label)] = table.length(values[table.parameters["l"]])

    yield from each("the layout is read", list(cell.each_inst()), read)
    lines = [f"* {found['name']}, {found['pdk']}, from KLayout", f".subckt {found['name']} {' '.join(found['ports'])}"]
    for card in found["cards"]:
        values = dict(card["values"])
        if "w" in values and "l" in values and card["transistor"]:
            label = key(str(card["name"]))
            if label not in width:
                raise ValueError(f"{card['name']} is no longer in the layout\n\nUse 'Size a circuit' with its netlist")
            # all copies together; nf and m are the schematic's, whatever folds the layout has
            values |= _widened(values, width[label] / values.get("m", 1.0) / card["scale"])
            values["l"] = length[label] / card["scale"]
        value, values = passives.redrawn(card, values, table, strips)
        sizes = [f"{name}={number:.10g}" for name, number in values.items()]
        # a dot would mean a hierarchy, which this no longer has
        names = [str(name).replace(".", "_") for name in (card["name"], *card["nets"])]
        lines.append(" ".join(word for word in (*names, card["model"], value, *sizes) if word))
    return "\n".join([*lines, f".ends {found['name']}", ".end"]) + "\n"


def undrawn(cell: pya.Cell, found: Mapping[str, Any], table: Table) -> list[str]:
    """`comparing`, all of it now."""
    return finish(comparing(cell, found, table))


def comparing(cell: pya.Cell, found: Mapping[str, Any], table: Table) -> Work[list[str]]:
    """What a run changes in the stored circuit of a cell and in no PCell: a line for each device that is not drawn."""
    stored = find(cell)
    if stored is None:
        return []
    drawn = yield from passive_counts(cell, table)
    before = {key(str(card["name"])): card for card in stored["cards"]}
    lines = []
    for card in found["cards"]:
        name = key(str(card["name"]))
        old = before.get(name)
        if old is None or card["transistor"] or name in drawn or key(str(card["name"])[2:]) in drawn:
            continue
        pairs = [(str(old["value"]), str(card["value"]))]
        pairs += [(f"{one}={old['values'].get(one)}", f"{one}={size}") for one, size in card["values"].items()]
        changed = [f"{one} → {other}" for one, other in pairs if one != other]
        if changed:
            lines.append(f"{card['name']}: {', '.join(changed)} (not drawn; kept in the layout's circuit)")
    return lines


def _widened(values: Mapping[str, float], width: float) -> dict[str, float]:
    """W, and the areas and perimeters of a card, at another width: areas grow with it, perimeters by both sides of each
    finger's drain or source.
    """
    before, fingers = values["w"], max(round(values.get("nf", values.get("ng", 1.0))), 1)
    if abs(width - before) <= 1e-9 * before:
        return {"w": width}
    result = {"w": width, **{name: values[name] * width / before for name in ("ad", "as") if name in values}}
    for name, count in (("pd", (fingers + 1) // 2), ("ps", fingers // 2 + 1)):
        if name in values:
            result[name] = values[name] + 2 * count * (width - before) / fingers
    return result
