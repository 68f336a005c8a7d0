"""Mutations of the signal path: another stage, followers, feed-forward, coupling, compensation."""

from __future__ import annotations

import random
from dataclasses import replace

from eda_agent.problem.structure.circuit import polarity
from eda_agent.train.topologies.cell import FETS, OPPOSITE, Cell, Device
from eda_agent.train.topologies.mutations import sizes
from eda_agent.train.topologies.mutations.places import current_sources, signal, source


def add_stage(cell: Cell, draw: random.Random) -> Cell | None:
    """A common-source stage behind the output of an amplifier, whose inputs are exchanged; a capacitor around it, with
    or without a
    resistor.
    """
    if cell.kind != "amplifier":
        return None
    net = cell.new_net("v")
    exchanged = {"inp": "inn", "inn": "inp"}
    devices = []
    for one in cell.devices:
        keeps = one.kind == "c" and draw.random() < 0.4
        moved = one if keeps else one.renamed({"out": net})
        devices.append(moved.at(gate=exchanged.get(moved.gate)) if moved.kind in FETS else moved)
    cell = replace(cell, devices=tuple(devices))
    kind = draw.choice(("nmos", "pmos"))
    cell, copies = sizes.copies(cell, draw, 4, 20)
    cell, driver = sizes.fet(cell, draw, kind, "out", net, cell.rail(kind), 6, 0.3, copies)
    fed = source(cell.changed({}, [driver]), draw, OPPOSITE[kind], "out", 8, 40)
    if fed is None:
        return None
    end = net
    if draw.random() < 0.6:
        end = fed.new_net("z")
        fed, made = sizes.passive(fed, draw, "r", net, end, 2e3)
        fed = fed.changed({}, [made])
    fed, made = sizes.passive(fed, draw, "c", end, "out", 1e-12)
    return fed.changed({}, [made])


def buffer(cell: Cell, draw: random.Random) -> Cell | None:
    """A source follower behind the output; feedback is taken from the new output or from before it."""
    if "out" not in cell.ports or cell.kind not in ("amplifier", "transimpedance"):
        return None
    net = cell.new_net("q")
    whole = draw.random() < 0.5
    devices = [one if one.kind not in FETS and whole else one.renamed({"out": net}) for one in cell.devices]
    kind = draw.choice(("nmos", "pmos"))
    cell, made = sizes.fet(
        replace(cell, devices=tuple(devices)), draw, kind, cell.rail(OPPOSITE[kind]), net, "out", 10, 0.3
    )
    return _loaded(cell.changed({}, [made]), draw, kind, "out", 6)


def level_shift(cell: Cell, draw: random.Random) -> Cell | None:
    """A source follower in front of internal gates."""
    reached = signal(cell)
    nets = sorted(
        net
        for net in reached
        if net not in cell.ports
        and any(place != 1 for _, place in cell.touching.get(net, ()))
        and any(not one.diode for one in cell.on(net, 1))
    )
    if not nets:
        return None
    net = draw.choice(nets)
    driven = [one for one in cell.on(net, 1) if not one.diode]
    new = cell.new_net("s")
    kind = draw.choice(("nmos", "pmos"))
    cell = cell.changed({one.name: one.at(gate=new) for one in driven})
    cell, made = sizes.fet(cell, draw, kind, cell.rail(OPPOSITE[kind]), net, new, 5, 0.3)
    return _loaded(cell.changed({}, [made]), draw, kind, new, 2)


def _loaded(cell: Cell, draw: random.Random, kind: str, net: str, ratio: float) -> Cell:
    """The cell with a current for a follower, or with a resistor if the circuit has no bias."""
    fed = source(cell, draw, kind, net, ratio, 5 * ratio)
    if fed is not None:
        return fed
    cell, made = sizes.passive(cell, draw, "r", net, cell.rail(kind), 5e3)
    return cell.changed({}, [made])


def feed_forward(cell: Cell, draw: random.Random) -> Cell | None:
    """The current source of a stage is driven by a signal that is in phase with the stage's own."""
    reached = signal(cell)
    stages = [
        one
        for one in current_sources(cell)
        if one.drain in reached and one.source in cell.rails and cell.on(one.drain, 0, OPPOSITE[one.kind])
    ]
    choices = [
        (one, net)
        for one in stages
        for net in sorted(reached - set(cell.ports) - {one.drain})
        if polarity(cell.structure, net, one.drain) == -1
    ]
    if not choices:
        return None
    one, net = draw.choice(choices)
    cell, made = sizes.fet(cell, draw, one.kind, one.drain, net, one.source, 3, 0.4, one.copies)
    # beside the source, or instead of it
    return cell.changed({}, [made], [one.name] if draw.random() < 0.6 else [])


