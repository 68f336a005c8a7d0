"""What a netlist names and does not bring: files that are not there, and names of sizes without a value."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.problem import expression
from eda_agent.problem.netlist import Netlist

_FILE = re.compile(r"""^\s*\.(?:include|inc|lib)\s+["']?(?P<file>[^"'\s]+)["']?\s*$""", re.IGNORECASE)
"""A file that is taken in whole. A `.lib` with a section is a model library, which `pdk:` replaces."""
_SHOWN = 6


def without_missing_files(text: str, folder: Path, path: Path, notes: list[str], *, pdk: bool) -> str:
    """The text without lines for files that are not there, if the user names a PDK: its models take their place.

    Raises `InputError` that names the files if no PDK is named.
    """
    lines = text.splitlines()
    missing = {number: found["file"] for number, line in enumerate(lines) if (found := _absent(line, folder))}
    if not missing:
        return text
    names = ", ".join(dict.fromkeys(missing.values()))
    if not pdk:
        raise InputError(
            Finding(
                f"the netlist includes what is not here: {names}",
                path,
                line=min(missing) + 1,
                fix="copy it beside the netlist; or, for models, name a PDK whose devices take their place: --pdk …",
            )
        )
    notes.append(f"{names} is not here and was left out: the models are those of the PDK")
    return "\n".join(line for number, line in enumerate(lines) if number not in missing) + "\n"


def _absent(line: str, folder: Path) -> re.Match[str] | None:
    found = _FILE.match(line)
    if found is None:
        return None
    name = found["file"].replace("\\", "/")
    if re.match(r"[a-z]:|[~$]", name, re.IGNORECASE) or not (folder / name).exists():
        return found
    return None


def refuse_names_without_value(netlist: Netlist, subckt: str, path: Path) -> None:
    """Raise `InputError` if sizes are names that nothing sets, as where another file sets them."""
    known = set(netlist.top.params)
    missing: dict[str, None] = {}
    seen: set[str] = set()
    waiting = [subckt]
    while waiting:
        cell = waiting.pop()
        scope = netlist.subcircuits.get(cell)
        if scope is None or cell in seen:
            continue
        seen.add(cell)
        local = known | scope.params.keys() | scope.defaults.keys()
        for device in scope.devices:
            waiting += [device.value.lower()] if device.kind == "x" else []
            texts = [text for key, text in device.params.items() if key in {"w", "l", "m", "nf"}]
            texts += [device.value] if device.kind in "rc" else []
            missing |= dict.fromkeys(name for text in texts for name in _names(text, local))
    if missing:
        listed = ", ".join(list(missing)[:_SHOWN]) + (f" and {len(missing) - _SHOWN} more" * (len(missing) > _SHOWN))
        raise InputError(
            Finding(
                f"sizes are names without a value: {listed}",
                path,
                fix=".param NAME=VALUE gives each its value, in the netlist or in a file that it includes",
            )
        )


def _names(text: str, known: Collection[str]) -> list[str]:
    try:
        return sorted(expression.names(expression.parse(text)) - set(known))
    except expression.ExpressionError:
        return []
