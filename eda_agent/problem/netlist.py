"""A netlist is a hierarchy of subcircuits with devices, read from SPICE and written back with other values.

spicelib splits components; `eda_agent.problem.source` keeps sources, comments and write-back positions.
Names are compared in lower case, as in SPICE.
"""

from __future__ import annotations

import itertools
import logging
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eda_agent.errors import Finding, InputError
from eda_agent.problem.expression import FUNCTIONS
from eda_agent.problem.source import IGNORED_CARDS, Line
from eda_agent.spice_numbers import parse_spice_number

_TERM = r"(?:\{[^}]*\}|'[^']*'|\"[^\"]*\"|(?:\([^()]*\)|[^\s={},()]++)++)"
_VALUE = rf"{_TERM}(?:\s++(?:\*\*|[-+*/^])\s++{_TERM})*+"
"""A value after `name =`: ngspice reads a sum with blanks around its signs as one value."""
_NAME_VALUE = rf"(?<![\w.])(?P<name>[A-Za-z_]\w*+)\s*+=\s*+(?P<value>{_VALUE})"

_AT_ONCE = 50
"""Lines given to spicelib at once: it searches all of them for each of them."""


_NODES = {
    "m": 4,
    "q": 3,
    "j": 3,
    "z": 3,
    "r": 2,
    "c": 2,
    "l": 2,
    "v": 2,
    "i": 2,
    "d": 2,
    "b": 2,
    "e": 2,
    "f": 2,
    "g": 2,
    "h": 2,
    "s": 4,
    "t": 4,
}
"""Element letter → minimum number of nodes."""
_PLAIN = frozenset("mxrclqdjz")
"""Elements whose parameters are `name = value` pairs only."""


@dataclass(frozen=True)
class Device:
    """One element line. `kind`: its letter. `value`: model, subcircuit or element value, as text. `params`: lower case
    → text.
    """

    name: str
    kind: str
    nodes: tuple[str, ...]
    value: str
    params: Mapping[str, str]
    line: Line


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
        return next((device for device in self.devices if device.name == name.lower()), None)


@dataclass(frozen=True)
class Edit:
    """A place of the netlist whose value is replaced.

    `scope`: subcircuit name, "" for the top. `device`: device name, or "" for a `.param` or header default.
    `attribute`: parameter name, or "value" for the value of R, C, L, V, I.
    """

    scope: str
    device: str
    attribute: str


@dataclass(frozen=True)
class Netlist:
    """`lines` are those of the file in order, `top` is the part outside any subcircuit."""

    lines: tuple[Line, ...]
    subcircuits: Mapping[str, Subcircuit]
    top: Subcircuit
    models: frozenset[str] = field(default_factory=frozenset)

    def scope(self, name: str) -> Subcircuit | None:
        return self.top if name == "" else self.subcircuits.get(name.lower())

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
                raw = _edit_raw(line, edits) if edits else line.raw
                result.extend([before[id(line)], *raw] if id(line) in before else raw)
                result.extend(text for name in names.get(id(line), ()) for text in _renamed(raw, name))
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


def assignments(text: str) -> dict[str, str]:
    """The `name = value` pairs of a line, names in lower case; of two with one name the last, as in ngspice."""
    return {match["name"].lower(): match["value"] for match in re.finditer(_NAME_VALUE, text)}


def edited(text: str, edit: Edit, value: str) -> str | None:
    """One line with the value in `edit` replaced; None if the place is not on it."""
    if edit.device and edit.attribute == "value":
        # name, two nodes, then the value, alone or after "dc" or "r="
        new, count = re.subn(
            r"^(\s*\S+\s+\S+\s+\S+\s+(?:dc\s+)?(?:[rcl]\s*=\s*)?)(\{[^}]*\}|'[^']*'|[^\s=]+)",
            lambda m: m[1] + value,
            text,
            count=1,
            flags=re.IGNORECASE,
        )
        return new if count else None
    places = [match for match in re.finditer(_NAME_VALUE, text) if match["name"].lower() == edit.attribute]
    if places and not value:
        return text[: places[-1].start()].rstrip() + text[places[-1].end() :]
    return text[: places[-1].start("value")] + value + text[places[-1].end("value") :] if places else None


