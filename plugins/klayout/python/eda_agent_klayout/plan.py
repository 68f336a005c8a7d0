"""A plan is what writing sizes back would change in a cell, and what stands against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pya

from .table import Table


@dataclass(frozen=True)
class Change:
    """`before`, `after`: PCell parameters that differ. `grown`: the new box, in the cell's coordinates."""

    device: str
    instance: pya.Instance
    before: dict[str, Any]
    after: dict[str, Any]
    box: pya.Box
    grown: pya.Box


@dataclass
class Plan:
    """`missing`: devices of the schematic without an instance; `foreign`: instances that name no device of it;
    `conflicts`: (text, box); `remarks`: differences from the simulation; `stored`: devices that change in the circuit
    that the layout stores, and are not drawn; `table`: of the PCells.
    """

    changes: list[Change] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    conflicts: list[tuple[str, pya.Box]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    table: Table | None = None

    @property
    def nothing(self) -> bool:
        """Whether the layout has the sizes already."""
        return not self.changes and not self.stored

    @property
    def valid(self) -> bool:
        """Whether its instances are still those of the layout."""
        return all(change.instance.is_valid() for change in self.changes)


def sizes(change: Change) -> str:
    return ", ".join(f"{name} {shown(change.before[name])} → {shown(value)}" for name, value in change.after.items())


def shown(value: Any) -> str:
    """A PCell parameter for people."""
    return f"{value:g}" if isinstance(value, float) else str(value)
