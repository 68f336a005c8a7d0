"""A write-back gives the PCells of a layout the sizes of a schematic: first a plan to inspect, then one step that can
be undone.

Resizing moves no other instance and no wire. Collisions, and wires that end at the old outline, are listed and left to
the designer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

import pya

from .boxes import Boxes
from .fold import Rule, folded
from .library import checked, create
from .rules import rules_of
from .steps import Progress, Work, draw_ahead, each, finish, held
from .table import DUMMY, NAME, NETS, Device, Table, key

OWN = "eda-agent"
"""The library of the demonstration process."""
NAMES = (NAME, "name")
"""Properties with a device's name, if the PCell has no parameter for it."""


@dataclass(frozen=True)
class Change:
    """`before`, `after`: PCell parameters that differ. `grown`: the new box, in the cell's coordinates."""

    device: str
    instance: pya.Instance
    before: dict[str, Any]
    after: dict[str, Any]
    box: pya.Box
    grown: pya.Box


@dataclass
class Plan:
    """`missing`: devices of the schematic without an instance; `foreign`: instances that name no device of it;
    `conflicts`: (text, box); `remarks`: differences from the simulation.
    """

    changes: list[Change] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    conflicts: list[tuple[str, pya.Box]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


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


def plan(
    layout: pya.Layout,
    cell: pya.Cell,
    devices: Sequence[Device],
    table: Table,
    places: Places | None = None,
    rule: Rule | None = None,
) -> Plan:
    """`planning`, all of it now."""
    return finish(planning(layout, cell, devices, table, places, rule))


Piece = tuple[pya.Instance, dict[str, Any], bool]
"""Instance, its PCell parameters, whether it is a dummy."""


def planning(
    layout: pya.Layout,
    cell: pya.Cell,
    devices: Sequence[Device],
    table: Table,
    places: Places | None = None,
    rule: Rule | None = None,
) -> Work[Plan]:
    """What writing back would change in a cell, and what stands against it. Nothing is changed. `rule`: the folds that
    the run simulated, None for one that simulated none.
    """
    result = Plan()
    by_name = {key(device.name): device for device in devices}
    simulated = {key(device.name): device for device in folded(devices, rule or Rule())}
    found: dict[str, list[Piece]] = {}
    reader = Reader(cell, table, places)

    def read(instance: pya.Instance) -> None:
        one = reader.read(instance)
        if one is None:
            return
        _, name, values = one
        dummy = bool(table.dummy and values.get(table.dummy)) or name.endswith(DUMMY)
        name = name.removesuffix(DUMMY)
        if key(name) not in by_name:
            result.foreign.append(name or f"an instance at {instance.bbox().to_dtype(layout.dbu)}")
            return
        found.setdefault(key(name), []).append((instance, values, dummy))

    yield from each("the layout is read", list(cell.each_inst()), read)
    fits: dict[str, Device] = {}
    stuck: list[str] = []

    def fit(name: str) -> None:
        device, pieces = by_name[name], found.get(name, [])
        units = [(instance, values) for instance, values, dummy in pieces if not dummy]
        if not units:
            result.missing.append(device.name)
            return
        drawn = sum(_fingers(table, values) for _, values in units)
        fitting = fitted(device, drawn, simulated[name], rule or Rule())
        if fitting is None:
            stuck.append(name)
            box = _around([instance.bbox() for instance, _ in units])
            result.conflicts.append(
                (
                    (
                        f"{device.name}: {device.m} × {device.nf} fingers do not fit its {drawn} in {len(units)}"
                        " pieces; generate it again"
                    ),
                    box,
                )
            )
            return
        if rule is not None and drawn != simulated[name].fingers:
            result.remarks.append(
                f"{device.name} is drawn with {drawn} fingers; the run simulated {simulated[name].fingers}"
            )
        fits[name] = fitting

    yield from each("sizes are compared", list(by_name), fit)

    def ahead(name: str) -> None:
        for instance, values, dummy in found[name]:
            after = _after(fits[name], table, values, dummy)
            if after:
                draw_ahead(instance.cell.library().layout(), instance.pcell_declaration().name(), {**values, **after})

    theirs = next((pieces[0][0].cell.library().layout() for pieces in found.values()), None)
    yield from each("transistors are drawn", list(fits), ahead, *([theirs] if theirs is not None else []), shown=True)

    # drawn in a layout of its own: a plan changes nothing
    aside = pya.Layout()
    aside.dbu = layout.dbu
    aside.technology_name = layout.technology_name
    drawn: dict[str, list[tuple[Piece, dict[str, Any], pya.Cell]]] = {}

    def stop(name: str, error: ValueError) -> None:
        stuck.append(name)
        box = _around([instance.bbox() for instance, _, dummy in found[name] if not dummy])
        result.conflicts.append((str(error).split("\n")[0], box))

    def draw(name: str) -> None:
        try:
            drawn[name] = list(_aside(aside, fits[name], table, found[name]))
        except ValueError as error:
            stop(name, error)

    yield from each("transistors are drawn", list(fits), draw, aside)

    def collect(name: str) -> None:
        try:
            result.changes += [_change(fits[name], *one) for one in drawn[name]]
        except ValueError as error:
            stop(name, error)

    yield from each("changes are collected", list(drawn), collect)
    drawn.clear()
    with held(*([theirs] if theirs is not None else [])):
        # the library drops each of its variants that nobody places, and would be walked for each
        aside._destroy()
    # half of a matched group is worse than none
    kept = {by_name[name].block for name in stuck} - {None}
    result.changes = [
        change for change in result.changes if by_name[key(change.device.removesuffix(DUMMY))].block not in kept
    ]
    yield from _conflicts(layout, cell, result, _wires(layout, table))
    return result


def refuse_another(cell: pya.Cell, devices: Sequence[Device], table: Table, places: Places | None, name: str) -> None:
    """`refusing`, all of it now."""
    finish(refusing(cell, devices, table, places, name))


def refusing(cell: pya.Cell, devices: Sequence[Device], table: Table, places: Places | None, name: str) -> Work[None]:
    """Raises ValueError, with what differs, where a cell holds another circuit than these devices: what is there is
    connected otherwise or of the other
    kind, or some are missing and others are too many. A device that is only missing (drawn by hand) or only added is
    left to the plan.
    """
    by_name = {key(device.name): device for device in devices}
    seen: set[str] = set()
    foreign: list[str] = []
    differ: list[str] = []
    reader = Reader(cell, table, places)

    def look(instance: pya.Instance) -> None:
        one = reader.read(instance)
        if one is None:
            return
        _, label, values = one
        dummy = bool(table.dummy and values.get(table.dummy)) or label.endswith(DUMMY)
        label = label.removesuffix(DUMMY)
        device = by_name.get(key(label))
        if device is None:
            foreign.append(label or "a device without a name")
            return
        seen.add(key(label))
        kind = table.kind(instance.pcell_declaration().name(), values)
        if kind != device.kind:
            differ.append(f"{label} is {kind} in the layout, {device.kind} in the run")
        elif not table.same_model(device, instance.pcell_declaration().name(), values):
            differ.append(
                f"{label} is {table.model(instance.pcell_declaration().name(), values)} in the layout, {device.model}"
                " in the run"
            )
        written = values.get(table.nets) if table.nets else instance.property(NETS)
        nets = [key(net) for net in str(written or "").split()] if not dummy else []
        wanted = [key(net) for net in device.nets]
        # source and drain may be exchanged
        if nets and nets not in (wanted, [wanted[2], wanted[1], wanted[0], wanted[3]]):
            differ.append(f"{label} is connected to {' '.join(nets)} in the layout, to {' '.join(wanted)} in the run")

    yield from each("the circuit is compared", list(cell.each_inst()), look)
    missing = [device.name for device in devices if key(device.name) not in seen]
    if not seen:
        differ.append(f"none of its devices ({', '.join(missing[:6])} …) is in the layout")
    elif missing and foreign:
        differ += [
            f"not in the layout: {', '.join(missing[:10])}",
            f"not in the run: {', '.join(dict.fromkeys(foreign[:10]))}",
        ]
    if differ:
        rows = "\n".join(dict.fromkeys(differ[:12]))
        raise ValueError(
            f"the cell {cell.name} does not hold the circuit {name} of this run; nothing is written\n\n{rows}\n\nOpen"
            f" the layout of {name}, or place it again"
        )


def _fingers(table: Table, values: dict[str, Any]) -> int:
    return int(values[table.parameters["nf"]]) * int(values.get(table.parameters.get("m", ""), 1))


def fitted(device: Device, drawn: int, simulated: Device, rule: Rule) -> Device | None:
    """The device with the drawn number of fingers: as `simulated`, or folded to it if the schematic has one finger;
    None if neither fits.
    """
    if drawn == simulated.fingers:
        return simulated
    if device.nf > 1 or drawn % device.m:
        return None
    fold = drawn // device.m
    # a fold that was chosen for another size is kept while its fingers have a usable shape
    usual = Rule()
    if not 0.42e-6 <= device.width / fold <= 4 * usual.widest or (
        fold > 1 and device.width / fold < usual.narrowest * (1 - 1e-9)
    ):
        return None
    return folded([replace(device, nf=fold)], replace(rule, widest=inf, narrowest=inf))[0]


def _aside(
    aside: pya.Layout, device: Device, table: Table, pieces: Sequence[Piece]
) -> Iterator[tuple[Piece, dict[str, Any], pya.Cell]]:
    """The pieces of a device whose sizes change: what changes, and the PCell with it; an instance keeps its share of
    the fingers. Raises ValueError for a size that the PCell does not draw.
    """
    for instance, values, dummy in pieces:
        after = _after(device, table, values, dummy)
        if after:
            cell = instance.pcell_declaration().name()
            yield (
                (instance, values, dummy),
                after,
                create(aside, instance.cell.library(), cell, {**values, **after}, after, device.name),
            )


def _change(device: Device, piece: Piece, after: dict[str, Any], variant: pya.Cell) -> Change:
    """Raises ValueError for a PCell that fails."""
    instance, values, dummy = piece
    checked(variant, instance.cell.library(), instance.pcell_declaration().name(), after, device.name)
    return Change(
        f"{device.name}{DUMMY}" if dummy else device.name,
        instance,
        {name: values.get(name) for name in after},
        after,
        instance.bbox(),
        variant.bbox().transformed(instance.trans),
    )


def _after(device: Device, table: Table, values: dict[str, Any], dummy: bool) -> dict[str, Any]:
    """The parameters that change."""
    copies = int(values.get(table.parameters.get("m", ""), 1))
    wanted = table.values(device, int(values[table.parameters["nf"]]), copies=copies, dummy=dummy)
    # nets and names are the layout's own
    sizes = {name: wanted[name] for name in table.parameters.values()}
    return {name: value for name, value in sizes.items() if not _same(values.get(name), value)}


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) or isinstance(other, float):
        try:
            return abs(float(one) - float(other)) < 1e-6
        except (TypeError, ValueError):
            return False
    return bool(one == other)


