"""A plan is what writing sizes back would change in a cell, and what stands against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pya

from .table import Table
from .wording import counted, cut

OVERLAP = "would overlap"
"""What is said of two devices before their sizes are written."""


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
    `conflicts`: (text, box); `refused`: those of them that keep a device as it is; `left`: devices that stay as they
    are because one that they are matched with does; `remarks`: differences from the simulation; `stored`: devices that
    change in the circuit that the layout stores, and are not drawn; `table`: of the PCells.
    """

    changes: list[Change] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    conflicts: list[tuple[str, pya.Box]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    table: Table | None = None

    @property
    def nothing(self) -> bool:
        """Whether the layout has the sizes already."""
        return not self.changes and not self.stored

    @property
    def strangers(self) -> list[str]:
        """A line for the devices that are only in the schematic, and one for those that are only in the layout."""
        pairs = ((self.missing, "not in the layout"), (self.foreign, "not in the schematic"))
        return [f"{text}: {', '.join(names)}" for names, text in pairs if names]

    @property
    def reasons(self) -> list[str]:
        """Why the layout differs from the schematic after the plan was applied."""
        other = counted(text.replace(OVERLAP, "overlap") for text, _ in self.conflicts if text not in self.refused)
        unlike = [*self.refused, *self.left, *self.strangers]
        return [
            *(["Why they differ: devices that are left as they are.", *cut(unlike, 12, "")] if unlike else []),
            *(["Conflicts of the write-back, which may join or part nets:", *cut(other, 12, "")] if other else []),
        ]

    @property
    def valid(self) -> bool:
        """Whether its instances are still those of the layout."""
        return all(change.instance.is_valid() for change in self.changes)


def sizes(change: Change) -> str:
    return ", ".join(f"{name} {shown(change.before[name])} → {shown(value)}" for name, value in change.after.items())


def shown(value: Any) -> str:
    """A PCell parameter for people."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def unchanged(plan: Plan, notes: str) -> str:
    """What is said of a plan that changes nothing, and what to do where devices are missing. `notes`: of the plan."""
    if not notes:
        return "Every device already has the sizes of the run."
    if plan.refused:
        return notes
    advice = " Draw what is missing, or use 'Place a sized circuit' for a layout with every device" * bool(plan.missing)
    return f"{notes}\n\nEvery other device has the sizes of the run.{advice}"
