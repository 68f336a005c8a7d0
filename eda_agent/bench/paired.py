"""A pairing compares two policies' runs on the same targets with the same seeds, run by run.

Runs differ mostly by their target, which a pair shares: differences can be significant although the shares' intervals
overlap.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from eda_agent.bench.tables import MARKS, estimate, score_at, solved_at

Row = Mapping[str, Any]


def pair_runs(rows: Sequence[Row], first: str, second: str) -> str:
    """A table of the runs that both have: difference of the share solved (points) and of the best score, with 95 %
    intervals (bootstrap over targets and seeds).
    """
    of_first = {_run(row): row for row in rows if row["policy"] == first and "error" not in row}
    both = [row for row in rows if row["policy"] == second and "error" not in row and _run(row) in of_first]
    if not both:
        return f"no run of {first} and {second} has the same circuit, target and seed\n"
    budget = min(int(row["budget"]) for row in (*both, *(of_first[_run(row)] for row in both)))
    lines = [
        f"**`{second}` against `{first}`**, {len(both)} pairs of runs",
        "",
        "| simulations | solved, % | points ahead | score ahead |",
        "| --- | --- | --- | --- |",
    ]
    for mark in (mark for mark in MARKS if mark <= budget):

        def ahead(row: Row, mark: int = mark) -> float:
            return 100.0 * (solved_at(row, mark) - solved_at(of_first[_run(row)], mark))

        def better(row: Row, mark: int = mark) -> float:
            return score_at(row, mark) - score_at(of_first[_run(row)], mark)

        share, score = estimate(both, ahead), estimate(both, better)
        now = 100.0 * math.fsum(solved_at(row, mark) for row in both) / len(both)
        before = now - math.fsum(map(ahead, both)) / len(both)
        lines.append(
            f"| {mark} | {before:.1f} → {now:.1f} | {share.mean:+.1f} ({share.low:+.1f} … {share.high:+.1f}) "
            f"| {score.mean:+.4f} ({score.low:+.4f} … {score.high:+.4f}) |"
        )
    return "\n".join(lines) + "\n"


def _run(row: Row) -> tuple[str, str, int]:
    return row["circuit"], row["target"], row["seed"]
