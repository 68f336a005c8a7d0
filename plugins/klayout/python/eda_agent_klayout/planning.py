"""Planning compares the sizes of a schematic with those of a cell's PCells. Nothing is changed: PCells of the new sizes
are drawn in a layout of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pya

from .conflicts import conflicts
from .fold import Rule, fitted, folded, usual
from .instances import Places, Reader
from .library import checked, create, holdable
from .passives import Part, Passive, parts
from .plan import Change, Plan
from .steps import Work, draw_ahead, each, finish
from .table import DUMMY, Device, Table, key


def plan(
    layout: pya.Layout,
    cell: pya.Cell,
    devices: Sequence[Device],
    table: Table,
    places: Places | None = None,
    rule: Rule | None = None,
    passives: Sequence[Passive] = (),
) -> Plan:
    """`planning`, all of it now."""
    return finish(planning(layout, cell, devices, table, places, rule, passives))


Piece = tuple[pya.Instance, dict[str, Any], bool]
"""Instance, its PCell parameters, whether it is a dummy."""


def planning(
    layout: pya.Layout,
    cell: pya.Cell,
    devices: Sequence[Device],
    table: Table,
    places: Places | None = None,
    rule: Rule | None = None,
    passives: Sequence[Passive] = (),
) -> Work[Plan]:
    """What writing back would change in a cell, and what stands against it. Nothing is changed. `rule`: the folds that
    the run simulated, None for one that simulated none. `passives`: the resistors and capacitors of the schematic.
    """
    return (yield from _Planning(layout, cell, devices, table, places, rule, passives).plan())


class _Planning:
    """One planning: what was found so far."""

    def __init__(
        self,
        layout: pya.Layout,
        cell: pya.Cell,
        devices: Sequence[Device],
        table: Table,
        places: Places | None,
        rule: Rule | None,
        passives: Sequence[Passive],
    ):
        self.layout, self.cell, self.table, self.rule = layout, cell, table, rule
        self.usual = rule or usual(table)
        self.result = Plan(table=table)
        self.by_name = {key(device.name): device for device in devices}
        self.simulated = {key(device.name): device for device in folded(devices, self.usual)}
        self.reader = Reader(cell, table, places)
        self.found: dict[str, list[Piece]] = {}
        self.passives = {one.name: one for one in passives}
        self.pieces: dict[str, list[tuple[pya.Instance, dict[str, Any]]]] = {}
        self.fits: dict[str, Device] = {}
        self.stuck: list[str] = []
        self.drawn: dict[str, list[tuple[Piece, dict[str, Any], pya.Cell]]] = {}
        self.aside = pya.Layout()
        self.theirs: list[pya.Layout] = []

    def plan(self) -> Work[Plan]:
        yield from each("the layout is read", list(self.cell.each_inst()), self._read)
        yield from each("sizes are compared", list(self.by_name), self._fit)
        yield from self._draw()
        yield from each("changes are collected", list(self.drawn), self._collect)
        self.drawn.clear()
        yield from each("resistors and capacitors are drawn", list(self.pieces), self._passive)
        # the library drops each of its variants that nobody places, and would be walked for each
        drawn = [one.cell_index() for one in self.aside.each_cell()]
        yield from each("drawings are dropped", drawn, self.aside.delete_cell, self.aside, *self.theirs, shown=True)
        self.aside._destroy()
        self._leave_matched()
        yield from conflicts(self.layout, self.cell, self.result, self.table)
        return self.result

    def _read(self, instance: pya.Instance) -> None:
        one = self.reader.read(instance)
        if one is None:
            passive = self.reader.passive(instance)
            if passive is not None and key(passive[1]) in self.passives:
                self.pieces.setdefault(key(passive[1]), []).append((instance, passive[2]))
            return
        _, name, values = one
        dummy = bool(self.table.dummy and values.get(self.table.dummy)) or name.endswith(DUMMY)
        name = name.removesuffix(DUMMY)
        if key(name) not in self.by_name:
            self.result.foreign.append(name or f"a PCell at {instance.bbox().to_dtype(self.layout.dbu)}")
            return
        self.found.setdefault(key(name), []).append((instance, values, dummy))

    def _fit(self, name: str) -> None:
        """Find the fingers that a device keeps."""
        device = self.by_name[name]
        units = [(instance, values) for instance, values, dummy in self.found.get(name, []) if not dummy]
        if not units:
            self.result.missing.append(device.name)
            return
        drawn = sum(_fingers(self.table, values) for _, values in units)
        fitting = fitted(device, drawn, self.simulated[name], self.usual)
        if fitting is None:
            self._stop(
                name,
                f"{device.name}: {_counted(self.simulated[name])} do not fit its {drawn} fingers in {len(units)}"
                " PCells; place it again",
            )
            return
        if self.rule is not None and drawn != self.simulated[name].fingers:
            self.result.remarks.append(
                f"{device.name} is drawn with {drawn} fingers; the run simulated {self.simulated[name].fingers}"
            )
        self.fits[name] = fitting

    def _stop(self, name: str, why: str) -> None:
        """Leave a device as it is, with a conflict."""
        self.stuck.append(name)
        self._refuse(why, [instance for instance, _, dummy in self.found[name] if not dummy])

    def _refuse(self, why: str, pieces: Sequence[pya.Instance]) -> None:
        self.result.refused.append(why)
        self.result.conflicts.append((why, _around([one.bbox() for one in pieces])))

    def _leave_matched(self) -> None:
        """Half of a matched group is worse than none: drop the changes of those that are matched with one that stays
        as it is.
        """
        stuck: dict[int, list[str]] = {}
        for device in (self.by_name[name] for name in self.stuck):
            if device.block is not None:
                stuck.setdefault(device.block, []).append(device.name)
        changes, left = [], dict[int, dict[str, None]]()
        for change in self.result.changes:
            name = key(change.device.removesuffix(DUMMY))
            block = self.by_name[name].block if name in self.by_name else None
            if block in stuck and block is not None:
                left.setdefault(block, {})[self.by_name[name].name] = None
            else:
                changes.append(change)
        self.result.changes = changes
        self.result.left = [
            f"{', '.join(names)}: left as {'it is' if len(names) == 1 else 'they are'}, because matched with"
            f" {', '.join(stuck[block])}"
            for block, names in left.items()
        ]

    def _passive(self, name: str) -> None:
        """The new sizes of a resistor or capacitor, which keeps its number of PCells."""
        passive, pieces = self.passives[name], self.pieces[name]
        try:
            wanted = parts(passive, self.table, max(len(pieces) // passive.m, 1))
            if len(wanted) != len(pieces):
                raise ValueError(f"{passive.label}: {passive.m} copies do not fit its {len(pieces)} PCells")
            self.result.changes += [
                _passive_change(self.aside, part, self.table, instance, values)
                for part, (instance, values) in zip(wanted, pieces, strict=True)
                if _differing(part.sizes(self.table), values)
            ]
        except ValueError as error:
            self._refuse(str(error).split("\n")[0], [instance for instance, _ in pieces])

    def _draw(self) -> Work[None]:
        """Draw what changes, in a layout of its own."""
        libraries = [pieces[0][0].cell.library() for pieces in list(self.found.values())[:1]]
        self.theirs = [one.layout() for one in libraries]
        held_back = [layout for one in libraries for layout in holdable(one)]
        yield from each("transistors are drawn", list(self.fits), self._ahead, *held_back, shown=True)
        aside = self.aside
        aside.dbu = self.layout.dbu
        aside.technology_name = self.layout.technology_name

        def draw(name: str) -> None:
            try:
                self.drawn[name] = list(_aside(aside, self.fits[name], self.table, self.found[name]))
            except ValueError as error:
                self._stop(name, str(error).split("\n")[0])

        yield from each("transistors are drawn", list(self.fits), draw, aside)

    def _ahead(self, name: str) -> None:
        for instance, values, dummy in self.found[name]:
            after = _after(self.fits[name], self.table, values, dummy)
            if after:
                draw_ahead(instance.cell.library().layout(), instance.pcell_declaration().name(), {**values, **after})

    def _collect(self, name: str) -> None:
        try:
            self.result.changes += [_change(self.fits[name], *one) for one in self.drawn[name]]
        except ValueError as error:
            self._stop(name, str(error).split("\n")[0])


def _counted(device: Device) -> str:
    """The fingers of a folded device."""
    return f"{device.m} × {device.nf} fingers"


def _fingers(table: Table, values: dict[str, Any]) -> int:
    return int(values[table.parameters["nf"]]) * int(values.get(table.parameters.get("m", ""), 1))


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
    return _differing({name: wanted[name] for name in table.parameters.values()}, values)


def _differing(wanted: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if not _same(values.get(name), value)}


def _passive_change(
    aside: pya.Layout, part: Part, table: Table, instance: pya.Instance, values: dict[str, Any]
) -> Change:
    """Raises ValueError for a size that the PCell does not draw."""
    after = _differing(part.sizes(table), values)
    library, cell = instance.cell.library(), part.cell(table)
    variant = checked(
        create(aside, library, cell, {**values, **after}, after, part.label), library, cell, after, part.label
    )
    before = {name: values.get(name) for name in after}
    return Change(part.label, instance, before, after, instance.bbox(), variant.bbox().transformed(instance.trans))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) or isinstance(other, float):
        try:
            return abs(float(one) - float(other)) < 1e-6
        except (TypeError, ValueError):
            return False
    return bool(one == other)


def _around(boxes: Sequence[pya.Box]) -> pya.Box:
    result = pya.Box()
    for one in boxes:
        result = result + one
    return result
