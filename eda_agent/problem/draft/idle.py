"""An idle device does nothing for the signal or the bias: a dummy or a decoupling capacitor. It is not sized of itself.

A dummy stands beside a device of its width and model and shares a net with it: its width follows that device, and its
length where it is the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.element import Device
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.size_places import fingers_of, own_value

IDLE = frozenset({"dummy", "decoupling capacitor"})
"""Roles of devices that do nothing for the signal or the bias."""


def idle_lines(draft: Draft, paths: Mapping[str, str]) -> set[str]:
    """Devices, as a spec names them, that are idle wherever the circuit has them. `paths`: label → path."""
    roles: dict[str, set[str]] = {}
    shorted = {one.name for one in draft.structure.passives if len(set(one.nets)) == 1}
    for label, role in draft.structure.roles.items():
        roles.setdefault(paths[label], set()).add("dummy" if label in shorted else role)
    return {path for path, found in roles.items() if found <= IDLE}


def dummy_ties(draft: Draft, paths: Mapping[str, str]) -> dict[Edit, Edit]:
    """Place of a dummy → the place of the device beside it whose number it has."""
    dummies = {
        path
        for path in idle_lines(draft, paths)
        if any(paths[label] == path and role == "dummy" for label, role in draft.structure.roles.items())
    }
    alive = {path for label, path in paths.items() if draft.structure.roles[label] not in IDLE}
    result: dict[Edit, Edit] = {}
    for cell in draft.netlist.reached(draft.subckt):
        head = "" if cell.name == draft.subckt else f"{cell.name}."
        beside = [device for device in cell.devices if f"{head}{device.name}" in alive]
        for dummy in cell.devices:
            if f"{head}{dummy.name}" not in dummies:
                continue
            near = _nearest(draft, cell.name, dummy, beside)
            switch = _switch(draft, cell.name, dummy, beside) if near is None else None
            if (leading := near or switch) is None:
                continue
            width, length = _sides(draft, dummy)
            for side in (width, length):
                place, leader = Edit(cell.name, dummy.name, side), Edit(cell.name, leading.name, side)
                same = _value(draft, place) == _value(draft, leader)
                if _value(draft, place) is not None and (same or (switch is not None and side == width)):
                    result[place] = leader
    return result


def dummy_words(draft: Draft, paths: Mapping[str, str], ties: Collection[Edit]) -> list[str]:
    """A sentence of the dummies that follow, and one of those that keep their sizes."""
    tied = {(edit.scope, edit.device) for edit in ties}
    every = [path for label, path in paths.items() if draft.structure.roles[label] == "dummy"]
    follow: list[str] = []
    keep: list[str] = []
    for path in dict.fromkeys(every):
        scope, _, name = path.rpartition(".")
        (follow if (scope or draft.subckt, name) in tied else keep).append(path.upper())
    return [
        *([f"dummies that follow the width of the device beside them: {', '.join(follow)}"] if follow else []),
        *([f"dummies that keep their sizes: {', '.join(keep)}"] if keep else []),
    ]


def _nearest(draft: Draft, scope: str, dummy: Device, beside: list[Device]) -> Device | None:
    """The device of the dummy's model, width and fingers that shares a drain or source with it, the same length first;
    None if there is none.
    """
    width, _ = _sides(draft, dummy)
    rails = draft.structure.rails
    alike = [
        device
        for device in beside
        if device.value.lower() == dummy.value.lower()
        and device.kind == dummy.kind
        and _value(draft, Edit(scope, device.name, width)) == _value(draft, Edit(scope, dummy.name, width)) is not None
        and fingers_of(device, scope, draft.netlist, draft.subckt)
        == fingers_of(dummy, scope, draft.netlist, draft.subckt)
    ]

    def rank(device: Device) -> tuple[bool, bool, bool]:
        ends = {device.nodes[0], device.nodes[2]} & {dummy.nodes[0], dummy.nodes[2]}
        length = _sides(draft, dummy)[1]
        same = _value(draft, Edit(scope, device.name, length)) == _value(draft, Edit(scope, dummy.name, length))
        return not ends - rails, not ends, not same

    found = sorted(alike, key=rank)
    return found[0] if found and not rank(found[0])[1] else None


def _switch(draft: Draft, scope: str, dummy: Device, beside: list[Device]) -> Device | None:
    """The switch of the dummy's model at the net on which the dummy has both ends, of twice its width first."""
    width, _ = _sides(draft, dummy)
    own = _value(draft, Edit(scope, dummy.name, width))
    if own is None or dummy.nodes[0] != dummy.nodes[2] or dummy.nodes[0] in draft.structure.rails:
        return None

    def off(device: Device) -> float:
        return abs((_value(draft, Edit(scope, device.name, width)) or 0.0) / own - 2.0)

    alike = [
        device
        for device in beside
        if device.value.lower() == dummy.value.lower()
        and device.kind == dummy.kind
        and dummy.nodes[0] in (device.nodes[0], device.nodes[2])
        and _value(draft, Edit(scope, device.name, width))
    ]
    return min(alike, key=off, default=None)


def _sides(draft: Draft, device: Device) -> tuple[str, str]:
    rule = draft.pdk.device(device.value)
    return rule.names if rule is not None else ("w", "l")


def _value(draft: Draft, edit: Edit) -> float | None:
    return own_value(edit, draft.netlist, draft.subckt)
