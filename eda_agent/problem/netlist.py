"""A netlist is a hierarchy of subcircuits with devices, read from SPICE and written back with other values.

`source` keeps files, comments and write-back positions. Names are compared in lower case, as in SPICE.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from eda_agent.errors import Finding, InputError
from eda_agent.problem.allow_list import IGNORED_CARDS
from eda_agent.problem.element import Device, read_devices
from eda_agent.problem.expression import FUNCTIONS
from eda_agent.problem.line_edit import NAME_VALUE, Edit, assignments, edit_raw, edited, renamed
from eda_agent.problem.logical_line import Line


@dataclass(frozen=True)
class Subcircuit:
    """A `.subckt` with its header defaults (`defaults`) and body `.param`s (`params`), both as text in order of
    definition.
    """

    name: str
    ports: tuple[str, ...]
    defaults: Mapping[str, str]
    params: Mapping[str, str]
    devices: tuple[Device, ...]
    line: Line | None

    def device(self, name: str) -> Device | None:
        return self._by_name.get(name.lower())

    @cached_property
    def _by_name(self) -> dict[str, Device]:
        return {device.name: device for device in reversed(self.devices)}


@dataclass(frozen=True)
class Netlist:
    """`lines` are those of the file in order, `top` is the part outside any subcircuit."""

    lines: tuple[Line, ...]
    subcircuits: Mapping[str, Subcircuit]
    top: Subcircuit
    models: frozenset[str] = field(default_factory=frozenset)

    def scope(self, name: str) -> Subcircuit | None:
        return self.top if name == "" else self.subcircuits.get(name.lower())

    def reached(self, name: str) -> list[Subcircuit]:
        """The subcircuit and those that it calls, each once, callers first; empty if it is not defined."""
        result: dict[str, Subcircuit] = {}
        waiting = [name.lower()]
        for cell in waiting:
            scope = self.subcircuits.get(cell)
            if scope is not None and cell not in result:
                result[cell] = scope
                waiting += [device.value.lower() for device in scope.devices if device.kind == "x"]
        return list(result.values())

    def text(
        self, values: Mapping[Edit, str] | None = None, *, comments: bool = True, only: frozenset[int] | None = None,
        copies: Mapping[tuple[str, str], int] | None = None, remarks: Mapping[tuple[str, str], str] | None = None,
    ) -> str:  # fmt: skip
        """The netlist as text with `values` (place → new text, "" removes the parameter); every other character stays.

        Without `comments` only logical lines remain, and if `only` is given, only those with their identity in it: the
        simulator's input. `copies`: (subcircuit, device) → number of copies of that device's line, with generated
        names; `remarks`: comments before them.
        """
        by_line: dict[int, list[tuple[Edit, str]]] = {}
        for edit, value in (values or {}).items():
            by_line.setdefault(id(self._line_of(edit)), []).append((edit, value))
        names = {
            id(self._line_of(Edit(*place, ""))): self._names(*place, count) for place, count in (copies or {}).items()
        }
        before = {id(self._line_of(Edit(*place, ""))): f"* {remark}" for place, remark in (remarks or {}).items()}
        result: list[str] = []
        for line in self.lines:
            edits = by_line.get(id(line))
            if comments:
                raw = edit_raw(line, edits) if edits else line.raw
                result.extend([before[id(line)], *raw] if id(line) in before else raw)
                result.extend(text for name in names.get(id(line), ()) for text in renamed(raw, name))
            elif line.text and line.card not in IGNORED_CARDS and (only is None or id(line) in only):
                text = line.text
                for edit, value in edits or ():
                    text = edited(text, edit, value) or text
                result.append(text)
        return "\n".join(result) + "\n"

    def _names(self, scope: str, device: str, count: int) -> list[str]:
        """Free names for all but the first of `count` copies of a device."""
        inside = self.scope(scope)
        taken = {one.name for one in inside.devices} if inside else set()
        free = (f"{device}_{number}" for number in itertools.count(2))
        return list(itertools.islice((name for name in free if name not in taken), count - 1))

    def value_text(self, edit: Edit) -> str | None:
        """The netlist's text in this place, or None if there is no such place."""
        scope = self.scope(edit.scope)
        if scope is None:
            return None
        if not edit.device:
            return scope.params.get(edit.attribute) or scope.defaults.get(edit.attribute)
        device = scope.device(edit.device)
        if device is None:
            return None
        return device.value if edit.attribute == "value" else device.params.get(edit.attribute)

    def _line_of(self, edit: Edit) -> Line:
        scope = self.scope(edit.scope)
        assert scope is not None
        if edit.device:
            device = scope.device(edit.device)
            assert device is not None
            return device.line
        if edit.attribute in scope.params:
            # of two definitions ngspice uses the last
            inside, found = "", None
            for line in self.lines:
                if line.card == ".subckt":
                    inside = line.text.split()[1].lower()
                elif line.card == ".ends":
                    inside = ""
                elif (
                    line.card in {".param", ".params"}
                    and inside == scope.name
                    and edit.attribute in assignments(line.text)
                ):
                    found = line
            if found is not None:
                return found
        assert scope.line is not None
        return scope.line


