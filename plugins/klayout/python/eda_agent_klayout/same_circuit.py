"""The circuit of a cell is compared with a run's before anything is written into it."""

from __future__ import annotations

from collections.abc import Sequence

import pya

from . import title
from .instances import Places, Reader
from .passives import Passive
from .steps import Work, each, finish
from .table import DUMMY, NETS, Device, Table, key
from .wording import cut

MOST = 12
"""Differences of one kind that are listed."""


def refuse_another(
    cell: pya.Cell,
    devices: Sequence[Device],
    table: Table,
    places: Places | None,
    name: str,
    passives: Sequence[Passive] = (),
    ports: Sequence[str] = (),
) -> None:
    """`refusing`, all of it now."""
    finish(refusing(cell, devices, table, places, name, passives, ports))


def refusing(
    cell: pya.Cell,
    devices: Sequence[Device],
    table: Table,
    places: Places | None,
    name: str,
    passives: Sequence[Passive] = (),
    ports: Sequence[str] = (),
) -> Work[None]:
    """Raises ValueError, with all that differs, where a cell holds another circuit than these devices: what is there is
    connected otherwise or of the other kind, or some are missing and others are too many. A device that is only missing
    (drawn by hand) or only added is left to the plan. `passives`: the resistors and capacitors, whose models and nets
    must agree where they are drawn. `ports`: of the run; those that the layout stores may be others.
    """
    by_name = {key(device.name): device for device in devices}
    seen: set[str] = set()
    foreign: list[str] = []
    differ: list[str] = []
    reader = Reader(cell, table, places)
    meant = {passive.name: passive for passive in passives}
    ends: dict[str, list[str]] = {}

    def look(instance: pya.Instance) -> None:
        one = reader.read(instance)
        if one is None:
            passive = reader.passive(instance)
            if passive is not None:
                written = passive[2].get(table.nets) if table.nets else instance.property(NETS)
                ends.setdefault(key(passive[1]), []).extend(key(net) for net in str(written or "").split())
                own, drawn = meant.get(key(passive[1])), instance.pcell_declaration().name()
                if own is not None and not own.drawn_by(table, drawn, passive[2]):
                    differ.append(f"{own.label} is another {drawn} in the layout, {own.drawn_model(table)} in the run")
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
    for passive in passives:
        # strips in series have nets between them
        nets = {net for net in ends.get(passive.name, ()) if not net.startswith(f"{passive.name}_")}
        wanted = {key(net) for net in passive.nets}
        if nets and nets != wanted:
            differ.append(
                f"{passive.label} is connected to {' '.join(sorted(nets))} in the layout, to"
                f" {' '.join(sorted(wanted))} in the run"
            )
    missing = [device.name for device in devices if key(device.name) not in seen]
    if differ or not seen or (missing and foreign):
        foreign += [label for label in ends if label not in meant]
        rows = "\n".join(
            [
                *cut(list(dict.fromkeys(differ)), MOST, ""),
                *_listed("not in the layout", missing),
                *_listed("not in the run", list(dict.fromkeys(foreign))),
                *_other_ports(cell, ports),
            ]
        )
        raise ValueError(
            f"the cell {cell.name} does not hold the circuit {name} of this run; nothing is written\n\n{rows}\n\nOpen"
            f" the layout of {name}, or place it again"
        )


def _listed(words: str, names: Sequence[str]) -> list[str]:
    """A line with names, none without any."""
    return [f"{words}: {', '.join(cut(names, MOST, ''))}"] if names else []


def _other_ports(cell: pya.Cell, ports: Sequence[str]) -> list[str]:
    """What the circuit that a layout stores says of its ports, where that differs."""
    stored = title.find(cell)
    if stored is None or not ports or set(map(key, stored["ports"])) == set(map(key, ports)):
        return []
    return [f"ports of {stored['name']} in the layout: {' '.join(stored['ports'])}; of the run: {' '.join(ports)}"]
