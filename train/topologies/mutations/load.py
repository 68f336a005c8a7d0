"""Mutations of loads: a resistor, a diode or a current source instead, positive feedback, folding."""

from __future__ import annotations

import random
from dataclasses import replace

from eda_agent.train.topologies.cell import OPPOSITE, Cell, Device
from eda_agent.train.topologies.mutations import sizes
from eda_agent.train.topologies.mutations.places import cascode_line, line, pick, signal, source


def _loads(cell: Cell) -> list[Device]:
    """Devices between a rail and a net where a device of the other type has its drain."""
    return [
        one
        for one in cell.fets
        if one.source in cell.rails and one.drain not in cell.rails and cell.on(one.drain, 0, OPPOSITE[one.kind])
    ]


def resistive(cell: Cell, draw: random.Random) -> Cell | None:
    """Resistors to the rail instead of loads."""
    group = pick(cell, draw, _loads(cell))
    if not group:
        return None
    cell, first = sizes.passive(cell, draw, "r", "", "", draw.choice((1e4, 3e4, 1e5)))
    added: list[Device] = []
    for one in group:
        added.append(replace(first, name=cell.changed({}, added).new_name("r"), nets=(one.drain, one.source)))
    return cell.changed({}, added, [one.name for one in group])


def diode(cell: Cell, draw: random.Random) -> Cell | None:
    """Loads become diodes."""
    group = pick(cell, draw, [one for one in _loads(cell) if not one.diode])
    return cell.changed({one.name: one.at(gate=one.drain) for one in group}) if group else None


def active(cell: Cell, draw: random.Random) -> Cell | None:
    """Diodes and resistors that load a signal become current sources."""
    reached = signal(cell)
    diodes = [one for one in _loads(cell) if one.diode and one.drain in reached]
    resistors = [
        one
        for one in cell.devices
        if one.kind == "r" and len(set(one.nets) & cell.rails) == 1 and set(one.nets) & reached
    ]
    group = pick(cell, draw, diodes)
    if group and (not resistors or draw.random() < 0.5):
        found = line(cell, draw, group[0].kind)
        if found is None:
            return None
        cell, reference = found
        return cell.changed(
            {
                one.name: replace(one.at(gate=reference.gate), width=reference.width, length=reference.length)
                for one in group
            }
        )
    if not resistors:
        return None
    value = draw.choice(resistors).value
    for one in [one for one in resistors if one.value == value]:
        rail, net = one.nets if one.nets[0] in cell.rails else one.nets[::-1]
        fed = source(cell.changed({}, removed=[one.name]), draw, "pmos" if rail == "vdd" else "nmos", net)
        if fed is None:
            return None
        cell = fed
    return cell


def cross(cell: Cell, draw: random.Random) -> Cell | None:
    """A cross-coupled pair beside the two loads of a pair: positive feedback, weaker than the loads."""
    pairs = [
        (one, other)
        for one in _loads(cell)
        for other in cell.alike(one)
        if other.name > one.name and other in _loads(cell) and other.drain != one.drain
    ]
    if not pairs:
        return None
    one, other = draw.choice(pairs)
    cell, first = sizes.fet(cell, draw, one.kind, one.drain, other.drain, one.source, draw.choice((0.5, 1.0)), 0.5)
    second = sizes.twin(cell.changed({}, [first]), first, other.drain, one.drain, other.source)
    return cell.changed({}, [first, second])


def fold(cell: Cell, draw: random.Random) -> Cell | None:
    """Fold the input pair: its load moves to the other rail, behind cascodes of the other type."""
    pair = cell.structure.input_pair
    if pair is None:
        return None
    names = {one.name for one in pair}
    inputs = [one for one in cell.fets if one.name.lower() in names]
    kind, other = inputs[0].kind, OPPOSITE[inputs[0].kind]
    outs = [one.drain for one in inputs]
    loads = _hanging(cell, other, outs)
    if len(set(outs)) != 2 or not loads or any(one.drain not in outs and one.source not in cell.rails for one in loads):
        return None
    turned = _moved(cell, draw, loads, kind)
    found = cascode_line(turned, draw, other) if turned is not None else None
    if found is None:
        return None
    cell, gate = found
    cell, first = sizes.fet(cell, draw, other, "", gate, "", 5, 0.3)
    for one in inputs:
        net = cell.new_net("f")
        above = replace(first, name=cell.new_name(other), nets=(one.drain, gate, net, cell.rail(other)))
        fed = source(cell.changed({one.name: one.at(drain=net)}, [above]), draw, other, net, 5, 20)
        if fed is None:
            return None
        cell = fed
    return cell


def _hanging(cell: Cell, kind: str, nets: list[str]) -> list[Device]:
    """Devices of a type between these nets and their rail, including cascodes."""
    found: dict[str, Device] = {}
    waiting = list(nets)
    while waiting:
        net = waiting.pop()
        for one in cell.on(net, 0, kind):
            if one.name not in found:
                found[one.name] = one
                if one.source not in cell.rails:
                    waiting.append(one.source)
    return list(found.values())


def _moved(cell: Cell, draw: random.Random, loads: list[Device], kind: str) -> Cell | None:
    """Loads as devices of the other type at the other rail; a bias line of the new type replaces theirs."""
    reached, renamed = signal(cell), {}
    for width, length in sorted({(one.width, one.length) for one in loads}):
        cell, made = sizes.fet(cell, draw, kind, "", "", "", 4, cell.parameters[length].value / cell.technology.scale)
        renamed[width, length] = made
    changes = {}
    for one in loads:
        gate = one.gate
        if gate not in reached and gate != one.drain:
            found = line(cell, draw, kind) if one.source in cell.rails else cascode_line(cell, draw, kind)
            if found is None:
                return None
            cell, gate = found[0], found[1] if isinstance(found[1], str) else found[1].gate
        rail = cell.rail(kind)
        sized = renamed[one.width, one.length]
        foot = rail if one.source in cell.rails else one.source
        changes[one.name] = replace(sized, name=one.name, nets=(one.drain, gate, foot, rail), copies=one.copies)
    return cell.changed(changes)
