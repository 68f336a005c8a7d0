"""Rules for every cell: the conditions of a valid circuit, whatever its sizes."""

from __future__ import annotations

from collections import defaultdict

from eda_agent.train.topologies.cell import FETS, Cell

MOST_DEVICES, MOST_PARAMETERS = 40, 64
SIGNS = {
    "amplifier": (("inp", "out", 1), ("inn", "out", -1)),
    "open comparator": (("inp", "out", 1), ("inn", "out", -1)),
    "regulator": (("fb", "out", -1),),
    "buffer": (("in", "out", 1),),
}
"""By kind: (from, to, sign with which the signal must arrive)."""


def faults(cell: Cell) -> list[str]:
    """The faults of a cell, in words; empty if it is sound."""
    found = []
    if not 2 <= len(cell.devices) <= MOST_DEVICES:
        found.append(f"{len(cell.devices)} devices")
    if not 2 <= len(cell.parameters) <= MOST_PARAMETERS:
        found.append(f"{len(cell.parameters)} parameters")
    if len({device.name.lower() for device in cell.devices}) < len(cell.devices):
        found.append("two devices of one name")
    missing = {name for device in cell.devices for name in device.used} - set(cell.parameters)
    if missing:
        found.append(f"no parameter {', '.join(sorted(missing))}")
    return found + _loose(cell) + _floating(cell) + _biased(cell) + _signs(cell)


def _loose(cell: Cell) -> list[str]:
    """Nets with one terminal only, unconnected ports, gates without a driver."""
    found = [
        f"one terminal on {net}" for net, entries in cell.touching.items() if len(entries) < 2 and net not in cell.ports
    ]
    found += [f"nothing on port {port}" for port in cell.ports if port not in cell.touching]
    for net, entries in cell.touching.items():
        driven = net in cell.ports or any(
            device.kind in ("r",) or (device.kind in FETS and place != 1) for device, place in entries
        )
        if not driven:
            found.append(f"nothing drives {net}")
    return found


def _floating(cell: Cell) -> list[str]:
    """Nets without a DC path to a rail or a port through channels and resistors."""
    links: dict[str, set[str]] = defaultdict(set)
    for device in cell.devices:
        ends = (device.drain, device.source) if device.kind in FETS else device.nets if device.kind == "r" else ()
        if ends:
            links[ends[0]].add(ends[1])
            links[ends[1]].add(ends[0])
    reached = set(cell.ports) | cell.rails
    waiting = list(reached)
    while waiting:
        for net in links[waiting.pop()] - reached:
            reached.add(net)
            waiting.append(net)
    return [f"no path for direct current to {net}" for net in sorted(cell.nets - reached)]


def _biased(cell: Cell) -> list[str]:
    """Bulks off their rail, channels without a voltage or across both rails, sources at the wrong rail."""
    found = []
    for device in cell.fets:
        if device.nets[3] != cell.rail(device.kind):
            found.append(f"{device.name}: bulk on {device.nets[3]}")
        if device.drain == device.source:
            found.append(f"{device.name}: both ends on {device.drain}")
        if device.drain == cell.rail(device.kind):
            found.append(f"{device.name}: drain on its source's rail")
        if device.source in cell.rails and device.source != cell.rail(device.kind):
            found.append(f"{device.name}: source on the other rail")
        if device.gate == device.source:
            found.append(f"{device.name}: gate on its source")
    found += [
        f"{device.name}: both ends on {device.nets[0]}"
        for device in cell.devices
        if device.kind not in FETS and device.nets[0] == device.nets[1]
    ]
    return found


def _signs(cell: Cell) -> list[str]:
    """Inputs without a path to the output with the sign that the kind needs."""
    found = []
    for source, target, sign in SIGNS.get(cell.kind, ()):
        if (target, sign) not in _reached(cell, source):
            found.append(f"{source} reaches {target} with the wrong sign, or not at all")
    return found


def _reached(cell: Cell, source: str) -> set[tuple[str, int]]:
    """(net, sign of the voltage) of every net that a signal reaches: a common-source stage inverts, a common-gate stage
    and a follower
    do not.

    A signal does not pass the same device twice in a row: a source that follows its own gate is not an input of that
    device.
    """
    links: dict[str, set[tuple[str, int, str]]] = defaultdict(set)
    for device in cell.devices:
        if device.kind in FETS:
            links[device.gate] |= {(device.drain, -1, device.name), (device.source, 1, device.name)}
            links[device.source].add((device.drain, 1, device.name))
        elif device.kind == "r":
            links[device.nets[0]].add((device.nets[1], 1, device.name))
            links[device.nets[1]].add((device.nets[0], 1, device.name))
    seen = {(source, 1, "")}
    waiting = list(seen)
    while waiting:
        net, sign, last = waiting.pop()
        for other, turn, name in links[net]:
            state = (other, sign * turn, name)
            if name != last and other != net and other not in cell.rails and state not in seen:
                seen.add(state)
                waiting.append(state)
    return {(net, sign) for net, sign, _ in seen}