def _wires(layout: pya.Layout, table: Table) -> list[int]:
    """The layers whose shapes a device must not meet by chance: all but wells, implants, pins and labels, which go
    over many devices.
    """
    rules = rules_of(table)
    over = {rules.layers[name] for name in ("nwell", "nplus", "pplus", "pin", "label")} if rules else set()
    return [
        index
        for index in layout.layer_indexes()
        if (layout.get_info(index).layer, layout.get_info(index).datatype) not in over
    ]


def _conflicts(layout: pya.Layout, cell: pya.Cell, result: Plan, wires: Sequence[int]) -> Work[None]:
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
    names = [
        changed[number].device if number in changed else one.cell.basic_name() for number, one in enumerate(instances)
    ]

    def overlaps(number: int) -> None:
        for other in after.overlapping(number):
            if other in changed and other < number:
                # the pair was examined from the other side
                continue
            overlap = after[number] & after[other]
            if (before[number] & before[other]).area() < overlap.area():
                first, second = sorted((number, other))
                result.conflicts.append((f"{names[first]} and {names[second]} would overlap", overlap))

    yield from each("overlaps are looked for", list(changed), overlaps)

    # a copy: a search in the cell itself would sort its shapes anew each time
    own = pya.Shapes()

    def copy(index: int) -> None:
        shapes = pya.Region(cell.shapes(index))
        shapes.merged_semantics = False
        own.insert(shapes.extents())

    yield from each("wires are read", wires, copy)

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


