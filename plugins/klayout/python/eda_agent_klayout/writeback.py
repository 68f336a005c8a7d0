"""A write-back gives the PCells of a layout the sizes of a plan in one step that can be undone.

Resizing moves no other instance and no wire. Collisions, and wires that end at the old outline, are listed and left to
the designer.
"""

from __future__ import annotations

import pya

from . import library
from .plan import Change, Plan, sizes
from .steps import Work, draw_ahead, each, finish


def applying(found: Plan) -> Work[int]:
    """Change the PCells of a plan; returns their number.

    Raises ValueError, with the changes made, where a PCell then draws something else than it did for the plan.
    """
    yield from drawing_ahead(found)
    yield from changing(found)
    return len(found.changes)


def drawing_ahead(found: Plan) -> Work[None]:
    """Draw the PCells of a plan in their library, which changes no layout."""
    if not found.changes:
        return
    there = found.changes[0].instance.cell.library()

    def draw(one: Change) -> None:
        values = {**one.instance.pcell_parameters_by_name(), **one.after}
        draw_ahead(there.layout(), one.instance.pcell_declaration().name(), values)

    yield from each("transistors are drawn", found.changes, draw, *library.holdable(there), shown=True)


def changing(found: Plan) -> Work[None]:
    """Change the PCells of a plan. Raises ValueError, with the changes made (see `applying`)."""
    if not found.changes:
        return
    # a PCell that is drawn anew is drawn in the layout of its library
    own = library.holdable(found.changes[0].instance.cell.library())
    yield from each(
        "sizes are written",
        found.changes,
        lambda one: one.instance.change_pcell_parameters(one.after),
        *([found.changes[0].instance.layout()] if own else []),
        shown=True,
    )
    # a PCell that fails in this layout draws its message in place of a transistor
    failed = next((one for one in found.changes if one.instance.bbox() != one.grown), None)
    if failed is not None:
        raise ValueError(
            f"{failed.device}: its PCell does not draw in this layout what it drew for the preview"
            f" ({failed.instance.bbox()} instead of {failed.grown}); nothing is written\n\nKLayout's log (File >"
            " Log Viewer) says why"
        )


def apply(found: Plan) -> int:
    """`applying`, all at once."""
    return finish(applying(found))


def report(found: Plan, cell: pya.Cell, layout: pya.Layout, result: pya.ReportDatabase) -> None:
    """The plan as markers in a database."""
    result.top_cell_name = cell.name
    shown = result.create_cell(cell.name)
    kinds = {
        "changes": [(f"{change.device}: {sizes(change)}", change.grown) for change in found.changes],
        "conflicts": found.conflicts,
    }
    for name, rows in kinds.items():
        category = result.create_category(name)
        for text, box in rows:
            item = result.create_item(shown.rdb_id(), category.rdb_id())
            item.add_value(text)
            item.add_value(pya.DPolygon(box.to_dtype(layout.dbu)))
