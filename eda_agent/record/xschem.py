"""xschem export writes sizes into a schematic: attributes of its components, and `.param` lines in its code blocks.

Only the text of values changes; every other character stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.files import read_file
from eda_agent.problem.line_edit import Edit

_COMPONENT = re.compile(r"^C \{[^}]*\} .*? \{", re.MULTILINE)
_ALIASES = {"m": ("m", "mult"), "w": ("w",), "l": ("l",), "nf": ("nf",), "value": ("value",)}
"""Attribute of the netlist → attributes of a symbol that hold it; xschem's SKY130 symbols hold m in both."""


def write_sizes(path: Path, values: Mapping[Edit, float]) -> tuple[str, tuple[str, ...]]:
    """(new text of the schematic, places that were not found). `values`: place in the netlist → number in the netlist's
    units.

    Raises `InputError` for a file that is not an xschem schematic.
    """
    try:
        text = read_file(path).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Finding(f"cannot read the schematic: {error}", path)) from None
    if not text.startswith("v {xschem"):
        raise InputError(
            Finding("this is not an xschem schematic", path, fix="its first line must begin with  v {xschem version=")
        )
    missing = []
    for edit, value in values.items():
        shown = f"{value:.10g}"
        if edit.device:
            new = _set_attribute(text, edit, shown)
        else:
            pattern = rf"(\.param[^\n]*?(?<![\w.]){re.escape(edit.attribute)}\s*=\s*)(\{{[^}}]*\}}|'[^']*'|[^\s=\"}}]+)"
            place = re.search(pattern, text, re.IGNORECASE)
            new = f"{text[: place.start(2)]}{shown}{text[place.end(2) :]}" if place else None
        if new is None:
            missing.append(".".join(part for part in (edit.device, edit.attribute) if part))
        else:
            text = new
    return text, tuple(missing)


def _set_attribute(text: str, edit: Edit, value: str) -> str | None:
    # a schematic's M1 is XM1 in the netlist of a PDK whose devices are subcircuits
    names = {edit.device, edit.device.removeprefix("x")}
    for found in _COMPONENT.finditer(text):
        start, end = found.end(), _closing(text, found.end())
        attributes = text[start:end]
        name = re.search(r"(?:^|\s)name\s*=\s*(\S+)", attributes)
        if name is None or name[1].lower() not in names:
            continue
        changed = attributes
        for alias in _ALIASES.get(edit.attribute, (edit.attribute,)):
            pattern = rf"((?:^|\s){re.escape(alias)}\s*=\s*)(\"[^\"]*\"|'[^']*'|\S+)"
            changed = re.sub(pattern, lambda match: match[1] + value, changed, count=1, flags=re.IGNORECASE)
        return None if changed == attributes and value not in attributes else text[:start] + changed + text[end:]
    return None


def _closing(text: str, start: int) -> int:
    """The position of the brace that closes the one at `start`; xschem escapes braces in values with a backslash."""
    depth, position = 1, start
    while position < len(text) and depth:
        if text[position] == "\\":
            position += 1
        elif text[position] == "{":
            depth += 1
        elif text[position] == "}":
            depth -= 1
        position += 1
    return position - 1
