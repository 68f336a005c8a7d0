"""Speed of the simulator and of the agent's loop, as ratios within one run; prints Markdown.

    python -m benchmarks.speed            everything (about four minutes on two cores)
    python -m benchmarks.speed --quick    fewer repetitions

The circuit is two_stage_miller on SKY130 in one corner, op + ac (201 points). "Moves" are sizings near the last one,
"jumps" are anywhere in the ranges. The bare loop is libngspice through ctypes with the same decks and the same
outputs read, knowing already what may be altered.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bare_loop import bare_loop, jobs_of, new_process_each
from benchmarks.run_cost import first_turn, loop_overhead, memory, sizings
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench

HERE = Path(__file__).parent
Rates = dict[str, dict[str, float]]
"""Kind of sizings → way to simulate → ms a simulation."""


def evaluate_rate(problem: Problem, workbench: Workbench, some: Sequence[dict[str, float]], workers: int) -> float:
    """Seconds for these sizings through `Evaluator.evaluate`, in one call a sizing (one worker) or in one call
    (several)."""
    with LocalPool(workers) as pool:
        evaluator = Evaluator(problem, workbench, pool, NoCache())
        evaluator.evaluate(list(some[:1]) * 2 * workers)
        start = time.perf_counter()
        if workers == 1:
            for sizing in some[1:]:
                evaluator.evaluate([sizing])
        else:
            evaluator.evaluate(some[1:])
        return time.perf_counter() - start


def rates(problem: Problem, workbench: Workbench, nodeset: dict[str, float], quick: bool) -> Rates:
    """Times by kind of sizings."""
    count = 100 if quick else 400
    rows: Rates = {}
    for kind in ("moves", "jumps"):
        some = sizings(problem, count, kind)
        jobs = jobs_of(workbench, nodeset, some)
        # interleaved, and the middle of several: the machine is not ours alone
        bare, one, two = [], [], []
        for _ in range(3 if quick else 5):
            bare.append(bare_loop(jobs))
            one.append(evaluate_rate(problem, workbench, some, 1))
            two.append(evaluate_rate(problem, workbench, some, 2))
        each = new_process_each(jobs[:20], "text") / 20 * (count - 1)
        foundry = new_process_each(jobs[:6], "foundry") / 6 * (count - 1)
        times = {
            "bare loop": statistics.median(bare),
            "one worker": statistics.median(one),
            "two workers": statistics.median(two),
            "ngspice -b": each,
            "foundry": foundry,
        }
        rows[kind] = {name: 1e3 * seconds / (count - 1) for name, seconds in times.items()}
    return rows


def print_rates(rows: Rates) -> None:
    """The rates and their ratios as tables."""
    print(
        "| op + ac, ms a simulation | bare libngspice loop | `evaluate`, one worker | two workers | new `ngspice -b`"
        " each, our cut deck | the same, the foundry's library |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for kind, row in rows.items():
        print(
            f"| {kind} | {row['bare loop']:.2f} | {row['one worker']:.2f} | {row['two workers']:.2f} |"
            f" {row['ngspice -b']:.1f} | {row['foundry']:.0f} |"
        )
    print("\n| ratio | goal | moves | jumps |\n| --- | --- | --- | --- |")
    for name, goal, above, below in (
        ("rate of `evaluate`, one worker, to the bare loop", "≥ 0.8", "bare loop", "one worker"),
        ("rate of `evaluate`, one worker, to `ngspice -b` with the foundry's library", "≥ 10", "foundry", "one worker"),
        ("the same to `ngspice -b` with our cut deck", "≥ 10", "ngspice -b", "one worker"),
        ("rate of two workers to one", "≥ 1.8", "one worker", "two workers"),
    ):
        print(
            f"| {name} | {goal} | {rows['moves'][above] / rows['moves'][below]:.2f} |"
            f" {rows['jumps'][above] / rows['jumps'][below]:.2f} |"
        )


def print_cost(problem: Problem, workbench: Workbench, quick: bool) -> None:
    """What a run costs beside the simulator, as a table."""
    overhead, whole = loop_overhead(40 if quick else 150)
    marks = memory(problem, workbench, 1000 if quick else 5000)
    settled = [size for _, size in marks]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cold, warm = first_turn(folder), statistics.median(first_turn(folder) for _ in range(3))
    print("\n| what | goal | measured |\n| --- | --- | --- |")
    print(f"| agent loop outside simulator and policy, a turn | ≤ 2 ms | {overhead:.2f} ms of {whole:.0f} ms |")
    print(
        f"| resident memory (parent and one worker) over {marks[-1][0]} simulations | ±10 % |"
        f" {min(settled):.0f}–{max(settled):.0f} MB ({100 * (max(settled) / min(settled) - 1):.1f} %) |"
    )
    print(f"| from the command to the first simulated proposal | | {warm:.2f} s (first time ever {cold:.2f} s) |")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    problem = load_problem(HERE / "speed.yaml")
    workbench = Workbench(problem, cache_folder() / "models")
    with LocalPool(1) as pool:
        nodeset = next(iter(Evaluator(problem, workbench, pool, NoCache()).prepare().values())).nodeset
        version = pool.version
    print(f"ngspice {version}, Python {sys.version.split()[0]}, {os.cpu_count()} cores\n")
    print_rates(rates(problem, workbench, nodeset, options.quick))
    print_cost(problem, workbench, options.quick)


if __name__ == "__main__":
    main()
