"""An inert device is one whose size changes nothing that a testbench measures, because an ideal source of the testbench
stands in its place: a current source sets its current, or voltage sources hold all its ends.

A bias branch whose port a current source holds is the usual case: in silicon a resistor stands there, and the sizes of
the branch set the current.
"""

from __future__ import annotations

from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.conditions import held_of
from eda_agent.problem.draft.groups import device_at, grouped, path_of
from eda_agent.problem.draft.idle import IDLE
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.size_places import uses_of
from eda_agent.problem.structure import Structure
from eda_agent.problem.structure.circuit import Fet
from eda_agent.units import parse_quantity


def inert_devices(draft: Draft) -> dict[str, str]:
    """Label → port whose source stands in the device's place."""
    if draft.own_bench is not None or not draft.kind.benches:
        return {}
    held = {port: held_of(draft, port, how) for port, how in draft.kind.bias.items()}
    driven = {port for port, one in held.items() if one.kind == "current"}
    fixed = {port for port, one in held.items() if one.kind == "voltage"} | draft.structure.rails
    fets = [fet for fet in draft.structure.fets if draft.structure.roles.get(fet.name) not in IDLE]
    found: dict[str, str] = {}
    for port in driven:
        on = [fet for fet in fets if port in (fet.drain, fet.gate, fet.source)]
        if on and _in_series(on, port) and not _passives(draft.structure, port, {"r", "l"}):
            found |= {fet.name: port for fet in on} | _behind(draft.structure, fets, on, port)
    for fet in fets:
        ends = {fet.drain, fet.source}
        if ends <= fixed and (source := next(iter(sorted(ends - draft.structure.rails)), "")):
            found.setdefault(fet.name, source)
    return found


def _in_series(on: list[Fet], port: str) -> bool:
    """Whether the devices on a port are one channel, through which all of its current flows."""
    one = on[0]
    ends = {(fet.type, fet.gate, fet.drain, fet.source) for fet in on}
    return len(ends) == 1 and port in (one.drain, one.source) and one.gate != port


def _behind(structure: Structure, fets: list[Fet], seeds: list[Fet], port: str) -> dict[str, str]:
    """Devices that do nothing but bias the gates of inert ones."""
    inert = {fet.name for fet in seeds}
    waiting = [fet.gate for fet in seeds]
    result = {}
    while waiting:
        net = waiting.pop()
        if net in {*structure.ports, "0"} or _passives(structure, net, {"r", "l", "c"}):
            continue
        on = [fet for fet in fets if net in (fet.drain, fet.gate, fet.source) and fet.name not in inert]
        if any(fet.source == net or (fet.gate == net and fet.drain != net) for fet in on):
            # what stands on the net reads it
            continue
        for fet in on:
            # a source of current with its other end on a rail feeds nothing else
            if fet.source in structure.rails:
                inert.add(fet.name)
                result[fet.name] = port
    return result


def _passives(structure: Structure, net: str, kinds: set[str]) -> bool:
    return any(passive.kind in kinds and net in passive.nets for passive in structure.passives)


def inert_lines(draft: Draft) -> dict[int, tuple[str, str]]:
    """Identity of a netlist line, all of whose instances are inert → (path, port)."""
    inert = inert_devices(draft)
    lines: dict[int, list[str]] = {}
    for label in draft.structure.roles:
        lines.setdefault(id(device_at(draft, label).line), []).append(label)
    return {
        line: (path_of(draft, labels[0]), inert[labels[0]])
        for line, labels in lines.items()
        if all(label in inert for label in labels)
    }


def without_inert(draft: Draft, places: list[tuple[str, Edit]]) -> list[tuple[str, Edit]]:
    """The places that size a device with an effect; those that are left out are noticed."""
    inert = inert_lines(draft) if not draft.answers.size else {}
    if not inert:
        return places
    kept, left = [], dict[str, list[str]]()
    for name, edit in places:
        lines = _lines_of(draft, edit)
        if lines and lines <= inert.keys():
            for line in lines:
                path, port = inert[line]
                left.setdefault(port, []).append(path)
        else:
            kept.append((name, edit))
    if not kept:
        return places
    for port, paths in left.items():
        said = _words(draft, port, list(dict.fromkeys(paths)))
        draft.noticed += [said] if said not in draft.noticed else []
    return kept


def _lines_of(draft: Draft, edit: Edit) -> set[int]:
    """The netlist lines that a place sizes, with those of its group."""
    lines = {id(device.line) for device, _ in uses_of(edit, draft.netlist, draft.subckt)}
    path = edit.device if edit.scope == draft.subckt else f"{edit.scope}.{edit.device}"
    for names, attribute in grouped(draft).equal:
        if edit.device and attribute == edit.attribute and path in names:
            for name in names:
                scope, _, device = name.rpartition(".")
                found = draft.netlist.subcircuits[scope or draft.subckt].device(device)
                lines |= {id(found.line)} if found is not None else set()
    return lines


def _words(draft: Draft, port: str, paths: list[str]) -> str:
    held = held_of(draft, port, draft.kind.bias[port])
    names = ", ".join(path.upper() for path in paths)
    if held.kind == "voltage":
        return f"no size of {names} is a parameter: a voltage source holds {port}, so nothing that is measured answers"
    if not float(parse_quantity(held.amount)):
        return f"no size of {names} is a parameter: {port} is left open, so nothing that is measured answers"
    return (
        f"no size of {names} is a parameter: the current source at {port} sets the current of this branch, so nothing"
        f" that is measured answers but its own current; with a resistor outside (--bias {port}=10kohm) they count"
    )
