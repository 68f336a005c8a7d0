"""Placing a run in the window: a new layout with its devices, checked by LVS, as stepwise work."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pya

from . import library, mos, passives, place, technology, title
from .checking import Checked
from .fold import rule_of
from .steps import Progress, Work
from .table import devices, read_table
from .writing import Task


def placing(
    window: pya.MainWindow, reading: Work[Mapping[str, Any]], name: str, folder: Path
) -> Work[tuple[Task, Checked | None]]:
    """A new layout with the devices of a run, by the table `name`; an error or a cancellation while it is made leaves
    no layout.

    Raises ValueError for a library that is not here, and for a size that it does not draw.
    """
    found = yield from reading
    table = library.present(read_table(name))
    # not shown while it is made: the window would draw every slice of it
    layout = pya.Layout(True, window.manager())
    layout.dbu, layout.technology_name = 0.001, technology.technology_of(table)
    rails = (found["rails"][0], found["rails"][1])
    rule = rule_of(found.get("layout"), table)
    sized = devices(dict(found))
    passive = passives.passives(found, table)
    cell = yield from place.placing(layout, found["name"], sized, rails, table, rule, found["ports"], passive)
    yield Progress("the circuit is stored")
    title.put(cell, found, name, mos.LIBRARY)
    yield Progress("the layout is shown")
    view = window.view(window.create_view())
    try:
        yield Progress("the layout is shown")
        technology.show(view, layout)
        view.active_cellview().cell = cell
        yield Progress("the layout is shown")
        view.add_missing_layers()
        technology.name_layers(view, table)
        view.max_hier()
        view.zoom_fit()
        mark_changed(layout, cell)
        yield Progress("the layout is shown")
    except GeneratorExit:
        view.close()
        raise
    task = Task(found, view, cell, name)
    return task, (yield from task.checking(folder))


def mark_changed(layout: pya.Layout, cell: pya.Cell) -> None:
    """Mark a shown layout as not saved: KLayout asks before it closes one whose cells were renamed while it was shown,
    not one that was made before.
    """
    name, index = cell.name, cell.cell_index()
    layout.rename_cell(index, layout.unique_cell_name(name) if hasattr(layout, "unique_cell_name") else f"{name}$")
    layout.rename_cell(index, name)
