"""`eda-agent bench`: compare policies on a suite, resumably, with a table and curves."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eda_agent.cli.options import Commands, add_cluster, add_json, count

if TYPE_CHECKING:
    from eda_agent import bench


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "bench",
        help="compare policies",
        description=(
            "Run policies × circuits × targets × seeds with equal simulation budgets. The same command continues a"
            " stopped benchmark."
        ),
    )
    parser.add_argument(
        "suite",
        help="all, learned, unseen, fresh, one shipped circuit, a YAML file, or the folder of AnalogGym or"
        " AMS-SizingBench",
    )
    parser.add_argument(
        "--policy", default="auto,trust,tpe,random", metavar="A,B", help="policies (default auto,trust,tpe,random)"
    )
    parser.add_argument("--budget", type=count, default=50, metavar="N", help="simulations per run (default 50)")
    parser.add_argument("--seeds", type=count, default=3, metavar="K", help="number of seeds (default 3)")
    parser.add_argument("--targets", type=count, default=1, metavar="T", help="targets per circuit (default 1)")
    parser.add_argument("--workers", type=count, metavar="N", help="parallel runs (default: one per core)")
    add_cluster(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the results (default runs/bench-SUITE)")
    parser.add_argument("--check", action="store_true", help="only list which circuits of a folder can run")
    add_json(parser)
    parser.set_defaults(func=bench_command)


def bench_command(options: argparse.Namespace) -> int:
    """Return 0 when the bench is complete."""
    from eda_agent import bench
    from eda_agent.bench.picture import picture
    from eda_agent.cli.render import console, print_json
    from eda_agent.errors import InputError
    from eda_agent.files import write_text

    policies = [name.strip() for name in options.policy.split(",") if name.strip()]
    if not policies:
        raise InputError("--policy names no policy\n    → for example --policy trust,tpe")
    folder = options.out or Path("runs") / f"bench-{Path(options.suite).resolve().name}"
    suite = _public(options, folder) if Path(options.suite).is_dir() else bench.read_suite(options.suite)
    if options.check:
        return 0
    jobs = bench.jobs_of(suite, policies, options.seeds, options.budget, options.targets)
    rows = _with_progress(jobs, folder / "results.jsonl", options.workers, options.cluster, quiet=options.json)
    errors = [row for row in rows if "error" in row]
    table = bench.markdown(rows)
    write_text(folder / "table.md", table)
    write_text(folder / "curves.svg", picture(rows))
    if options.json:
        print_json(
            {
                "runs": len(rows),
                "errors": len(errors),
                "table": str(folder / "table.md"),
                "curves": str(folder / "curves.svg"),
            }
        )
    else:
        screen = console(to_stdout=True)
        screen.print(table, markup=False, soft_wrap=True)
        for row in errors[:3]:
            screen.print(f"! {row['key']}: {row['error']}", markup=False, soft_wrap=True)
        screen.print(
            f"results  {folder / 'results.jsonl'}\ntable    {folder / 'table.md'}\ncurves   {folder / 'curves.svg'}",
            markup=False,
            soft_wrap=True,
        )
    return 0


def _public(options: argparse.Namespace, folder: Path) -> bench.Suite:
    """The circuits of a public suite in a folder of the user's; says which of them run."""
    from eda_agent.bench.public import read_public, status_table
    from eda_agent.cli.render import console, print_json
    from eda_agent.files import write_text

    screen = console()
    suite, circuits = read_public(
        Path(options.suite), folder / "circuits", lambda name: screen.print(f"reading {name}", markup=False)
    )
    table = status_table(circuits)
    write_text(folder / "circuits.md", table)
    if not options.json:
        console(to_stdout=True).print(table, markup=False, soft_wrap=True)
    elif options.check:
        rows = [{"name": one.name, "runs": one.spec is not None, "why": one.why, "ours": one.ours} for one in circuits]
        print_json({"circuits": rows})
    return suite


def _with_progress(
    jobs: list[bench.Job], results: Path, workers: int | None, cluster: str | None, *, quiet: bool
) -> list[dict[str, Any]]:
    from eda_agent import bench
    from eda_agent.cli.render import console

    screen = console()
    if quiet or not screen.is_terminal:

        def tell(done: int, of: int, row: dict[str, Any] | None) -> None:
            if not quiet and row is not None and (done % 20 == 0 or done == of):
                screen.print(f"{done}/{of} runs", markup=False)

        return bench.run_bench(jobs, results, workers, tell, cluster)
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        BarColumn(bar_width=40),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[state]}"),
    )
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task("bench", total=len(jobs), state="")

        def show(done: int, of: int, row: dict[str, Any] | None) -> None:
            state = (
                ""
                if row is None
                else f"{row['circuit']} {row['policy']}: {row['curve'][-1] if row['curve'] else 0:.3f}"
            )
            progress.update(task, completed=done, total=of, state=state)

        return bench.run_bench(jobs, results, workers, show, cluster)
