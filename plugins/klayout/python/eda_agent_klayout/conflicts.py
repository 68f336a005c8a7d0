"""Conflicts are what stands against new sizes in a cell: devices that would overlap, wires that end at an outline that
changes.
"""

from __future__ import annotations

import pya

from .boxes import Boxes
from .instances import Reader
from .plan import OVERLAP, Change, Plan
from .rules import rules_of
from .steps import Progress, Work, each
from .table import DUMMY, Table


def wires_of(layout: pya.Layout, table: Table) -> list[int]:
    """The layers whose shapes a device must not meet by chance: all but wells, implants, marks, pins and labels,
    which go over many devices.
    """
    rules = rules_of(table)
    names = ("nwell", "nplus", "pplus", "pin", "label", "poly_pin", "poly_label")
    over = {rules.layers[name] for name in names if name in rules.layers} | {*rules.marks} if rules else set()
    return [
        index
        for index in layout.layer_indexes()
        if (layout.get_info(index).layer, layout.get_info(index).datatype) not in over
    ]


def conflicts(layout: pya.Layout, cell: pya.Cell, result: Plan, table: Table) -> Work[None]:
    """Boxes that would overlap, wires of the cell itself that end inside the old outline, and what is drawn where a
    device grows: a guard ring, taps.
    """
    instances = list(cell.each_inst())
    boxes: list[pya.Box] = []
    yield from each("boxes are read", instances, lambda one: boxes.append(one.bbox()))
    before, after = Boxes(boxes), Boxes(boxes)
    number_of = {where: number for number, where in enumerate(map(_identity, instances))}
    changed = {number_of[_identity(change.instance)]: change for change in result.changes}
    after.move({number: change.grown for number, change in changed.items()})
    yield Progress("overlaps are looked for")
    reader = Reader(cell, table, None)
    names = [
        changed[number].device if number in changed else _name(reader, one, table)
        for number, one in enumerate(instances)
    ]

    told: set[tuple[str, str]] = set()

    def overlaps(number: int) -> None:
        for other in after.overlapping(number):
            if other in changed and other < number:
                # the pair was examined from the other side
                continue
            overlap = after[number] & after[other]
            if (before[number] & before[other]).area() < overlap.area():
                first, second = (names[index] for index in sorted((number, other)))
                # the PCells of two devices alternate: their order says nothing
                first, second = (second, first) if (second, first) in told else (first, second)
                told.add((first, second))
                result.conflicts.append((f"{first} and {second} {OVERLAP}", overlap))

    yield from each("overlaps are looked for", list(changed), overlaps)

    # a copy: a search in the cell itself would sort its shapes anew each time
    own = pya.Shapes()

    def copy(index: int) -> None:
        shapes = pya.Region(cell.shapes(index))
        shapes.merged_semantics = False
        own.insert(shapes.extents())

    yield from each("wires are read", wires_of(layout, table), copy)

    def touched(box: pya.Box) -> bool:
        return any(True for _ in own.each_touching(box))

    def meets(change: Change) -> None:
        if change.grown == change.box:
            return
        if touched(change.box):
            result.conflicts.append(
                (
                    (
                        f"{change.device}: wires touch it and its outline changes; check whether they still meet its"
                        " terminals"
                    ),
                    change.box,
                )
            )
        elif touched(change.grown):
            result.conflicts.append(
                (f"{change.device}: it grows into what is drawn beside it (a wire, taps or a guard ring)", change.grown)
            )

    yield from each("wires are looked for", result.changes, meets)


def _name(reader: Reader, instance: pya.Instance, table: Table) -> str:
    """The device that an instance is, or what it is an instance of."""
    found = reader.read(instance) or reader.passive(instance)
    if found is None or not found[1]:
        return str(instance.cell.basic_name())
    dummy = bool(table.dummy and found[2].get(table.dummy)) or found[1].endswith(DUMMY)
    return f"{found[1].removesuffix(DUMMY)}{DUMMY if dummy else ''}"


def _identity(instance: pya.Instance) -> tuple[int, str]:
    """A key that distinguishes an instance from the others of its cell."""
    return instance.cell_index, str(instance.cplx_trans)
