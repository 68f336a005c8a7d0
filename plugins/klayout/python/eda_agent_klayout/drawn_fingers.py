"""Drawn fingers are those that a layout has of a run's transistors: after a write-back a device keeps its fingers,
though a new placement would fold it in another way, and its width on the grid is then another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import inf
from typing import Any

import pya

from .fold import Rule, fitted, folded, rule_data, rule_of
from .instances import Reader
from .steps import Work, each
from .table import DUMMY, Table, devices, key


def counting(cell: pya.Cell, table: Table) -> Work[dict[str, int]]:
    """Device, by its `key` → the fingers of its PCells in a cell, dummies left out."""
    reader = Reader(cell, table, None)
    found: Counter[str] = Counter()

    def read(instance: pya.Instance) -> None:
        one = reader.read(instance)
        if one is None or one[1].endswith(DUMMY) or (table.dummy and one[2].get(table.dummy)):
            return
        copies = one[2].get(table.parameters.get("m", ""), 1)
        found[key(one[1])] += int(one[2][table.parameters["nf"]]) * int(copies)

    yield from each("fingers are counted", list(cell.each_inst()), read)
    return dict(found)


def as_drawn(found: Mapping[str, Any], fingers: Mapping[str, int], table: Table | None) -> dict[str, Any]:
    """The output of `eda-agent export RUN --devices` with the transistors folded as they are drawn (`counting`), where
    their sizes fit those fingers, else by the rule.
    """
    rule = rule_of(found.get("layout"), table)
    meant = devices(dict(found))
    rows = []
    for row, device, usual in zip(found["devices"], meant, folded(meant, rule), strict=True):
        drawn = fitted(device, fingers.get(key(device.name), usual.fingers), usual, rule) or usual
        rows.append({**row, "w": drawn.width, "l": drawn.length, "nf": drawn.nf, "m": drawn.m})
    kept = rule_data(Rule(inf, inf, rule.grid))
    return {**found, "devices": rows, "layout": {**(found.get("layout") or {}), **kept}}
