"""A group is a set of devices that must stay equal, in all sizes or in the unit of a mirror; one of them leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.idle import dummy_ties
from eda_agent.problem.draft.kinds import CONVERTER, FILTER, OSCILLATORS
from eda_agent.problem.draft.ladder_ratio import ladder_ties
from eda_agent.problem.draft.matched_loads import matched_loads
from eda_agent.problem.draft.ratios import Ratios, tied
from eda_agent.problem.draft.resistor_strings import inner_nets, strings_of
from eda_agent.problem.element import Device
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.netlist import Subcircuit
from eda_agent.problem.size_places import own_value
from eda_agent.spice_numbers import parse_spice_number


def _cell_of(draft: Draft, label: str) -> str:
    """The subcircuit that holds a device of the structure, whose label is a path of instances."""
    cell = draft.subckt
    for name in label.split(".")[:-1]:
        call = draft.netlist.subcircuits[cell].device(name)
        assert call is not None
        cell = call.value.lower()
    return cell


def device_at(draft: Draft, label: str) -> Device:
    """The line of the netlist behind a device of the structure."""
    device = draft.netlist.subcircuits[_cell_of(draft, label)].device(label.rpartition(".")[2])
    assert device is not None
    return device


_UNITS = 3
"""The fewest equal devices that are units of one."""


@dataclass
class Groups:
    """`match` and `mirrors` as in the spec; `follows`: attribute → devices that follow another."""

    match: list[list[str]] = field(default_factory=list)
    mirrors: list[list[str]] = field(default_factory=list)
    follows: dict[str, set[str]] = field(default_factory=lambda: {"w": set(), "l": set(), "m": set()})
    equal: list[tuple[list[str], str]] = field(default_factory=list)
    """(devices, attribute) of everything that follows."""
    ties: dict[Edit, Edit] = field(default_factory=dict)
    """A place → the place whose number it has."""

    def add(self, names: list[str], attributes: Iterable[str]) -> None:
        """All but the first follow the first in these attributes."""
        for attribute in attributes:
            self.follows.setdefault(attribute, set()).update(names[1:])
            self.equal.append((names, attribute))


def grouped(draft: Draft) -> Groups:
    """The devices that must be equal: those of a pair in everything, those of a mirror in their unit.

    Sizes that the designer made different stay different. A mirror's reference is the unit: its own m is not a
    parameter.
    """
    groups = Groups()
    value = partial(canonical, draft)
    references = {mirror.reference.name for mirror in draft.structure.mirrors}
    for lines in _matched_lines(draft):
        # a mirror of two in the signal path makes two sides equal: its ratio is 1
        signal = len(lines) == 2 and all(
            draft.structure.roles[label] in {"load mirror", "signal mirror"} for label, _ in lines.values()
        )
        mirror = any(label in references for label, _ in lines.values()) and not signal
        # a device without m is one unit if others of its mirror have several
        counted = any("m" in device.params for _, device in lines.values())
        groups.follows["m"].update(path for path, (label, _) in lines.items() if label in references)
        sides = ("w", "l") if counted or not mirror else ("l",)
        for names in _classes({path: tuple(value(path, side) for side in sides) for path in lines}):
            if not mirror:
                groups.match.append(names)
                groups.add(names, "wl")
                for equal in _classes({name: (value(name, "m"),) for name in names}):
                    groups.add(equal, "m")
                continue
            groups.mirrors.append(names)
            groups.add(names, "wl" if counted else "l")
            keys: dict[str, tuple[str, ...]] = {}
            for name in names:
                label, _ = lines[name]
                role = "" if label in references else draft.structure.roles[label]
                keys[name] = (role, (value(name, "m") or repr(1.0)) if counted else value(name, "w"))
            for equal in _classes(keys):
                groups.match.append(equal)
                groups.add(equal, "m" if counted else "w")
    for pair in matched_loads(draft):
        names, parts = [path_of(draft, label) for label in pair], _sides(draft, pair[0])
        if len(set(names)) == 2 and all(value(names[0], side) == value(names[1], side) for side in parts):
            groups.match.append(names)
            groups.add(names, parts)
    for names, parts in _alike(draft) if draft.kind.name in {CONVERTER, FILTER} else ():
        known = {name for group in (*groups.match, *groups.mirrors) for name in group}
        free = [name for name in names if name not in known]
        for equal in _classes({name: tuple(value(name, side) for side in parts) for name in free}):
            groups.match.append(equal)
            groups.add(equal, parts)
    for names in stage_groups(draft):
        taken = {name for known in (*groups.match, *groups.mirrors) for name in known}
        free = [name for name in names if name not in taken]
        if len(free) > 1 and (len(free) == len(names) or len(free) >= _UNITS):
            groups.match.append(free)
            groups.add(free, ("w", "l", "m"))
    for names in unit_groups(draft):
        _add_units(draft, groups, names)
    return groups


def _add_units(draft: Draft, groups: Groups, names: list[str]) -> None:
    """Equal units: those of a string are equal in everything, strings of resistors in their width alone."""
    known = {name for group in groups.match for name in group}
    scope, _, first = names[0].rpartition(".")
    cell = draft.netlist.subcircuits[scope or draft.subckt]
    device = cell.device(first)
    assert device is not None
    rule = draft.pdk.device(device.value)
    assert rule is not None
    head = f"{scope}." if scope else ""
    strings = [names]
    if rule.type == "resistor":
        strings = [
            [f"{head}{name}" for name in string]
            for string in strings_of(draft, cell, [name.rpartition(".")[2] for name in names])
        ]
    for string in strings:
        if len(string) > 1 and not known & set(string):
            groups.match.append(string)
            groups.add(string, (*rule.names, *rule.counts, "m"))
    if rule.names[0] in rule.free:
        top, *others = (string[0].rpartition(".")[2] for string in strings)
        for other in others:
            groups.ties[Edit(cell.name, other, rule.names[0])] = Edit(cell.name, top, rule.names[0])


def _alike(draft: Draft) -> list[tuple[list[str], tuple[str, ...]]]:
    """(devices of one sort, the attributes in which they may differ): a converter's equal devices are equal for every
    bit, and the transistors of a filter's transconductors are; its capacitors set the filter.
    """
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for fet in draft.structure.fets:
        found.setdefault((fet.type, ("w", "l", "m")), []).append(path_of(draft, fet.name))
    for one in draft.structure.passives if draft.kind.name == CONVERTER else ():
        found.setdefault((one.kind, _sides(draft, one.name)), []).append(path_of(draft, one.name))
    return [(list(dict.fromkeys(names)), parts) for (_, parts), names in found.items()]


def _sides(draft: Draft, label: str) -> tuple[str, ...]:
    """The attributes in which a passive may differ from another."""
    device = device_at(draft, label)
    rule = draft.pdk.device(device.value) if device.kind == "x" else None
    return ("value",) if rule is None else (*rule.names, "m")


def _matched_lines(draft: Draft) -> list[dict[str, tuple[str, Device]]]:
    """The matched groups as path → (label, line of the netlist).

    The same device of a cell that is called twice is one line, and groups that share a line are one group.
    """
    result: list[dict[str, tuple[str, Device]]] = []
    for group in draft.structure.matched:
        lines = {path_of(draft, label): (label, device_at(draft, label)) for label in group}
        for other in [other for other in result if other.keys() & lines.keys()]:
            result.remove(other)
            lines = {**other, **lines}
        result.append(lines)
    return result


def stage_groups(draft: Draft) -> list[list[str]]:
    """The MOSFETs of an oscillator that a designer drew alike: at least three of one model, role and size in a cell, as
    the stages of a ring.
    """
    if draft.kind.name not in OSCILLATORS:
        return []
    keys: dict[str, tuple[str, ...]] = {}
    varactors = [label for label, role in draft.structure.roles.items() if role == "MOS capacitor"]
    for label in (*(fet.name for fet in draft.structure.fets), *varactors):
        path, device = path_of(draft, label), device_at(draft, label)
        sides = (canonical(draft, path, side) for side in ("w", "l", "m"))
        keys[path] = (path.rpartition(".")[0], device.value.lower(), draft.structure.roles[label], *sides)
    paths = {path_of(draft, label) for label in varactors}
    return [names for names in _classes(keys) if len(names) >= (2 if names[0] in paths else _UNITS)]


def unit_groups(draft: Draft) -> list[list[str]]:
    """Devices of a PDK that a designer made of equal units: at least three resistors or capacitors of one model and
    size in a cell, or bipolars in parallel.
    """
    result = []
    for cell in draft.netlist.reached(draft.subckt):
        keys: dict[str, tuple[str, ...]] = {}
        for device in cell.devices:
            rule = draft.pdk.device(device.value) if device.kind == "x" else None
            if rule is None or rule.is_fet or rule.type not in {"resistor", "capacitor", "npn", "pnp"}:
                continue
            path = device.name if cell.name == draft.subckt else f"{cell.name}.{device.name}"
            sides = (canonical(draft, path, side) for side in (*rule.names, *rule.counts, "m"))
            # bipolars are units of one only in parallel: their number is a ratio
            together = device.nodes if rule.type in {"npn", "pnp"} else ()
            keys[path] = (device.value.lower(), *together, *sides)
        result += [names for names in _classes(keys) if len(names) >= _UNITS or _is_string(draft, cell, names)]
    return result


def _is_string(draft: Draft, cell: Subcircuit, names: list[str]) -> bool:
    """Whether two resistors are in series, with nothing else on the net between them: one string of two units."""
    plain = [name.rpartition(".")[2] for name in names]
    device = cell.device(plain[0])
    rule = draft.pdk.device(device.value) if device is not None else None
    return (
        rule is not None
        and rule.type == "resistor"
        and len(strings_of(draft, cell, plain)[0]) == len(plain) > 1
        and (bool(inner_nets(cell, {one.name: one.nodes[:2] for one in cell.devices if one.name in plain})))
    )


def _classes(keys: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """Groups of names with equal keys; single ones are left out."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name, key in keys.items():
        found.setdefault(key, []).append(name)
    return [names for names in found.values() if len(names) > 1]


