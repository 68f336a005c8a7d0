"""Mutations of bias: separate branches, bleeding currents, resistors instead of current sources."""

from __future__ import annotations

import random

from eda_agent.train.topologies.cell import OPPOSITE, Cell
from eda_agent.train.topologies.mutations import sizes
from eda_agent.train.topologies.mutations.places import current_sources, lines, signal, source


def bleed(cell: Cell, draw: random.Random) -> Cell | None:
    """A current source beside the devices that load a net, which then carry the rest."""
    reached = signal(cell)
    nets = sorted({one.drain for one in cell.fets if one.drain in reached and one.drain not in cell.ports})
    if not nets:
        return None
    net = draw.choice(nets)
    kind = draw.choice(("nmos", "pmos"))
    fed = source(cell, draw, kind, net, 1, 10)
    # the other side of a pair gets the same, else it causes offset
    twins = [one for one in cell.fets if one.drain == net]
    other = next(
        (peer.drain for one in twins for peer in cell.alike(one) if peer.source == one.source and peer.drain != net),
        None,
    )
    if fed is None or other is None or other not in reached:
        return fed
    made = fed.devices[-1]
    return fed.changed({}, [sizes.twin(fed, made, other, made.gate, made.source)])


def replica(cell: Cell, draw: random.Random) -> Cell | None:
    """Some current sources of a line get a separate line, fed by a copy of the other type's."""
    choices = []
    for kind in OPPOSITE:
        for one in lines(cell, kind):
            users = [device for device in cell.on(one.gate, 1, kind) if not device.diode]
            if len(users) > 1 and lines(cell, OPPOSITE[kind]):
                choices.append((one, users))
    if not choices:
        return None
    diode, users = draw.choice(choices)
    net = cell.new_net("b")
    fed = source(cell, draw, OPPOSITE[diode.kind], net, 1, 8)
    if fed is None:
        return None
    moved = draw.sample(users, draw.randint(1, len(users) - 1))
    made = sizes.twin(fed, diode, net, net, diode.source)
    return fed.changed({one.name: one.at(gate=net) for one in moved}, [made])


def resistive(cell: Cell, draw: random.Random) -> Cell | None:
    """A resistor instead of a current source of a tail, a stage or a bias branch."""
    candidates = [one for one in current_sources(cell) if one.source in cell.rails]
    if not candidates:
        return None
    one = draw.choice(candidates)
    cell, made = sizes.passive(cell, draw, "r", one.drain, one.source, draw.choice((1e4, 3e4, 1e5)))
    return cell.changed({}, [made], [one.name])
