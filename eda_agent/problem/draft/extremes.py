"""The extremes of a spec are its lowest and its highest value at the netlist's own sizes over the corners of a draft.

A target that holds in every corner begins at the worse of the two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from eda_agent.problem.draft.benches import MIN


@dataclass(frozen=True)
class Extremes:
    """`low` and `high`: (value, corner). `missing`: corners without a value. `left_out`: those that are no basis."""

    low: tuple[float, str]
    high: tuple[float, str]
    missing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def worst(self, sense: str) -> tuple[float, str]:
        """(value, corner) that is furthest from a target. `sense`: minimum or maximum."""
        return self.low if sense == MIN else self.high

    @property
    def gap(self) -> str:
        """The corners without a value, in words; "" if every corner has one."""
        if not self.missing:
            return ""
        others = len(self.missing) - 1
        return f"; no value in {self.missing[0]}{f' and {others} more' if others else ''}"


Spread = Mapping[str, Extremes]
"""Spec → its extremes; empty if only the nominal corner was simulated."""


def gaps(spread: Spread) -> list[str]:
    """What to say of the corners in which specs have no value, though they have one elsewhere: one sentence or none."""
    lacking = [spec for spec, seen in spread.items() if seen.missing]
    corners = list(dict.fromkeys(corner for spec in lacking for corner in spread[spec].missing))
    if not corners:
        return []
    where = f"{corners[0]}{f' and {len(corners) - 1} more' if len(corners) > 1 else ''}"
    return [
        f"at the netlist's own sizes {', '.join(lacking)} cannot be measured in {where}: these corners are no basis for"
        " the targets"
    ]


def spread_of(
    values: Mapping[str, Mapping[str, float | None]], specs: Iterable[str], left_out: Collection[str] = ()
) -> dict[str, Extremes]:
    """The extremes of each spec that has a value somewhere. `values`: corner → spec → value, None without one.
    `left_out`: corners that do not count.
    """
    found = {}
    values = {corner: row for corner, row in values.items() if corner not in left_out}
    for spec in specs:
        known = [(value, corner) for corner, row in values.items() if (value := row.get(spec)) is not None]
        if known:
            missing = tuple(corner for corner, row in values.items() if row.get(spec) is None)
            found[spec] = Extremes(
                min(known, key=lambda pair: pair[0]), max(known, key=lambda pair: pair[0]), missing, tuple(left_out)
            )
    return found
