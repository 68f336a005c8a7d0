"""`eda-agent mc`: Monte Carlo over mismatch and process, with the yield of every spec."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from eda_agent.cli.options import Commands, add_json, add_simulator, add_sizing, count

if TYPE_CHECKING:
    from rich.table import Table

    from eda_agent.simulation.montecarlo import MonteCarlo, Yield


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "mc",
        help="run Monte Carlo on one sizing",
        description="Simulate many samples of one sizing with device mismatch; report the yield of every spec.",
    )
    parser.add_argument("--samples", type=count, default=100, metavar="N", help="number of samples (default 100)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the samples (default 0)")
    parser.add_argument(
        "--process",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="vary the process between samples too (default: if the PDK has statistics)",
    )
    parser.add_argument("--corner", metavar="NAME", help="corner, or all for the worst corner (default: the first)")
    add_sizing(parser)
    add_json(parser)
    add_simulator(parser)
    parser.set_defaults(func=mc_command)


def mc_command(options: argparse.Namespace) -> int:
    """Return 0 if every sample meets every spec, 1 if not."""
    from eda_agent import run
    from eda_agent.cli.render import console, print_json
    from eda_agent.cli.selection import selected
    from eda_agent.errors import InputError
    from eda_agent.record.events import monte_carlo_data
    from eda_agent.simulation.montecarlo import monte_carlo

    problem, sizing = selected(options)
    names = [corner.name for corner in problem.corners]
    if options.corner not in {None, "all", *names}:
        raise InputError(f"--corner {options.corner}: no such corner\n    → all, or one of {', '.join(names)}")
    corners = names if options.corner == "all" else [options.corner or names[0]]
    with run.open_evaluator(
        problem, workers=options.workers, cluster=options.cluster, cache=not options.no_cache
    ) as evaluator:
        result = monte_carlo(evaluator, sizing, options.samples, options.seed, corners, options.process)
    if options.json:
        print_json(monte_carlo_data(result))
    else:
        screen = console(to_stdout=True)
        screen.print(table(result))
        total = result.total
        screen.print(
            f"\n{total.passed} of {total.samples} samples meet every spec in {', '.join(corners)}"
            f" ({'process and mismatch' if result.process else 'mismatch'}): yield {_share(total)}",
            markup=False,
        )
    return 0 if result.total.passed == result.total.samples else 1


def _share(found: Yield) -> str:
    low, high = found.interval
    return f"{100 * found.share:.1f} % (95 %: {100 * low:.1f} to {100 * high:.1f} %)"


def table(result: MonteCarlo) -> Table:
    """A table with one row per spec."""
    from rich.table import Table

    from eda_agent.record.labels import extremes, target_text
    from eda_agent.units import format_quantity

    rows = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for name in ("spec", "target", "mean", "deviation", "lowest", "highest", "yield", ""):
        rows.add_column(name, justify="left" if name == "spec" else "right", no_wrap=True)
    for spec in result.specs:
        unit = spec.shown_unit
        mean, deviation = result.spread(spec.name)
        low, high = extremes(list(zip(result.values[spec.name], result.bounds[spec.name], strict=True)))
        target = target_text({"minimum": spec.minimum, "maximum": spec.maximum, "unit": unit})
        cells = [format_quantity(value, unit, 3, bound) for value, bound in ((mean, ""), (deviation, ""), low, high)]
        censored = result.censored(spec.name)
        rows.add_row(
            spec.name,
            target,
            *cells,
            f"{100 * result.yield_of(spec).share:.1f} %",
            f"{censored} censored" if censored else "",
        )
    return rows
