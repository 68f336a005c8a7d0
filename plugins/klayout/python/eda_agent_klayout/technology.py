"""The technology of a placed layout is that of its process; where KLayout has none registered, the view names the
layers by the table.
"""

from __future__ import annotations

from collections.abc import Iterator

import pya

from .rules import layer_of, rules_of
from .table import Table


def technology_of(table: Table) -> str:
    """The name of the technology of a table's process, "" where none is registered."""
    known = set(pya.Technology.technology_names())
    return next((name for name in table.technologies if name in known), "")


def show(view: pya.LayoutView, layout: pya.Layout) -> None:
    """Show a layout in a new view, with the colours and names of its technology."""
    view.show_layout(layout, layout.technology_name, False, bool(layout.technology_name))


def name_layers(view: pya.LayoutView, table: Table) -> None:
    """Name the layers of a view that have no name, as the table calls them."""
    names = dict(_names(table))
    for node in view.each_layer():
        number = (node.source_layer, node.source_datatype)
        if not node.name and not node.source_name and number in names:
            node.name = f"{names[number]} {number[0]}/{number[1]}"


def _names(table: Table) -> Iterator[tuple[tuple[int, int], str]]:
    """(layer and datatype, name) of the layers of a table; the first name of a layer comes last."""
    rules = rules_of(table)
    if rules is not None:
        yield from ((number, name.replace("_", " ")) for name, number in rules.layers.items())
        yield from ((mark, "thick oxide") for mark in rules.marks)
    layers = table.layers or {}
    for count, plate in enumerate(layers.get("plates", ()), start=1):
        yield layer_of(plate["top"]), f"capacitor {count}"
    yield from ((layer_of(one), f"via{count}") for count, one in enumerate(layers.get("vias", ()), start=1))
    for count, (shapes, labels) in enumerate(layers.get("metals", ()), start=1):
        yield layer_of(labels), f"metal{count} label"
        yield layer_of(shapes), f"metal{count}"
    yield from ((layer_of(words), name) for name, words in layers.items() if isinstance(words, str))
