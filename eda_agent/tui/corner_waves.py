"""Corner waves are the waveforms of `sim --waves`, drawn in groups of corners, the first and the worst ones first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eda_agent.insight.plot_labels import DEFAULT
from eda_agent.record.report.curves import FEW, Figure, figures, shown_corners
from eda_agent.record.report.worst_corners import Worst, worst_corners

Row = Mapping[str, Any]


@dataclass(frozen=True)
class CornerWaves:
    """`rows`: one per testbench and corner. `specs`: of the run, as event data. `results`: spec → its result in the
    worst corner, and `values`: corner → spec → value, both of the same sizes.
    """

    rows: Sequence[Row]
    specs: Sequence[Row] = ()
    results: Mapping[str, Row] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)

    def figures(self, group: int = 0, most: int = FEW) -> list[Figure]:
        """The figures of the report with `most` corners each: group 0 has those that the report draws, the next groups
        have the others.
        """
        worst = self._worst()
        orders = self._orders(worst)
        drawn: dict[tuple[str, str], dict[str, Any]] = {}
        for row in self.rows:
            bench, corner = row["testbench"], row["corner"]
            for kind, wave in row["analyses"].items():
                if corner in orders[bench, kind][group * most : (group + 1) * most]:
                    drawn.setdefault((bench, corner), {})[kind] = wave
        labels = {row["testbench"]: row.get("shown", DEFAULT) for row in self.rows}
        return [figure for figure in figures(drawn, labels, worst) if has_line(figure)]

    def groups(self, most: int = FEW) -> int:
        """The number of groups of corners."""
        return -(-self._most_corners() // most)

    def corners_text(self, group: int, most: int = FEW) -> list[str]:
        """What is drawn, `5 of 17 corners: the first and the worst of this plot; n: others`; nothing if all corners
        are.
        """
        count = self._most_corners()
        if count <= most:
            return []
        shown = min(most, count - group * most)
        return [f"{shown} of {count} corners{'' if group else ': the first and the worst of this plot'}; n: others"]

    def _worst(self) -> Worst:
        bench_of = {name: row["testbench"] for row in self.rows for name in row.get("specs", ())}
        return worst_corners(self.specs, self.results, bench_of, self.values)

    def _most_corners(self) -> int:
        return max((len(order) for order in self._orders({}).values()), default=0)

    def _orders(self, worst: Worst) -> dict[tuple[str, str], list[str]]:
        """(testbench, analysis) → its corners: the first, the worst ones, the others."""
        corners: dict[tuple[str, str], list[str]] = {}
        for row in self.rows:
            for kind in row["analyses"]:
                corners.setdefault((row["testbench"], kind), []).append(row["corner"])
        return {plot: list(shown_corners(all_, worst.get(plot, ()), len(all_))) for plot, all_ in corners.items()}


def has_line(figure: Figure) -> bool:
    """Whether a figure has more than one point."""
    return any(len(line.x) > 1 for plot in figure.plots for line in plot.lines)
