"""A name as written has the letters of the netlist, where SPICE makes no difference between capitals and small ones."""

from __future__ import annotations

import re


def as_written(name: str, netlist: str) -> str:
    """A parameter (`w12`) or a device's size (`xm1.w`) as the netlist's text has it; as given if it is not there."""
    device, dot, attribute = name.rpartition(".")
    if dot:
        return _first(rf"^[ \t]*({re.escape(device)})(?=\s)", device, netlist) + dot + attribute
    return _first(rf"^(?!\s*\*)[^$\n]*?(?<![\w.])({re.escape(name)})(?=\s*=)", name, netlist)


def _first(pattern: str, otherwise: str, netlist: str) -> str:
    found = re.search(pattern, netlist, re.IGNORECASE | re.MULTILINE)
    return found[1] if found is not None else otherwise