def path_of(draft: Draft, label: str) -> str:
    """A device as a spec names it: CELL.DEVICE outside the sized subcircuit."""
    cell, device = _cell_of(draft, label), device_at(draft, label)
    return device.name if cell == draft.subckt else f"{cell}.{device.name}"


def canonical(draft: Draft, path: str, side: str) -> str:
    """The value of a device's attribute as text: its number, or the netlist's text if it depends on the calling
    cell.
    """
    cell, _, name = path.rpartition(".")
    edit = Edit(cell or draft.subckt, name, side)
    text = draft.netlist.value_text(edit) or ""
    own = own_value(edit, draft.netlist, draft.subckt) if text else None
    return text if own is None else repr(float(f"{own:.12g}"))


def ratios_of(draft: Draft) -> Ratios:
    """The ratios that tie the parameters of equal devices with two of them."""
    groups = grouped(draft)
    paths = paths_of(draft)
    ladder = ladder_ties(draft, paths)
    both = [([top.device, place.device], top.attribute) for place, top in ladder.items() if place.scope == draft.subckt]
    result = tied(draft.netlist, draft.subckt, [*groups.equal, *both])
    plain = {one: top for one, top in ladder.items() if _is_number(draft, one) and _is_number(draft, top)}
    for place, beside in {**groups.ties, **plain, **dummy_ties(draft, paths)}.items():
        leader = _lead(draft, groups, beside)
        values = [own_value(edit, draft.netlist, draft.subckt) for edit in (place, leader)]
        if place not in result.of and place != leader and values[0] is not None and values[1]:
            result.of[place] = (leader, values[0] / values[1])
    return result


def _is_number(draft: Draft, edit: Edit) -> bool:
    """Whether a place holds a number, and no parameter."""
    return parse_spice_number(draft.netlist.value_text(edit) or "") is not None


def _lead(draft: Draft, groups: Groups, edit: Edit) -> Edit:
    """The place that the group of a device follows."""
    path = edit.device if edit.scope == draft.subckt else f"{edit.scope}.{edit.device}"
    seen = set[str]()
    while path not in seen:
        seen.add(path)
        path = next((names[0] for names, side in groups.equal if side == edit.attribute and path in names[1:]), path)
    scope, _, device = path.rpartition(".")
    return Edit(scope or draft.subckt, device, edit.attribute)


def paths_of(draft: Draft) -> dict[str, str]:
    """Label → path of every device of the structure."""
    return {label: path_of(draft, label) for label in draft.structure.roles}
