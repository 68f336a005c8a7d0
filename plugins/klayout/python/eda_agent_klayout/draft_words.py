"""Draft words say in the window what a draft has guessed, and what its layout cannot follow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

OPTION = re.compile(r"(?<![\w-])--[a-z]")


def guesses(tables: Mapping[str, Any]) -> str:
    """A line with the guesses of `eda-agent init`, "" without any; `tables`: what the form shows."""
    found = [f"{one['what']} {one['value']}" for one in tables.get("guessed") or ()]
    return f"Guessed: {', '.join(found)}. Change a wrong one in the spec, then edit it again." if found else ""


def reasons(tables: Mapping[str, Any]) -> str:
    """Why each was guessed, line by line."""
    return "\n".join(f"{one['what']} {one['value']}: {one['why']}" for one in tables.get("guessed") or ())


def copies(tables: Mapping[str, Any]) -> str:
    """What is said of free parameters that change the number of copies or fingers, "" without any."""
    known = set((tables.get("drawn") or {}).get("copies") or ())
    names: Sequence[str] = [str(one["name"]) for one in tables["parameters"] if one["name"] in known]
    if not names:
        return ""
    return f"{', '.join(names)}: a number of copies or fingers. A write-back does not change it: lock it for a layout."


def in_terminal(message: str, netlist: Path) -> str:
    """A message of `eda-agent init`; one that names an option says where an option is given."""
    if not OPTION.search(message):
        return message
    return (
        f"{message}\n\nOptions are given in a terminal: eda-agent init '{netlist}' … with the option writes the spec,"
        " which 'Edit a spec and size …' opens. If the file is no netlist, choose another."
    )
