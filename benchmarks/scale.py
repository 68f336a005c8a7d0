"""How simulations scale with workers, on one machine and on a Ray cluster, and what of the work stays with the one
process that asks.

    python benchmarks/scale.py [--out benchmarks/results/scale.json]

Three minutes. `driver` is the CPU time of the process that asks, in ms a simulation: its inverse is the most that any
number of machines can be kept busy with.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eda_agent.agent.env import Environment
from eda_agent.agent.policies.registry import make_policy
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.record.events import Stream
from eda_agent.record.journal import Journal
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.executor import Executor
from eda_agent.simulation.executors import open_pool
from eda_agent.simulation.workbench import Workbench

CIRCUITS = Path(__file__).parent.parent / "circuits"
CIRCUIT = "two_stage_miller"
SIZINGS = 120
WORKERS = (1, 2, 4)
TURNS = 24


def rate(
    problem: Problem, workbench: Workbench, executor: Executor, sizings: list[dict[str, float]]
) -> dict[str, float]:
    """Simulations a second, and the driver's CPU time for one."""
    evaluator = Evaluator(problem, workbench, executor, NoCache())
    # everyone has started and knows the decks
    evaluator.evaluate(sizings[: 4 * executor.size])
    begin, cpu = time.perf_counter(), time.process_time()
    found = evaluator.evaluate(sizings)
    seconds, busy = time.perf_counter() - begin, time.process_time() - cpu
    jobs = sum(evaluation.jobs for evaluation in found)
    simulating = sum(evaluation.seconds for evaluation in found)
    return {
        "simulations": jobs,
        "simulations/s": jobs / seconds,
        "ms in ngspice": simulating / jobs * 1e3,
        "driver, ms": busy / jobs * 1e3,
    }


def curve(problem: Problem, workbench: Workbench, cluster: str | None) -> dict[int, dict[str, float]]:
    draw = random.Random(3)
    sizings = [problem.space.from_unit([draw.random() for _ in problem.space.parameters]) for _ in range(SIZINGS)]
    rows = {}
    for workers in WORKERS:
        with contextlib.closing(open_pool(workers, cluster)) as executor:
            rows[workers] = rate(problem, workbench, executor, sizings)
        print(
            cluster or "this machine",
            workers,
            {name: round(value, 3) for name, value in rows[workers].items()},
            flush=True,
        )
    return rows


def timed(work: Callable[[], object], times: int) -> float:
    """Median, in ms."""
    found = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        found.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(found)


def serial(problem: Problem, workbench: Workbench) -> dict[str, float]:
    """What one process does between simulations, in ms."""
    result = {"decks of a problem": timed(lambda: Workbench(problem, cache_folder() / "models"), 5)}
    with contextlib.closing(open_pool(2)) as executor, tempfile.TemporaryDirectory() as name:
        evaluator = Evaluator(problem, workbench, executor, NoCache())
        env = Environment(problem, evaluator)
        turn = env.start()
        draw = random.Random(1)
        result["texts of one evaluation"] = timed(
            lambda: evaluator.begin([problem.space.from_unit([draw.random() for _ in problem.space.parameters])]), 50
        )
        with contextlib.closing(Journal(Path(name) / "journal.jsonl")) as journal:
            stream = Stream(journal.append)
            result["journal, a turn"] = timed(lambda: stream.emit("turn.evaluated", turn=turn), 200)
        for policy in ("random", "embedded", "trust", "auto"):
            player = make_policy(policy, 0, {})
            env = Environment(problem, evaluator)
            env.start()
            times = []
            for _ in range(TURNS):
                begin = time.perf_counter()
                proposal = player.propose(env.history)
                times.append((time.perf_counter() - begin) * 1e3)
                env.step(proposal)
            result[f"proposal of {policy}"] = statistics.median(times[TURNS // 2 :])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    problem = load_problem(CIRCUITS / CIRCUIT)
    workbench = Workbench(problem, cache_folder() / "models")
    found: dict[str, Any] = {
        "circuit": CIRCUIT,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "corners": len(problem.corners),
    }
    found["serial, ms"] = serial(problem, workbench)
    found["this machine"] = curve(problem, workbench, None)
    found["ray"] = curve(problem, workbench, "local")
    print(
        "\n| workers | this machine, simulations/s | × | driver, ms | Ray, simulations/s | × | driver, ms |\n| --- |"
        " --- | --- | --- | --- | --- | --- |"
    )
    one, other = found["this machine"], found["ray"]
    for workers in WORKERS:
        a, b = one[workers], other[workers]
        print(
            f"| {workers} | {a['simulations/s']:.0f} | {a['simulations/s'] / one[1]['simulations/s']:.2f} |"
            f" {a['driver, ms']:.2f} | {b['simulations/s']:.0f} | {b['simulations/s'] / other[1]['simulations/s']:.2f}"
            f" | {b['driver, ms']:.2f} |"
        )
    print("\n| the one process, ms | |\n| --- | --- |")
    for what, value in found["serial, ms"].items():
        print(f"| {what} | {value:.2f} |")
    if options.out:
        options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