def couple(cell: Cell, draw: random.Random) -> Cell | None:
    """The gate of a stage's current source follows a signal at high frequencies: a capacitor to it, a resistor to its
    line.
    """
    reached = signal(cell)
    stages = [one for one in current_sources(cell) if one.drain in reached]
    choices = [
        (one, net)
        for one in stages
        for net in sorted(reached - set(cell.ports) - {one.drain})
        if polarity(cell.structure, net, one.drain) == -1
    ]
    if not choices:
        return None
    one, net = draw.choice(choices)
    gate = cell.new_net("g")
    cell, resistor = sizes.passive(cell.changed({one.name: one.at(gate=gate)}), draw, "r", one.gate, gate, 1e5)
    cell, capacitor = sizes.passive(cell.changed({}, [resistor]), draw, "c", gate, net, 1e-12)
    return cell.changed({}, [capacitor])


def capacitor(cell: Cell, draw: random.Random) -> Cell | None:
    """A capacitor between two signal nets that are in phase or opposite, or to a rail; or remove one."""
    old = [one for one in cell.devices if one.kind == "c"]
    if len(old) > 1 and draw.random() < 0.3:
        return _without(cell, draw.choice(old))
    nets = sorted(signal(cell) - {"inp", "inn", "vref", "fb", "clk", "vctrl", "in"})
    if len(nets) < 2:
        return None
    one, other = draw.sample(nets, 2)
    if draw.random() < 0.15:
        other = draw.choice(("vdd", "vss"))
    fast = cell.kind in ("transimpedance", "comparator", "oscillator")
    cell, made = sizes.passive(cell, draw, "c", one, other, 5e-15 if fast else draw.choice((0.3e-12, 1e-12, 3e-12)))
    return cell.changed({}, [made])


def _without(cell: Cell, gone: Device) -> Cell:
    """Without a capacitor and the devices that only connect it."""
    rest = cell.changed({}, removed=[gone.name])
    for net in gone.nets:
        left = rest.touching.get(net, ())
        if len(left) == 1 and net not in cell.ports and left[0][0].kind == "r":
            rest = rest.changed({}, removed=[left[0][0].name])
    return rest


def nulling_resistor(cell: Cell, draw: random.Random) -> Cell | None:
    """A resistor in series with a capacitor, or remove one."""
    old = [one for one in cell.devices if one.kind == "c"]
    if not old:
        return None
    one = draw.choice(old)
    for inner, outer in (one.nets, one.nets[::-1]):
        left = [device for device, _ in cell.touching[inner] if device.name != one.name]
        if len(left) == 1 and left[0].kind == "r" and inner not in cell.ports:
            far = next((net for net in left[0].nets if net != inner), inner)
            return cell.changed({one.name: replace(one, nets=(far, outer))}, removed=[left[0].name])
    net = cell.new_net("z")
    cell, made = sizes.passive(
        cell.changed({one.name: replace(one, nets=(net, one.nets[1]))}), draw, "r", one.nets[0], net, 2e3
    )
    return cell.changed({}, [made])


def inverters(cell: Cell, draw: random.Random) -> Cell | None:
    """Two inverters in a row in front of gates: a longer ring, a longer chain."""
    if cell.kind not in ("oscillator", "comparator", "transimpedance"):
        return None
    nets = sorted(
        {
            one.gate
            for one in cell.fets
            if one.gate not in cell.ports
            and not one.diode
            and {other.kind for other in cell.on(one.gate, 1)} == set(FETS)
        }
    )
    if not nets:
        return None
    net = draw.choice(nets)
    middle, end = cell.new_net("i"), cell.new_net("j")
    cell = cell.changed({one.name: one.at(gate=end) for one in cell.on(net, 1) if one.drain != net})
    made: list[Device] = []
    for kind in FETS:
        cell, first = sizes.fet(
            cell, draw, kind, middle, net, cell.rail(kind), 2, cell.technology.length / cell.technology.scale
        )
        cell = cell.changed({}, [first])
        made = [sizes.twin(cell, first, end, middle, cell.rail(kind))]
        cell = cell.changed({}, made)
    return cell