def _edit_raw(line: Line, edits: Sequence[tuple[Edit, str]]) -> list[str]:
    raw = list(line.raw)
    for edit, value in edits:
        for index, text in enumerate(raw):
            new = None if text.lstrip().startswith(("*", "$", ";")) else edited(text, edit, value)
            if new is not None:
                raw[index] = new
                break
        else:
            if edit.device and edit.attribute != "value" and edit.attribute not in assignments(" ".join(raw)):
                # a place that the file does not have
                raw = _appended(raw, f"{edit.attribute}={value}")
                continue
            # the place spans physical lines: write the logical line on one
            text = line.text
            for one, number in edits:
                text = edited(text, one, number) or text
            return [text]
    return [text for text in raw if text.strip() != "+"]


def _appended(raw: Sequence[str], text: str) -> list[str]:
    """The physical lines of a device with a parameter behind the last of them, before its comment."""
    index = max(
        number for number, one in enumerate(raw) if one.strip() and not one.lstrip().startswith(("*", "$", ";"))
    )
    code, comment = re.fullmatch(r"(.*?)(\s*(?:\$\s|;).*)?", raw[index], re.DOTALL).groups(default="")  # type: ignore[union-attr]  # it matches any text
    return [*raw[:index], f"{code.rstrip()} {text}{comment}", *raw[index + 1 :]]


def _renamed(raw: Sequence[str], name: str) -> list[str]:
    """The physical lines of a device with another name, without comments between them; its letter keeps its case."""
    first, *rest = raw
    blank = first[: len(first) - len(first.lstrip())]
    old, after = first.split(None, 1)[0], first.lstrip()
    return [
        f"{blank}{old}{name.removeprefix(old.lower())}{after[len(old) :]}",
        *(one for one in rest if one.lstrip().startswith("+")),
    ]


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
        devices = _read_devices([line for line in body if line.text and not line.card.startswith(".")], findings)
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
    ports = re.sub(_NAME_VALUE, " ", text).split()[2:]
    return tuple(port.lower() for port in ports), defaults


def _read_devices(lines: Sequence[Line], findings: list[Finding]) -> tuple[Device, ...]:
    """Split element lines with spicelib."""
    by_name: dict[str, Line] = {}
    for line in lines:
        if line.card in by_name:
            findings.append(line.finding(f"device {line.card} is defined twice", "rename one"))
        by_name[line.card] = line
    result: list[Device] = []
    for start in range(0, len(lines), _AT_ONCE):
        result += _split(lines[start : start + _AT_ONCE], findings)
    for device in result:
        if len(device.nodes) < _NODES.get(device.kind, 0):
            findings.append(
                device.line.finding(
                    f"{device.name} has {len(device.nodes)} nodes; it needs {_NODES[device.kind]}", "check its nodes"
                )
            )
        if "." in device.name:
            findings.append(
                device.line.finding(
                    f"the name {device.name} has a dot, which separates a cell from its content", "rename it"
                )
            )
        if device.kind in "rcl" and re.fullmatch(r"[\d.]+M", device.value):
            findings.append(
                device.line.finding(f"{device.value} is milli in SPICE", "write MEG for 10⁶ or a small m for 10⁻³")
            )
    return tuple(result)


