"""Corner waves are the waveforms of `sim --waves`, drawn in groups of corners, the first and the worst ones first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eda_agent.insight.plot_labels import DEFAULT
from eda_agent.record.report.curves import FEW, Figure, figures, shown_corners
from eda_agent.record.report.worst_corners import worst_corners

Row = Mapping[str, Any]


@dataclass(frozen=True)
class CornerWaves:
    """`rows`: one per testbench and corner. `specs`: of the run, as event data. `results`: spec → its result in the
    worst corner, of the same sizes.
    """

    rows: Sequence[Row]
    specs: Sequence[Row]
    results: Mapping[str, Row]

    def figures(self, group: int = 0, most: int = FEW) -> list[Figure]:
        """The figures of the report with `most` corners each: group 0 has those that the report draws, the next groups
        have the others.
        """
        worst = self._worst()
        shown = {bench: order[group * most : (group + 1) * most] for bench, order in self._orders(worst).items()}
        waves = {(row["testbench"], row["corner"]): row["analyses"] for row in self.rows}
        drawn = {place: found for place, found in waves.items() if place[1] in shown[place[0]]}
        labels = {row["testbench"]: row.get("shown", DEFAULT) for row in self.rows}
        return [figure for figure in figures(drawn, labels, worst) if has_line(figure)]

    def groups(self, most: int = FEW) -> int:
        """The number of groups of corners."""
        return max((-(-len(order) // most) for order in self._orders({}).values()), default=0)

    def corners_text(self, group: int, most: int = FEW) -> list[str]:
        """What is drawn, `5 of 17 corners: the first and the worst; n: others`; nothing if all corners are."""
        count = max((len(order) for order in self._orders({}).values()), default=0)
        if count <= most:
            return []
        shown = min(most, count - group * most)
        return [f"{shown} of {count} corners{'' if group else ': the first and the worst'}; n: others"]

    def _worst(self) -> dict[str, list[str]]:
        bench_of = {name: row["testbench"] for row in self.rows for name in row.get("specs", ())}
        return worst_corners(self.specs, self.results, bench_of)

    def _orders(self, worst: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Testbench → its corners: the first, the worst ones, the others."""
        corners: dict[str, list[str]] = {}
        for row in self.rows:
            corners.setdefault(row["testbench"], []).append(row["corner"])
        return {bench: list(shown_corners(all_, worst.get(bench, ()), len(all_))) for bench, all_ in corners.items()}


def has_line(figure: Figure) -> bool:
    """Whether a figure has more than one point."""
    return any(len(line.x) > 1 for plot in figure.plots for line in plot.lines)
