"""`eda-agent sim --batch`: many sizings in one call, as a table or as one JSON object."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

from rich.table import Table

from eda_agent import run
from eda_agent.cli.render import console, print_json
from eda_agent.cli.spec_table import spec_table
from eda_agent.errors import Finding, InputError
from eda_agent.files import read_file
from eda_agent.problem.spec import Problem
from eda_agent.record import labels
from eda_agent.run.batch import batch_result, read_batch
from eda_agent.run.measure import measure
from eda_agent.units import format_score


def simulate_batch(options: argparse.Namespace, problem: Problem, start: Mapping[str, float]) -> int:
    """Simulate every sizing of the file. Return 0 if one of them meets every spec, 1 if none does."""
    try:
        text = sys.stdin.read() if str(options.batch) == "-" else read_file(options.batch).decode(errors="replace")
    except OSError as error:
        raise InputError(
            Finding(
                f"cannot read the batch: {error.strerror}",
                options.batch,
                fix="check the path of --batch, or - for stdin",
            )
        ) from None
    entries = read_batch(text, problem, start, options.batch)
    with run.open_evaluator(
        problem, workers=options.workers, cluster=options.cluster, cache=not options.no_cache
    ) as evaluator:
        found = measure(problem, evaluator, [entry.sizing for entry in entries])
    told = batch_result(problem, entries, found)
    if options.json:
        print_json(told)
        return 0 if told["met"] else 1
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    table.add_column("sizing")
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("misses")
    for row in told["results"]:
        missed = [name for name, result in row["specs"].items() if not result["met"]]
        table.add_row(row["name"], format_score(row["score"]), ", ".join(missed) or "nothing")
    screen = console(to_stdout=True)
    screen.print(table)
    best = told["results"][told["best"]]
    screen.print(f"\nbest: {best['name']}\n")
    corners = [corner.name for corner in problem.corners]
    screen.print(spec_table(labels.spec_table(problem), best["specs"], corners, best, screen.width))
    for remark in best["unsound"]:
        screen.print(f"! {remark}", markup=False, soft_wrap=True)
    return 0 if told["met"] else 1