def _split(lines: Sequence[Line], findings: list[Finding]) -> list[Device]:
    by_name = {line.card: line for line in lines}
    result = []
    words = _Words()
    editor = _open_editor(lines, words)
    if editor is None:
        # one bad line spoils the file: find it
        for line in lines:
            if _open_editor([line], words) is None:
                findings.append(line.finding("this line cannot be read as a device", "check its nodes and value"))
        return []
    for name in editor.get_components():
        restored = words.restored(name).lower()
        if restored not in by_name:
            continue
        line = by_name.pop(restored)
        try:
            params = {
                key.lower(): _text(value)
                for key, value in editor.get_component_parameters(name).items()
                if key != "Value"
            }
            if restored[0] in _PLAIN:
                # spicelib loses the prefix of 5e+06u and ends a value at a blank
                params = {key: _plain(value) for key, value in assignments(line.text).items()}
            nodes = tuple(words.restored(node).lower() for node in editor.get_component_nodes(name))
            value = words.restored(_text(editor.get_component_value(name)))
        except Exception as error:  # noqa: BLE001  # the reader raises its own zoo of errors on malformed text
            findings.append(line.finding(f"this line cannot be read: {error}"))
            continue
        result.append(_device(words.restored(name).lower(), nodes, value, params, line))
    for line in by_name.values():
        findings.append(line.finding("this line cannot be read as a device", "check its nodes and value"))
    return result


class _Words:
    """Substitutes for names that spicelib's patterns do not accept (`vdd!`, `out<1>`, `net[3]`, `#net1`)."""

    def __init__(self) -> None:
        self.originals: dict[str, str] = {}

    def plain(self, text: str) -> str:
        """The line with every such name before its first parameter replaced."""
        head, equals, tail = text.partition("=")
        cut = len(head.rstrip().rpartition(" ")[0]) if equals else len(head)
        words = [self._plain_word(word) for word in re.findall(r"\{[^{}]*\}|'[^']*'|\S+", head[:cut])]
        if words and len(words[0]) == 1:
            # a device may be called by its letter alone
            words[0] = self._stand_in(words[0])
        return " ".join(words) + head[cut:] + equals + tail

    def _plain_word(self, word: str) -> str:
        if re.fullmatch(r"[\w+./-]+", word) or word[:1] in "{'\"(" or word[-1:] in "}'\")":
            return word
        return self._stand_in(word)

    def _stand_in(self, word: str) -> str:
        stand_in = f"{word[0] if word[0].isalpha() else 'n'}odd_{len(self.originals)}"
        self.originals[stand_in.lower()] = word
        return stand_in

    def restored(self, word: str) -> str:
        return self.originals.get(word.lower(), word)


def _open_editor(lines: Sequence[Line], words: _Words) -> Any:
    """spicelib's editor on these lines, or None if it cannot read them."""
    # it starts loggers at import and is slow to import: only here
    logging.getLogger("spicelib").setLevel(logging.CRITICAL)
    from spicelib import SpiceEditor

    body = [words.plain(line.text.strip()) for line in lines]
    with tempfile.TemporaryDirectory(prefix="eda-agent-") as folder:
        path = Path(folder) / "body.spice"
        # the reader wants element letters in upper case
        path.write_text(
            "* body\n" + "\n".join(text[:1].upper() + text[1:] for text in body) + "\n.end\n", encoding="utf-8"
        )
        try:
            editor = SpiceEditor(path, encoding="utf-8")
            editor.get_components()
        except Exception:  # noqa: BLE001  # it raises its own zoo of errors on malformed text
            return None
        return editor


def _device(name: str, nodes: tuple[str, ...], value: str, params: dict[str, str], line: Line) -> Device:
    kind = name[0]
    # "R1 a b r=1k" and "R1 a b 1k" are the same device
    if kind in "rcl" and kind in params:
        given = params.pop(kind)
        value = value or given
    if kind in "vi":
        value = re.sub(r"^dc\s+", "", value, flags=re.IGNORECASE)
    return Device(name, kind, nodes, value, params, line)


def _plain(text: str) -> str:
    """A plain number in one spelling, so that `2` and `2.0` are the same text; other text unchanged."""
    number = parse_spice_number(text)
    return text if number is None else repr(number)


def _text(value: object) -> str:
    # spicelib gives numbers as float_unit, whose text drops digits
    return repr(float(value)) if not isinstance(value, str) and hasattr(value, "__float__") else str(value)
