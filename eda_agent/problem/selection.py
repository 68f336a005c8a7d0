"""A selection names MOSFETs of a circuit: by name, by pattern, by role, or by the match group of one of them.

devices: [M1, x1.M2, xm*, role: input pair, group: M3]
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.netlist import Netlist, Subcircuit
from eda_agent.problem.pdk import Pdk
from eda_agent.problem.pdk.registry import DeviceRule
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.structure.recognise import recognise

KINDS = ("role", "group")


class NoDevice(ValueError):
    """The selection is empty; `fix` is the correction."""

    def __init__(self, message: str, fix: str):
        super().__init__(message)
        self.fix = fix


@dataclass(frozen=True)
class Names:
    """The names of a circuit's devices. `spellings`: label → all spellings of a designer. Labels as in
    `FlatDevice.label`.

    `others`: the same for devices that are not MOSFETs. `roles`: label → role. `rules`: label → the PDK's rules for its
    model.
    """

    spellings: dict[str, frozenset[str]]
    others: dict[str, frozenset[str]]
    roles: dict[str, str]
    groups: tuple[tuple[str, ...], ...]
    rules: dict[str, DeviceRule | None]

    def chosen(self, wanted: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """Labels in the circuit's order. `wanted`: ("", name or pattern), ("role", role) or ("group", name). Raises
        `NoDevice`.
        """
        found = {label for kind, text in wanted for label in self._one(kind, text.strip().lower())}
        return tuple(label for label in self.spellings if label in found)

    def _one(self, kind: str, text: str) -> Sequence[str]:
        if kind == "role":
            return self._of_role(text)
        if kind == "group":
            return self._of_group(text)
        if any(mark in text for mark in "*?[") and not any(text in spelled for spelled in self.spellings.values()):
            return self._like(text)
        return self._named(text)

    def _named(self, name: str) -> list[str]:
        found = [label for label, spelled in self.spellings.items() if name in spelled]
        if not found:
            if any(name in spelled for spelled in self.others.values()):
                raise NoDevice(
                    f"{name} is not a MOSFET and has no such operating point", f"MOSFETs are {_some(self.spellings)}"
                )
            raise NoDevice(
                f"the circuit has no device {name!r}", self._near(name, [*self._written, *self.roles.values()])
            )
        return found

    def _like(self, pattern: str) -> list[str]:
        def matching(names: dict[str, frozenset[str]]) -> list[str]:
            return [label for label, spelled in names.items() if any(fnmatchcase(one, pattern) for one in spelled)]

        found = matching(self.spellings)
        if not found:
            others = matching(self.others)
            what = f"it matches {_some(others)}, which are not MOSFETs" if others else "no device has such a name"
            raise NoDevice(f"the pattern {pattern!r} matches no MOSFET: {what}", f"MOSFETs are {_some(self.spellings)}")
        return found

    def _of_role(self, role: str) -> list[str]:
        found = [
            label for label in self.spellings if self.roles.get(label, "") in {role, f"{role} nmos", f"{role} pmos"}
        ]
        if not found:
            known = sorted({self.roles[label] for label in self.spellings if label in self.roles})
            near = difflib.get_close_matches(role, known, 3)
            raise NoDevice(
                f"no MOSFET of the circuit has the role {role!r}",
                f"did you mean {' or '.join(near)}?" if near else f"roles here: {', '.join(known)}",
            )
        return found

    def _of_group(self, name: str) -> list[str]:
        first, *_ = self._named(name)
        for group in self.groups:
            members = [label for one in group for label, spelled in self.spellings.items() if one.lower() in spelled]
            if first in members:
                return members
        raise NoDevice(f"{name} is in no group", "groups are those of match: and mirrors:; or name the devices")

    @property
    def _written(self) -> list[str]:
        return [one for spelled in self.spellings.values() for one in spelled]

    def _near(self, name: str, known: Sequence[str]) -> str:
        near = difflib.get_close_matches(name, known, 3)
        if not near:
            return f"MOSFETs are {_some(self.spellings)}; or a pattern such as xm*, or role: input pair"
        role = next((one for one in near if one in self.roles.values()), "")
        return f"did you mean {f'role: {role}' if role == near[0] else ' or '.join(near)}?"


def _some(names: Iterable[str]) -> str:
    every = list(names)
    return ", ".join(every[:12]) + (" …" if len(every) > 12 else "")


def names_of(netlist: Netlist, subckt: str, pdk: Pdk, groups: tuple[tuple[str, ...], ...]) -> Names:
    """The names of a subcircuit's devices. Raises `InputError` if it does not elaborate."""
    spellings: dict[str, frozenset[str]] = {}
    others: dict[str, frozenset[str]] = {}
    rules: dict[str, DeviceRule | None] = {}
    for device in Elaboration(netlist, subckt, stub_devices(pdk)).devices({}):
        (spellings if device.kind == "m" else others)[device.label] = _spellings(
            netlist, netlist.subcircuits[subckt], device.label
        )
        rules[device.label] = pdk.device(device.library or device.model)
    roles = recognise(netlist, subckt, pdk).roles
    return Names(spellings, others, {label: role for label, role in roles.items() if label in spellings}, groups, rules)


def _spellings(netlist: Netlist, scope: Subcircuit, label: str) -> frozenset[str]:
    """A label, the same without the X that a PDK's netlist puts before M1, and CELL.DEVICE."""
    path, _, last = label.rpartition(".")
    cell: Subcircuit | None = scope
    for name in path.split(".") if path else ():
        call = cell.device(name) if cell is not None else None
        cell = netlist.subcircuits.get(call.value.lower()) if call is not None else None
    places = {path, cell.name if cell is not None and path else path}
    names = {last, last.removeprefix("x")} if last.startswith("xm") else {last}
    return frozenset(f"{place}.{name}" if place else name for place in places for name in names)
