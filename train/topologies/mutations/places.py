"""Places for mutations: signal nets, bias lines, and devices that belong together."""

from __future__ import annotations

import random
from collections.abc import Sequence

from eda_agent.problem.structure.patterns import Patterns
from eda_agent.train.topologies.cell import OPPOSITE, Cell, Device
from eda_agent.train.topologies.mutations import sizes

TOGETHER = 4
"""Maximum number of devices that change together."""


def signal(cell: Cell) -> frozenset[str]:
    """Nets that the inputs' signal reaches."""
    return Patterns(cell.structure).signal


def pick(cell: Cell, draw: random.Random, candidates: Sequence[Device]) -> list[Device]:
    """One of the candidates, mostly with those that share its sizes and its gate or source: both sides of a pair, all
    of a mirror.
    """
    if not candidates:
        return []
    one = draw.choice(candidates)
    alike = {device.name for device in cell.alike(one)}
    together = [
        other for other in candidates if other.name in alike and (other.gate == one.gate or other.source == one.source)
    ]
    return together if len(together) <= TOGETHER and draw.random() < 0.8 else [one]


def lines(cell: Cell, kind: str) -> list[Device]:
    """Diodes at the rail of a type whose gate line is not a signal: the references of that type's current sources."""
    rail, reached = cell.rail(kind), signal(cell)
    return [
        one for one in cell.fets if one.kind == kind and one.diode and one.source == rail and one.gate not in reached
    ]


def current_sources(cell: Cell) -> list[Device]:
    """Current sources: gates on a bias line."""
    gates = {one.gate for kind in OPPOSITE for one in lines(cell, kind)}
    return [one for one in cell.fets if not one.diode and one.gate in gates]


def source(cell: Cell, draw: random.Random, kind: str, drain: str, ratio: float = 2.0, most: float = 20) -> Cell | None:
    """The cell with a current source of a type at a net, a copy of a bias line, which is created if missing; None
    without any bias.
    """
    found = line(cell, draw, kind)
    if found is None:
        return None
    cell, diode = found
    cell, copies = sizes.copies(cell, draw, ratio, most)
    made = Device(
        cell.new_name(kind), kind, (drain, diode.gate, diode.source, diode.nets[3]), diode.width, diode.length, copies
    )
    return cell.changed({}, [made])


def line(cell: Cell, draw: random.Random, kind: str) -> tuple[Cell, Device] | None:
    """A diode for current sources of a type, created from the other type's if missing."""
    own = lines(cell, kind)
    if own:
        return cell, draw.choice(own)
    others = lines(cell, OPPOSITE[kind])
    if not others:
        return None
    other = draw.choice(others)
    net = cell.new_net("b")
    cell = cell.changed(
        {},
        [
            Device(
                cell.new_name(other.kind),
                other.kind,
                (net, other.gate, other.source, other.nets[3]),
                other.width,
                other.length,
            )
        ],
    )
    cell, diode = sizes.fet(cell, draw, kind, net, net, cell.rail(kind), 2, 1)
    return cell.changed({}, [diode]), diode


def cascode_line(cell: Cell, draw: random.Random, kind: str) -> tuple[Cell, str] | None:
    """A net for the gates of cascodes of a type: an existing one, or a narrow long diode with a separate current."""
    reached = signal(cell)
    old = sorted(
        {one.gate for one in cell.fets if one.kind == kind and not one.diode and one.source not in cell.rails}
        - reached
        - set(cell.ports)
    )
    if old and draw.random() < 0.7:
        return cell, draw.choice(old)
    net = cell.new_net("c")
    fed = source(cell, draw, OPPOSITE[kind], net, 1, 4)
    if fed is None:
        return None
    fed, diode = sizes.fet(fed, draw, kind, net, net, fed.rail(kind), 0.6, 2)
    return fed.changed({}, [diode]), net
