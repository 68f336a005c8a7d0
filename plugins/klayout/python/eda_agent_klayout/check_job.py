"""A check job is a comparison of a layout with its schematic, or the extraction of its netlist, as a JSON file.

`task`: "compare" or "netlist"; `layouts`, files that make one layout, `cell`; `result`: the file to write; for
"compare" also `database`, the file to write, `found` (the output of `eda-agent export RUN --devices`), `table`,
`terminals` and the `parts` of resistors and capacitors.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pya

from . import lvs, passive_devices, recognition
from .layers import Terminal
from .passives import Part
from .table import read_table


def rows(terminals: Sequence[Terminal]) -> list[list[Any]]:
    """Terminals for JSON."""
    return [[one.net, one.on, one.at and one.at.x, one.at and one.at.y, one.kind] for one in terminals]


def done(job: dict[str, Any]) -> dict[str, Any]:
    """The result of a job; its database is written. Raises ValueError."""
    layout = pya.Layout()
    for path in job["layouts"]:
        layout.read(path)
    cell = layout.cell(job["cell"])
    if job["task"] == "netlist":
        # a netlist lives as long as its extractor
        kept = recognition.extract(layout, cell)
        passive_devices.valued(kept.netlist())
        name, text = recognition.spice(kept.netlist())
        return {"name": name, "text": text}
    terminals = [
        Terminal(net, on, None if x is None else pya.Point(x, y), kind) for net, on, x, y, kind in job["terminals"]
    ]
    parts = [Part(**{**part, "nets": tuple(part["nets"])}) for part in job["parts"]]
    result = lvs.check(layout, cell, job["found"], None, read_table(job["table"]), job["table"], terminals, parts)
    assert result.database is not None
    result.database.write(job["database"], True)
    return result.data()


def main(path: str) -> None:
    """Run a job; a refusal is a result as well."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    try:
        answer = done(job)
    except ValueError as error:
        answer = {"refused": str(error)}
    Path(job["result"]).write_text(json.dumps(answer), encoding="utf-8")
