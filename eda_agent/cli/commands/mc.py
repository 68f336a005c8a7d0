"""`eda-agent mc`: Monte Carlo over mismatch and process, with the yield of every spec."""

from __future__ import annotations

import argparse
import contextlib
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from eda_agent.cli.options import Commands, add_json, add_simulator, add_sizing, count, seed
from eda_agent.units import plain_number

if TYPE_CHECKING:
    from rich.console import RenderableType

    from eda_agent.simulation.montecarlo import MonteCarlo, Yield


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "mc",
        help="run Monte Carlo on one sizing",
        description="Simulate many samples of one sizing with device mismatch; report the yield of every spec.",
    )
    parser.add_argument("--samples", type=count, default=100, metavar="N", help="number of samples (default 100)")
    parser.add_argument("--seed", type=seed, default=0, metavar="S", help="seed of the samples (default 0)")
    parser.add_argument(
        "--process",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="vary the process between samples too (default: if the PDK has statistics)",
    )
    parser.add_argument(
        "--corner",
        metavar="NAME",
        help="a corner, or all: each sample counts in its worst corner (default: of a run the corner of the least"
        " margin, of a spec the first)",
    )
    add_sizing(parser)
    add_json(parser)
    add_simulator(parser)
    parser.set_defaults(func=mc_command)


def mc_command(options: argparse.Namespace) -> int:
    """Return 0 if every sample meets every spec, 1 if not."""
    from eda_agent import run
    from eda_agent.cli.nearest import nearest
    from eda_agent.cli.render import console, print_json, print_prose
    from eda_agent.cli.say import say
    from eda_agent.cli.selection import selection
    from eda_agent.errors import InputError
    from eda_agent.record.events import monte_carlo_data
    from eda_agent.run.offset import offset_of, rms, with_offset
    from eda_agent.simulation.montecarlo import monte_carlo, sample_decks
    from eda_agent.units import format_quantity

    chosen = selection(options)
    problem, sizing, least = with_offset(chosen.problem), chosen.sizing, chosen.least
    names = [corner.name for corner in problem.corners]
    if options.corner not in {None, "all", *names}:
        raise InputError(f"--corner {options.corner}: no such corner\n    → {nearest(options.corner, ('all', *names))}")
    corners = names if options.corner == "all" else [options.corner or (least[1] if least else names[0])]
    with (
        run.open_evaluator(
            problem, workers=options.workers, cluster=options.cluster, cache=not options.no_cache
        ) as evaluator,
        _counter(options.samples * len(sample_decks(evaluator, corners)), quiet=options.json) as tell,
    ):
        try:
            result = monte_carlo(evaluator, sizing, options.samples, options.seed, corners, options.process, tell)
        except KeyboardInterrupt:
            say("eda-agent: no sample was simulated in every testbench: there is nothing to keep")
            raise
    stopped = result.total.samples < options.samples
    if options.json:
        print_json(monte_carlo_data(result))
    else:
        screen = console(to_stdout=True)
        screen.print(table(result, screen.width))
        for line in remarks(result):
            print_prose(screen, line)
        total = result.total
        screen.print(
            f"\n{total.passed} of {total.samples} samples meet every spec in {_where(corners, least)}"
            f", with {'process and mismatch' if result.process else 'mismatch'}: yield {_share(total)}"
            + (f"; interrupted, {options.samples} were asked for" if stopped else ""),
            markup=False,
        )
        if (offset := offset_of(problem)) in result.values:
            known = [value for value in result.values[offset] if value is not None]
            print_prose(
                screen,
                f"input offset: {format_quantity(rms(known), 'V', 3)} rms over the samples (one sigma if its mean is"
                f" zero), at most {format_quantity(max(known, default=None), 'V', 3)}",
            )
    return 130 if stopped else 0 if result.total.passed == result.total.samples else 1


