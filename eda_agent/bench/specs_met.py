"""Specs met are the share of a circuit's specs that the best design of each run meets, as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any


def specs_met(rows: Sequence[Mapping[str, Any]], policies: Sequence[str]) -> list[str]:
    """Lines of Markdown; none if no row names the specs of its best design, as those of older versions.

    Args:
        rows: runs of one target per circuit.
        policies: the columns.
    """
    named = [row for row in rows if row.get("best")]
    if not named or len({row["target"] for row in named}) > 1:
        return []
    lines = [
        "",
        "**Specs met** by the best design, mean share; the simulation that first met them all, by seed; specs that a"
        " run missed",
        "",
        f"| circuit | specs | {' | '.join(f'`{policy}`' for policy in policies)} | missed |",
        "| --- |" + " --- |" * (len(policies) + 2),
    ]
    for circuit in dict.fromkeys(str(row["circuit"]) for row in named):
        mine = [row for row in named if row["circuit"] == circuit]
        cells = [_cell([row for row in mine if row["policy"] == policy]) for policy in policies]
        missed = dict.fromkeys(name for row in mine for name, (_, met) in row["best"].items() if not met)
        lines.append(f"| {circuit} | {len(mine[0]['best'])} | {' | '.join(cells)} | {', '.join(missed)} |")
    return lines


def _cell(rows: Sequence[Mapping[str, Any]]) -> str:
    """`67 %`, or `100 %, met at 6, 8`."""
    if not rows:
        return "–"
    shares = [sum(met for _, met in row["best"].values()) / len(row["best"]) for row in rows]
    mean = math.fsum(shares) / len(shares)
    text = f"{math.floor(100 * mean) if mean < 1 else 100} %"
    ordered = sorted(rows, key=lambda row: int(row["seed"]))
    if all(row["met_at"] is None for row in ordered):
        return text
    return f"{text}, met at {', '.join('–' if row['met_at'] is None else str(row['met_at']) for row in ordered)}"
