"""A result of LVS is what was compared between a layout and a schematic, and how they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pya


@dataclass(frozen=True)
class Result:
    """What was compared, and the result.

    `devices_match`: the transistors and their labelled connections are those of the schematic; `differences`: one line
    each; `drawn`, `meant`: transistors in layout and schematic; `routed`, `unrouted`: nets of the schematic in one
    piece, and nets that only labels join; `resistors`, `capacitors`: those that are drawn and compared;
    `missing`: devices of the schematic that are neither; `sized_for`: the PDK of the run; `rules`: the table whose
    layers were used; `database`: for KLayout's netlist browser, None where another process has it.
    """

    devices_match: bool
    differences: tuple[str, ...]
    database: pya.LayoutVsSchematic | None = None
    drawn: int = 0
    meant: int = 0
    routed: tuple[str, ...] = ()
    unrouted: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    resistors: tuple[str, ...] = ()
    capacitors: tuple[str, ...] = ()
    sized_for: str = ""
    rules: str = "demonstration"

    @property
    def match(self) -> bool:
        """Whether the layout is the complete circuit: its transistors match, every net is routed, and every device is
        drawn.
        """
        return self.devices_match and not self.unrouted and not self.missing

    @property
    def headline(self) -> str:
        """The result in one line: "match" only for a match."""
        if self.match:
            return f"LVS: layout and schematic match ({self._devices}, {len(self.routed)} nets)"
        left = []
        if self.unrouted:
            left.append(f"{len(self.unrouted)} of {len(self.routed) + len(self.unrouted)} nets are not routed")
        if self.missing:
            count = len(self.missing)
            left.append(f"{count} {'device is' if count == 1 else 'devices are'} not drawn")
        if self.devices_match:
            one = self.meant + len(self.resistors) + len(self.capacitors) == 1
            agree = "agrees by the labels of its" if one else "agree by the labels of their"
            return f"LVS: the {self._devices} {agree} nets; {' and '.join(left)}"
        return f"LVS: layout and schematic differ in {len(self.differences)} places"

    @property
    def _devices(self) -> str:
        counts = (
            (self.meant, "transistor"),
            (len(self.resistors), "resistor"),
            (len(self.capacitors), "capacitor"),
        )
        words = [
            f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count or noun == "transistor"
        ]
        return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)

    @property
    def lines(self) -> list[str]:
        """What was compared, for people."""
        rows = [f"transistors: {self.drawn} in the layout, {self.meant} in the schematic"]
        if self.resistors:
            rows.append(f"resistors, by their squares: {', '.join(self.resistors)}")
        if self.capacitors:
            rows.append(f"capacitors, by their areas: {', '.join(self.capacitors)}")
        rows.append(f"nets routed: {', '.join(self.routed) or 'none'}")
        if self.unrouted:
            rows.append(f"nets joined by their labels only: {', '.join(self.unrouted)}")
        if self.missing:
            rows.append(f"in the schematic, neither drawn nor compared: {', '.join(self.missing)}")
        rows.append(self._rules)
        return rows

    @property
    def _rules(self) -> str:
        if self.rules != "demonstration":
            return f"rules: devices and wires by the layers of {self.rules}; the deck of the foundry was not run"
        return (
            "rules: the demonstration"
            f" process{f'; the sizes are for {self.sized_for}, whose LVS was not run' if self.sized_for else ''}"
        )

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "match": self.match,
            "devices_match": self.devices_match,
            "differences": list(self.differences),
            "transistors": {"layout": self.drawn, "schematic": self.meant},
            "routed": list(self.routed),
            "not_routed": list(self.unrouted),
            "not_drawn": list(self.missing),
            "resistors": list(self.resistors),
            "capacitors": list(self.capacitors),
            "rules": self.rules,
            "sized_for": self.sized_for,
        }

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Result:
        """The result whose `data` these are, without its database."""
        return cls(
            data["devices_match"],
            tuple(data["differences"]),
            None,
            data["transistors"]["layout"],
            data["transistors"]["schematic"],
            tuple(data["routed"]),
            tuple(data["not_routed"]),
            tuple(data["not_drawn"]),
            tuple(data.get("resistors", ())),
            tuple(data.get("capacitors", ())),
            data["sized_for"],
            data["rules"],
        )