def parse_netlist(lines: Sequence[Line]) -> Netlist:
    """Read logical lines into a hierarchy. Raises `InputError`."""
    findings: list[Finding] = []
    groups, headers = _group_by_subckt(lines, findings)
    scopes: dict[str, Subcircuit] = {}
    for name, body in groups.items():
        header = headers.get(name)
        params: dict[str, str] = {}
        for line in [header, *body] if header else body:
            if line.card in {".param", ".params", ".subckt"}:
                if line is not header:
                    params.update(assignments(line.text))
                for word in assignments(line.text).keys() & FUNCTIONS.keys():
                    findings.append(
                        line.finding(
                            f"a parameter cannot be called {word}: ngspice reads it as the function",
                            f"rename it, for example {word}_",
                        )
                    )
        ports, defaults = _read_header(header) if header else ((), {})
        devices = read_devices([line for line in body if line.text and not line.card.startswith(".")], findings)
        scopes[name] = Subcircuit(name, ports, defaults, params, devices, header)
    models = frozenset(
        line.text.split()[1].lower() for line in lines if line.card == ".model" and len(line.text.split()) > 1
    )
    if findings:
        raise InputError(findings)
    return Netlist(tuple(lines), {name: scope for name, scope in scopes.items() if name}, scopes[""], models)


def _group_by_subckt(lines: Sequence[Line], findings: list[Finding]) -> tuple[dict[str, list[Line]], dict[str, Line]]:
    groups: dict[str, list[Line]] = {"": []}
    headers: dict[str, Line] = {}
    current = ""
    for line in lines:
        if line.card == ".subckt":
            words = line.text.split()
            if current:
                findings.append(line.finding("a .subckt inside another .subckt is not supported", "define it outside"))
            elif len(words) < 2:
                findings.append(line.finding("the .subckt has no name"))
            elif words[1].lower() in groups:
                findings.append(line.finding(f"subcircuit {words[1]} is defined twice", "keep one"))
            else:
                current = words[1].lower()
                groups[current], headers[current] = [], line
        elif line.card == ".ends":
            if not current:
                findings.append(line.finding("this .ends has no .subckt"))
            current = ""
        else:
            groups[current].append(line)
    if current:
        findings.append(headers[current].finding(f"subcircuit {current} is never closed", "add .ends"))
    return groups, headers


def _read_header(line: Line) -> tuple[tuple[str, ...], dict[str, str]]:
    text = re.sub(r"\bparams:", " ", line.text, flags=re.IGNORECASE)
    defaults = assignments(text)
    ports = re.sub(NAME_VALUE, " ", text).split()[2:]
    return tuple(port.lower() for port in ports), defaults