def _where(corners: list[str], least: tuple[str, str] | None) -> str:
    """The corners, and where one of a run stands to the corner of its least margin."""
    names = ", ".join(corners)
    if least is None or len(corners) > 1:
        return names
    spec, corner = least
    if corner in corners:
        return f"{names}, the corner of the least margin ({spec})"
    return f"{names} (the least margin, of {spec}, is in {corner})"


@contextlib.contextmanager
def _counter(total: int, *, quiet: bool) -> Iterator[Callable[[int], None] | None]:
    """Show on a terminal how many of all simulations are done and how long the others take."""
    from eda_agent.cli.render import console

    screen = console()
    if quiet or not screen.is_terminal:
        yield None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("Monte Carlo: {task.completed} of {task.total} simulations ·", markup=False),
        TimeRemainingColumn(compact=True),
        TextColumn("left · Ctrl-C keeps what is done", markup=False),
    )
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task("Monte Carlo", total=total)
        yield lambda number: progress.update(task, completed=number)


def _share(found: Yield) -> str:
    low, high = found.interval
    return f"{100 * found.share:.1f} % (95 %: {100 * low:.1f} to {100 * high:.1f} %)"


def table(result: MonteCarlo, width: int) -> RenderableType:
    """A table with one row per spec, in `width` columns of the screen. The lowest and the highest value, then Cpk (a
    third of the distance to the limit), then that distance are left out where there is too little room.
    """
    from eda_agent.cli.fitting import Column, fitting
    from eda_agent.record.labels import extremes, target_text
    from eda_agent.spec_text import cpk_text, sigmas_text, value_text
    from eda_agent.units import format_quantity

    rows = []
    # the magnitude of an offset that no spec bounds has no meaning as mean and sigma
    for spec in (one for one in result.specs if one.minimum is not None or one.maximum is not None):
        unit, sigmas = spec.shown_unit, result.sigmas(spec)
        mean, deviation = result.spread(spec.name)
        ends = extremes(list(zip(result.values[spec.name], result.bounds[spec.name], strict=True)))
        row = {"minimum": spec.minimum, "maximum": spec.maximum, "unit": unit}
        cells = [format_quantity(value, unit, 3, bound) for value, bound in ((mean, ""), (deviation, ""), *ends)]
        cells[0] = value_text(row, mean, inside=True)
        if mean and deviation == 0:
            # nothing has no prefix of its own: it has that of the mean
            cells[1] = f"0 {cells[0].partition(' ')[2]}".rstrip()
        known = math.isfinite(sigmas)
        cells += [f"{sigmas_text(sigmas)} σ" if known else "—", cpk_text(sigmas / 3) if known else "—"]
        rows.append([spec.name, target_text(row), *cells, _interval(result.yield_of(spec))])
    heads = ("spec", "target", "mean", "sigma", "min", "max", "to limit", "Cpk", "yield, 95 %")
    drops = {"min": 3, "max": 3, "Cpk": 2, "to limit": 1}
    columns = [
        Column(head, [row[place] for row in rows], "right" if place else "left", drops.get(head, 0))
        for place, head in enumerate(heads)
    ]
    return fitting(columns, width)


def remarks(result: MonteCarlo) -> list[str]:
    """One line for the specs with the same number of samples that have no value, or only a bound."""
    names: dict[str, list[str]] = {}
    for spec in result.specs:
        if said := _remark(result, spec.name):
            names.setdefault(said, []).append(spec.name)
    return [f"{said}: {', '.join(of)}" for said, of in names.items()]


def _remark(result: MonteCarlo, name: str) -> str:
    """How many samples have no value, or only a bound."""
    lost, censored = sum(value is None for value in result.values[name]), result.censored(name)
    return ", ".join([f"{lost} not measured"] * bool(lost) + [f"{censored} censored"] * bool(censored))


def _interval(found: Yield) -> str:
    """The share that passes and its interval, in %."""
    low, high = found.interval
    return f"{plain_number(100 * found.share, 3)} ({math.floor(100 * low)}–{math.ceil(100 * high)})"
