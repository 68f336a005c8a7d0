"""A write-back gives the PCells of a layout the sizes of a plan in one step that can be undone.

Resizing moves no other instance and no wire; labels and pins that a placement drew on a terminal stay on it.
Collisions, and wires that end at the old outline, are listed and left to the designer.
"""

from __future__ import annotations

from . import library, unused
from .moved_labels import Labels
from .plan import Change, Plan
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
    """Change the PCells of a plan, and remove those that nothing places any more. Raises ValueError, with the changes
    made (see `applying`).
    """
    if not found.changes:
        return
    layout = found.changes[0].instance.layout()
    before = [change.instance.cell_index for change in found.changes]
    labels = Labels(found.changes, found.table) if found.table is not None else None
    if labels is not None:
        yield from labels.finding()
    # a PCell that is drawn anew is drawn in the layout of its library
    own = library.holdable(found.changes[0].instance.cell.library())
    yield from each(
        "sizes are written",
        found.changes,
        lambda one: one.instance.change_pcell_parameters(one.after),
        *([layout] if own else []),
        shown=True,
    )
    yield from each("sizes are checked", found.changes, _check)
    if labels is not None:
        yield from labels.moving()
    yield from unused.removing(layout, before)


def _check(one: Change) -> None:
    """Raises ValueError where a PCell draws its message in place of a transistor."""
    if one.instance.bbox() != one.grown:
        raise ValueError(
            f"{one.device}: its PCell does not draw in this layout what it drew for the preview"
            f" ({one.instance.bbox()} instead of {one.grown}); nothing is written\n\nKLayout's log (File >"
            " Log Viewer) says why"
        )


def apply(found: Plan) -> int:
    """`applying`, all at once."""
    return finish(applying(found))
