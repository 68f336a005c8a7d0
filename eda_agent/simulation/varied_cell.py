"""A varied cell is the circuit under test as one subcircuit without inner cells, in which every device has its own
model card or parameters: a sample of Monte Carlo in a designer's own deck.

All calls of the circuit in a deck are one chip in several test circuits, so they have the same draws.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from eda_agent.problem.flat import FlatDevice

INSTANCE = "xdut"


def local_head(device: FlatDevice) -> str:
    """The name and the nodes of a device inside the cell: those of the netlist where it has no inner cells."""
    inner = device.path[1:]
    name = inner[-1] if len(inner) == 1 and inner[0].startswith(device.kind) else f"{device.kind}{'_'.join(inner)}"
    return " ".join([name, *(node.removeprefix(f"{INSTANCE}.") for node in device.nodes)])


def with_cell(circuit: str, name: str, lines: Iterable[str]) -> str:
    """The text of a circuit with the body of a subcircuit replaced. Its cells stay: the bench may call them."""
    header = re.search(rf"^\s*\.subckt\s+{re.escape(name)}(?=\s).*$", circuit, re.IGNORECASE | re.MULTILINE)
    if header is None:
        raise ValueError(f"no subcircuit {name} in the circuit's text")
    end = re.compile(r"^\s*\.ends\b.*$", re.IGNORECASE | re.MULTILINE).search(circuit, header.end())
    rest = "" if end is None else circuit[end.end() :]
    return f"{circuit[: header.end()]}\n{''.join(lines)}.ends{rest}"


def renamed(text: str, name: str, new: str) -> str:
    """The text of a foundry's subcircuit under another name."""
    return re.sub(rf"(?<![\w.]){re.escape(name)}(?![\w.])", new, text)
