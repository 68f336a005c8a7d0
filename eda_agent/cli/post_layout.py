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
    from dataclasses import replace

    from eda_agent import run
    from eda_agent.agent.score import score
    from eda_agent.cli.render import print_json
    from eda_agent.insight.post_layout import costs
    from eda_agent.problem.extracted.circuit import post_layout
    from eda_agent.record.events import evaluation_data, plain, result_data

    # the estimate that a run may have is of the layout before this one
    post = post_layout(problem, sizing, options.netlist, options.cell)
    results: list[dict[str, Any]] = []
    graded = []
    with run.open_evaluator(
        replace(problem, wires=None), workers=options.workers, cluster=options.cluster, cache=not options.no_cache
    ) as evaluator:
        before = evaluator.evaluate([sizing])[0]
    with run.open_evaluator(
        post.problem, workers=options.workers, cluster=options.cluster, cache=not options.no_cache
    ) as evaluator:
        after = evaluator.evaluate([post.problem.space.initial])[0]
        found = costs(post, evaluator) if post.wires.pairs else None
    for one, evaluation in ((problem, before), (post.problem, after)):
        graded.append(score(one.specs, evaluation))
        results.append({result.spec: result_data(result) for result in graded[-1].results})
    if options.json:
        print_json(
            {
                "netlist": str(options.netlist),
                "notes": list(post.notes),
                "sizing": dict(sizing),
                "score": graded[1].value,
                "met": graded[1].met,
                "before": {
                    "score": graded[0].value,
                    "met": graded[0].met,
                    "specs": results[0],
                    **evaluation_data(before),
                },
                "after": {
                    "score": graded[1].value,
                    "met": graded[1].met,
                    "specs": results[1],
                    **evaluation_data(after),
                },
                "wires": post.wires.data(),
                "costs": plain(found.data()) if found else None,
            }
        )
    else:
        _tell(problem, post.notes, results, graded, found, [str(failure) for *_, failure in after.failures])
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
            status(after["met"], after["margin"]),
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
