"""Notes in an xschem schematic: operating points at its transistors, and the measured values of a run below it.

Each is a text object on one layer with the attribute `eda_agent=1`, so that all of them can be removed again; every
other character of the schematic stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eda_agent.errors import Finding, InputError
from eda_agent.files import read_file
from eda_agent.record.fold import RunState
from eda_agent.record.labels import verdict
from eda_agent.units import format_quantity, shown_unit

_COMPONENT = re.compile(r"^C \{[^}]*\} (?P<x>\S+) (?P<y>\S+) \S+ \S+ \{", re.MULTILINE)
_NOTE = re.compile(r"^T \{(?:[^{}\\]|\\.)*\} [^{}\n]*\{[^{}]*\beda_agent=1[^{}]*\}\n?", re.MULTILINE)
_SHOWN = (("id", "A"), ("gm", "S"), ("gds", "S"), ("vds", "V"), ("vdsat", "V"), ("gm_id", "1/V"))
_SIZE = 0.15


def without_notes(text: str) -> str:
    """The text of a schematic without our notes."""
    return _NOTE.sub("", text)


def with_notes(path: Path, points: Mapping[str, Mapping[str, Any]], rows: Sequence[str]) -> tuple[str, int]:
    """(text of a schematic with notes, number of transistors that have one).

    Args:
        path: the schematic.
        points: device → its operating point, as a run has it.
        rows: lines of the table of measured values.

    Raises:
        InputError: the file is no schematic of xschem.
    """
    text = without_notes(read_schematic(path))
    known = {_plain(name): point for name, point in points.items()}
    notes: list[str] = []
    corner = (0.0, 0.0)
    for found in _COMPONENT.finditer(text):
        x, y = float(found["x"]), float(found["y"])
        corner = (min(corner[0], x), max(corner[1], y))
        name = re.search(r"(?:^|\s)name=(\S+)", text[found.end() : found.end() + 2000])
        point = known.get(_plain(name[1])) if name else None
        if point is not None:
            known.pop(_plain(name[1]) if name else "")
            notes.append(_note("\n".join(_of_point(point)), x + 25.0, y - 20.0))
    count = len(notes)
    if rows:
        notes.append(_note("\n".join(rows), corner[0], corner[1] + 60.0))
    return text.rstrip("\n") + "\n" + "".join(notes), count


def read_schematic(path: Path) -> str:
    """The text of a schematic. Raises `InputError` for another file."""
    try:
        text = read_file(path).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Finding(f"cannot read the schematic: {error}", path)) from None
    if not text.startswith("v {xschem"):
        raise InputError(
            Finding("this is not an xschem schematic", path, fix="its first line must begin with  v {xschem version=")
        )
    return text


def measured_rows(state: RunState, turn: Mapping[str, Any], name: str) -> list[str]:
    """The lines of the table: each spec with its worst value and its target's verdict."""
    rows = [f"eda-agent: {name}, turn {turn['index']}"]
    for spec in state.started["specs"]:
        result = turn.get("specs", {}).get(spec["name"], {})
        value = result.get("value")
        shown = "not measured" if value is None else format_quantity(value, shown_unit(spec), 4)
        rows.append(f"{spec['name']}: {shown}  {verdict(spec, result)}")
    return rows


def _plain(name: str) -> str:
    """A device as schematic and netlist both name it: M1 is XM1 in the netlist of a PDK whose devices are cells."""
    name = name.lower()
    return name[1:] if name.startswith("xm") else name


def _of_point(point: Mapping[str, Any]) -> list[str]:
    lines = [f"{key}={format_quantity(point[key], unit, 3)}" for key, unit in _SHOWN if point.get(key) is not None]
    return [*lines, *([str(point["region"])] if point.get("region") else [])]


def _note(text: str, x: float, y: float) -> str:
    escaped = re.sub(r"([{}\\])", r"\\\1", text)
    return f"T {{{escaped}}} {x:g} {y:g} 0 0 {_SIZE} {_SIZE} {{layer=8 eda_agent=1}}\n"
