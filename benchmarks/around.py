"""What is around the loop: init, a sweep of 17 corners against one, a report of a long run; prints Markdown.

python benchmarks/around.py
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from eda_agent.problem.load import load_problem
from eda_agent.problem.load_corners import named_set
from eda_agent.run import Request, size
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench

HERE = Path(__file__).parent
CIRCUITS = HERE.parent / "circuits"


def command(*arguments: str) -> float:
    """Seconds of a command, as a whole process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "eda_agent", *arguments], check=False, capture_output=True)
    return time.perf_counter() - start


def sweep(name: str, workers: int) -> tuple[float, float]:
    """(seconds an evaluation in the nominal corner, in all 17), from the middle of several sizings near the known
    one."""
    problem = load_problem(CIRCUITS / name)
    problem = replace(
        problem,
        corners=named_set("signoff", problem.pdk),
        specs=tuple(replace(spec, corners=()) for spec in problem.specs),
    )
    known = problem.space.to_unit(json.loads((CIRCUITS / name / "known.json").read_text())["sizing"])
    sizings = [problem.space.from_unit([position + 0.004 * step for position in known]) for step in range(-8, 9)]
    with LocalPool(workers) as pool:
        evaluator = Evaluator(problem, Workbench(problem, cache_folder() / "models"), pool, NoCache())
        evaluator.evaluate(sizings[:2])
        one, all_ = [], []
        for sizing in sizings[2:]:
            start = time.perf_counter()
            evaluator.evaluate([sizing], ["nominal"])
            middle = time.perf_counter()
            evaluator.evaluate([sizing])
            one.append(middle - start)
            all_.append(time.perf_counter() - middle)
    return statistics.median(one), statistics.median(all_)


def main() -> None:
    print("| what | goal | measured |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        times = []
        for name in ("two_stage_miller", "class_ab_output", "ring_vco"):
            times.append(
                (name, command("init", str(CIRCUITS / name / f"{name}.spice"), "--out", f"{folder}/{name}", "--no-sim"))
            )
        print(
            "| `init` without simulation | < 3 s |"
            f" {', '.join(f'{seconds:.2f} s ({name})' for name, seconds in times)} |"
        )
        for name in ("two_stage_miller", "ldo"):
            nominal, one = sweep(name, 1)
            _, two = sweep(name, 2)
            print(
                f"| 17 corners of {name}, to 17 × the nominal one (one worker) | ≤ 1.10 | {one / 17 / nominal:.2f}"
                f" ({1e3 * nominal:.1f} ms nominal) |"
            )
            print(f"| the same sweep, one worker to two | scales | {one / two:.2f} × |")
        run = Path(folder) / "run"
        size(Request(CIRCUITS / "ota_5t", "random", simulations=1000, out=run, seed=4))
        print(
            f"| `report` of a run of 1000 turns | < 5 s | {command('report', str(run)):.2f} s,"
            f" {command('report', str(run), '--no-sim'):.2f} s without waveforms"
            f" ({os.path.getsize(run / 'report.html') / 1e3:.0f} kB) |"
        )


if __name__ == "__main__":
    main()
