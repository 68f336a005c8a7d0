"""`eda-agent sim --netlist`: the extracted netlist of a layout beside the schematic."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eda_agent.insight.post_layout import Cost, Costs
    from eda_agent.problem.spec import Problem


def simulate_netlist(options: argparse.Namespace, problem: Problem, sizing: Mapping[str, float]) -> int:
    """Print specs before and after layout, and what each wire costs. Return 0 if every spec is met after layout, 1 if
    not.
    """
    from eda_agent.cli.render import print_json
    from eda_agent.record.events import result_data
    from eda_agent.run.after_layout import after_layout

    found = after_layout(
        problem,
        sizing,
        options.netlist,
        options.cell,
        workers=options.workers,
        cluster=options.cluster,
        cache=not options.no_cache,
    )
    graded = [found.before[0], found.after[0]]
    if options.json:
        print_json(found.data())
    else:
        results = [{result.spec: result_data(result) for result in one.results} for one in graded]
        failures = [str(failure) for *_, failure in found.after[1].failures]
        _tell(problem, found.post.notes, results, graded, found.costs, failures)
    return 0 if graded[1].met else 1


def _tell(
    problem: Problem,
    notes: tuple[str, ...],
    results: list[dict[str, Any]],
    graded: list[Any],
    found: Costs | None,
    failures: list[str],
) -> None:
    from rich.table import Table

    from eda_agent.cli.render import console, status
    from eda_agent.record.labels import spec_table, target_text
    from eda_agent.units import format_quantity, format_score, shown_unit

    screen = console(to_stdout=True)
    for note in notes:
        screen.print(f"! {note}", markup=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for heading in ("spec", "target", "schematic", "layout", "change", "worst in", "verdict"):
        table.add_column(
            heading, justify="left" if heading in {"spec", "verdict", "worst in"} else "right", no_wrap=True
        )
    for row in spec_table(problem):
        before, after = (result[row["name"]] for result in results)
        unit = shown_unit(row)
        values = [one["value"] for one in (before, after)]
        change = values[1] - values[0] if None not in values else None
        table.add_row(
            row["name"],
            target_text(row),
            *(format_quantity(value, unit) for value in values),
            format_quantity(change, unit, 3),
            str(after.get("corner") or ""),
            status(row, after),
        )
    screen.print(table)
    for failure in failures:
        screen.print(f"the extracted circuit failed: {failure}", markup=False)
    if found is not None:
        units = {row["name"]: shown_unit(row) for row in spec_table(problem)}
        for title, rows in (("nets", found.nets), ("capacitors", found.capacitors)):
            screen.print(f"\nwhat the wires cost in {found.corner}, by {title}: without → with")
            screen.print(_costs(rows, units))
    screen.print(
        f"\nscore {format_score(graded[0].value)} of the schematic, {format_score(graded[1].value)} after layout:"
        f" {'every spec met' if graded[1].met else 'not every spec met'}"
    )


def _costs(rows: tuple[Cost, ...], units: Mapping[str, str]) -> Any:
    from rich.table import Table

    from eda_agent.units import format_quantity

    table = Table(box=None, pad_edge=False, collapse_padding=True, show_header=False)
    for cost in rows:
        cells = [
            f"{name} {format_quantity(cost.changes[name][0], units[name])} →"
            f" {format_quantity(cost.changes[name][1], units[name])}"
            for name in cost.strongest()
        ]
        table.add_row(cost.name, format_quantity(cost.farad, "F", 3), *(cells or ["nothing"]))
    return table