def _identity(instance: pya.Instance) -> tuple[int, str]:
    """A key that distinguishes an instance from the others of its cell."""
    return instance.cell_index, str(instance.cplx_trans)


def _around(boxes: Sequence[pya.Box]) -> pya.Box:
    result = pya.Box()
    for one in boxes:
        result = result + one
    return result


def applying(found: Plan) -> Work[int]:
    """Change the PCells of a plan; returns their number.

    Raises ValueError, with the changes made, where a PCell then draws something else than it did for the plan.
    """
    yield from drawing_ahead(found)
    yield from changing(found)
    return len(found.changes)


def _own(found: Plan) -> bool:
    """Whether updates may be held back: another library's PCell may read a file as it draws, which KLayout refuses
    then.
    """
    return bool(found.changes[0].instance.cell.library().name() == OWN)


def drawing_ahead(found: Plan) -> Work[None]:
    """Draw the PCells of a plan in their library, which changes no layout."""
    if not found.changes:
        return
    theirs = found.changes[0].instance.cell.library().layout()

    def draw(one: Change) -> None:
        values = {**one.instance.pcell_parameters_by_name(), **one.after}
        draw_ahead(theirs, one.instance.pcell_declaration().name(), values)

    yield from each("transistors are drawn", found.changes, draw, *([theirs] if _own(found) else []), shown=True)


def changing(found: Plan) -> Work[None]:
    """Change the PCells of a plan. Raises ValueError, with the changes made (see `applying`)."""
    if not found.changes:
        return
    yield from each(
        "sizes are written",
        found.changes,
        lambda one: one.instance.change_pcell_parameters(one.after),
        *([found.changes[0].instance.layout()] if _own(found) else []),
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


def sizes(change: Change) -> str:
    return ", ".join(f"{name} {_shown(change.before[name])} → {_shown(value)}" for name, value in change.after.items())


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
