"""Mutations of single devices and of those that belong to them: split, stacked, cascoded, degenerated, sized
separately.
"""

from __future__ import annotations

import random
from dataclasses import replace

from eda_agent.train.topologies.cell import FETS, Cell, Device
from eda_agent.train.topologies.mutations import sizes
from eda_agent.train.topologies.mutations.places import cascode_line, pick


def split(cell: Cell, draw: random.Random) -> Cell | None:
    """Devices in two parallel parts, the second with separate sizes."""
    group = pick(cell, draw, cell.fets)
    one = group[0]
    width, length = cell.parameters[one.width].value, cell.parameters[one.length].value
    # the sizes of a usual NMOS, which `fet` scales
    width /= cell.technology.scale * (2 if one.kind == "pmos" else 1)
    length /= cell.technology.scale
    share = draw.choice((0.3, 0.6, 1.0))
    cell, first = sizes.fet(cell, draw, one.kind, one.drain, one.gate, one.source, width * share, length, one.copies)
    added = [first]
    for other in group[1:]:
        grown = cell.changed({}, added)
        added.append(sizes.twin(grown, replace(first, copies=other.copies), other.drain, other.gate, other.source))
    return cell.changed({}, added)


def stack(cell: Cell, draw: random.Random) -> Cell | None:
    """Devices in two parts in series with one gate, as for a length beyond the limit."""
    group = pick(cell, draw, cell.fets)
    changes: dict[str, Device] = {}
    added: list[Device] = []
    for one in group:
        grown = cell.changed({}, added)
        middle = grown.new_net("k")
        changes[one.name] = one.at(source=middle)
        added.append(sizes.twin(grown, one, middle, one.gate, one.source))
    return cell.changed(changes, added)


def cascode(cell: Cell, draw: random.Random) -> Cell | None:
    """A cascode on top of devices; a diode among them closes around it, which makes a wide-swing mirror."""
    group = pick(cell, draw, [one for one in cell.fets if one.drain not in cell.rails])
    if not group:
        return None
    found = cascode_line(cell, draw, group[0].kind)
    if found is None:
        return None
    cell, line = found
    changes: dict[str, Device] = {}
    added: list[Device] = []
    cell, first = sizes.fet(cell, draw, group[0].kind, "", line, "", 5, 0.3, group[0].copies)
    for one in group:
        grown = cell.changed(changes, added)
        middle = grown.new_net("k")
        changes[one.name] = one.at(drain=middle)
        added.append(
            replace(
                first, name=grown.new_name(one.kind), nets=(one.drain, line, middle, one.nets[3]), copies=one.copies
            )
        )
    return cell.changed(changes, added)


def uncascode(cell: Cell, draw: random.Random) -> Cell | None:
    """Remove the cascodes on top of some devices."""

    def below(net: str, kind: str) -> list[str]:
        entries = [(device, place) for device, place in cell.touching[net] if device.kind in FETS]
        return (
            [device.name for device, place in entries if place == 0 and device.kind == kind]
            if len(entries) == 2
            else []
        )

    candidates = [
        one
        for one in cell.fets
        if not one.diode
        and one.source not in cell.rails
        and one.gate not in cell.ports
        and one.source not in cell.ports
        and below(one.source, one.kind)
    ]
    group = pick(cell, draw, candidates)
    if not group:
        return None
    moved = {one.source: one.drain for one in group}
    rest = cell.changed({}, removed=[one.name for one in group])
    return replace(rest, devices=tuple(device.renamed(moved) for device in rest.devices))


def degenerate(cell: Cell, draw: random.Random) -> Cell | None:
    """Resistors under the sources of devices, divided by the number of copies."""
    group = pick(cell, draw, [one for one in cell.fets if one.source in cell.rails or len(cell.on(one.source, 2)) == 2])
    if not group:
        return None
    value = draw.choice((300.0, 1e3, 3e3))
    cell, first = sizes.passive(cell, draw, "r", "", "", value)
    changes: dict[str, Device] = {}
    added: list[Device] = []
    for one in group:
        grown = cell.changed(changes, added)
        net = grown.new_net("d")
        changes[one.name] = one.at(source=net)
        added.append(
            replace(
                first,
                name=grown.new_name("r"),
                nets=(net, one.source),
                shared="" if one.copies.isdigit() else one.copies,
            )
        )
    return cell.changed(changes, added)


def undegenerate(cell: Cell, draw: random.Random) -> Cell | None:
    """Remove the resistors of one value under sources."""

    def alone(net: str) -> bool:
        entries = cell.touching[net]
        return (
            net not in cell.ports
            and len(entries) == 2
            and any(device.kind in FETS and place == 2 for device, place in entries)
        )

    candidates = [one for one in cell.devices if one.kind == "r" and any(alone(net) for net in one.nets)]
    if not candidates:
        return None
    value = draw.choice(candidates).value
    gone = [one for one in candidates if one.value == value]
    moved = {}
    for one in gone:
        inner, outer = one.nets if alone(one.nets[0]) else one.nets[::-1]
        moved[inner] = outer
    rest = cell.changed({}, removed=[one.name for one in gone])
    return replace(rest, devices=tuple(device.renamed(moved) for device in rest.devices))


def own_size(cell: Cell, draw: random.Random) -> Cell | None:
    """Some devices no longer share the width of the others."""
    shared = [one for one in cell.fets if len(cell.alike(one)) > 1]
    group = pick(cell, draw, shared)
    if not group or len(group) == len(cell.alike(group[0])):
        return None
    old = cell.parameters[group[0].width]
    name = cell.new_parameter("Wx")
    cell = cell.with_parameter(name, old)
    return cell.changed({one.name: replace(one, width=name) for one in group})


def ratio(cell: Cell, draw: random.Random) -> Cell | None:
    """Copies of a mirror get a separate ratio."""
    group = pick(cell, draw, [one for one in cell.fets if not one.diode and cell.on(one.gate, 0, one.kind)])
    if not group:
        return None
    cell, name = sizes.copies(cell, draw, draw.choice((1, 2, 3)), 20)
    return cell.changed({one.name: replace(one, copies=name) for one in group})
