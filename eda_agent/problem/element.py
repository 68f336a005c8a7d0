"""An element is a device line of a netlist, split by spicelib into its nodes, value and parameters."""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eda_agent.errors import Finding
from eda_agent.problem.line_edit import assignments
from eda_agent.problem.logical_line import Line
from eda_agent.spice_numbers import parse_spice_number

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
_UNITS = {"r": "ohm", "c": "farad", "l": "henry"}
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


def read_devices(lines: Sequence[Line], findings: list[Finding]) -> tuple[Device, ...]:
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
                device.line.finding(
                    f"{device.value} is {device.value[:-1]} milli{_UNITS[device.kind]} in SPICE, where M is milli in"
                    " either case (LTspice and KiCad too)",
                    f"write {device.value[:-1]}Meg for 10⁶, or {device.value[:-1]}m for 10⁻³",
                )
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
            value = " ".join(map(words.restored, _text(editor.get_component_value(name)).split(" ")))
        except Exception as error:  # noqa: BLE001  # the reader raises its own zoo of errors on malformed text
            findings.append(line.finding(f"this line cannot be read: {error}"))
            continue
        result.append(_device(words.restored(name).lower(), nodes, value, params, line))
    for line in by_name.values():
        findings.append(line.finding("this line cannot be read as a device", "check its nodes and value"))
    return result


_WAVEFORM = re.compile(r"\b(?:pwl\s*\(.*\)|(?:sine?|pulse|exp|sffm|am)\s*\([^()]*\))", re.IGNORECASE)


class _Words:
    """Substitutes for names that spicelib's patterns do not accept (`vdd!`, `out<1>`, `net[3]`, `#net1`)."""

    def __init__(self) -> None:
        self.originals: dict[str, str] = {}

    def plain(self, text: str) -> str:
        """The line with every such name before its first parameter replaced, and a source's waveform."""
        text = _WAVEFORM.sub(lambda found: self._stand_in(found[0]), text) if text[:1] in "vViI" else text
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
