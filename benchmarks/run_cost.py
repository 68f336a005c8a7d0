"""A run's cost is its time outside the simulator, its memory, and the time to its first turn."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench

HERE = Path(__file__).parent


def sizings(problem: Problem, count: int, kind: str) -> list[dict[str, float]]:
    """Reproducible sizings: moves of a fiftieth of each range around the start, or jumps anywhere."""
    draw = random.Random(11)
    start = problem.space.to_unit(problem.space.initial)
    if kind == "moves":
        return [
            problem.space.from_unit([position + 0.02 * draw.uniform(-1, 1) for position in start]) for _ in range(count)
        ]
    return [problem.space.from_unit([draw.random() for _ in start]) for _ in range(count)]


def loop_overhead(budget: int) -> tuple[float, float]:
    """(ms a turn outside simulator and policy, ms a turn in all) of a whole run with its journal, on
    two_stage_miller."""
    from eda_agent.agent.policies.random import RandomPolicy
    from eda_agent.run import Request, size

    spent = {"simulator": 0.0, "policy": 0.0}

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*arguments: Any, **options: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                spent[name] += time.perf_counter() - start

        return wrapper

    marks: list[tuple[float, float]] = []  # time, and what was spent by then: a run also simulates after its last turn
    kept = LocalPool.run, RandomPolicy.propose
    LocalPool.run = timed("simulator", LocalPool.run)  # type: ignore[method-assign]  # timed from outside
    RandomPolicy.propose = timed("policy", RandomPolicy.propose)  # type: ignore[method-assign]  # timed from outside
    try:
        with tempfile.TemporaryDirectory() as folder:

            def listen(event: dict[str, Any]) -> None:
                if event["type"] in {"baseline", "turn.evaluated"}:
                    marks.append((time.perf_counter(), sum(spent.values())))

            size(
                Request(
                    HERE.parent / "circuits" / "two_stage_miller",
                    "random",
                    simulations=budget,
                    out=Path(folder) / "run",
                    cache=True,
                    seed=random.SystemRandom().randrange(10**6),
                ),
                listen,
            )
    finally:
        LocalPool.run, RandomPolicy.propose = kept  # type: ignore[method-assign]  # timed from outside
    whole, known = (marks[-1][place] - marks[0][place] for place in (0, 1))
    return 1e3 * (whole - known) / budget, 1e3 * whole / budget


def memory(problem: Problem, workbench: Workbench, count: int) -> list[tuple[int, float]]:
    """(simulations, resident MB of parent and worker) along the way."""

    def resident(pids: Sequence[int]) -> float:
        return (
            sum(
                int(line.split()[1])
                for pid in pids
                for line in Path(f"/proc/{pid}/status").read_text().splitlines()
                if line.startswith("VmRSS")
            )
            / 1024
        )

    result = []
    some = sizings(problem, 500, "jumps")
    with LocalPool(1) as pool:
        evaluator = Evaluator(problem, workbench, pool, NoCache())
        for start in range(0, count, 250):
            for sizing in some[start % 500 : start % 500 + 250]:
                evaluator.evaluate([sizing])
            result.append((start + 250, resident([os.getpid(), *pool.pids()])))
    return result


def first_turn(folder: Path) -> float:
    """Seconds from the command to the first simulated proposal."""
    environment = {**os.environ, "EDA_AGENT_CACHE": str(folder / "cache")}
    number = len(list(folder.iterdir()))
    command = [
        sys.executable,
        "-m",
        "eda_agent",
        "size",
        str(HERE.parent / "circuits" / "two_stage_miller"),
        "--budget",
        "1",
        "--seed",
        str(number),
        "--events",
        "--out",
        str(folder / f"run{number}"),
    ]
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if '"type":"turn.evaluated"' in line:
            took = time.perf_counter() - start
            break
    process.wait()
    return took
