"""A draft is a spec that `eda-agent init` makes of a bare netlist: made and read as stepwise work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .command import asked
from .draft_words import in_terminal
from .steps import Work

LONGEST = 900.0
"""Seconds that a draft may take: it is tried in the simulator."""


def beside(netlist: Path) -> Path:
    """The spec of a netlist. Raises ValueError if the file is another's."""
    spec = netlist.with_name("spec.yaml")
    if spec.exists() and netlist.name not in spec.read_text(encoding="utf-8", errors="replace"):
        raise ValueError(
            f"{spec} exists already and is not a spec of {netlist.name}\n\nPut the netlist into a separate folder, or"
            " use 'Edit a spec and size'"
        )
    return spec


def drafting(netlist: Path) -> Work[dict[str, Any]]:
    """Draft the spec of a netlist, and give its tables."""
    try:
        words = yield from asked(
            ["init", str(netlist), "--json"], LONGEST, f"a spec of {netlist.name} is drafted and tried"
        )
    except ValueError as error:
        raise ValueError(in_terminal(str(error), netlist)) from None
    guessed = json.loads(words).get("guessed") or []
    return {**(yield from tables(beside(netlist))), "guessed": guessed}


def tables(spec: Path) -> Work[dict[str, Any]]:
    """Specs and parameters of a spec, as the form shows them."""
    words = yield from asked(["check", str(spec), "--json"], LONGEST, f"{spec.name} is read and checked")
    found: dict[str, Any] = json.loads(words)["tables"]
    return found
