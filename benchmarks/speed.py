"""Speed of the simulator and of the agent's loop, as ratios within one run; prints Markdown.

    python benchmarks/speed.py            everything (about four minutes on two cores)
    python benchmarks/speed.py --quick    fewer repetitions

The circuit is two_stage_miller on SKY130 in one corner, op + ac (201 points). "Moves" are sizings near the last one,
"jumps" are anywhere in the ranges. The bare loop is libngspice through ctypes with the same decks and the same
outputs read, knowing already what may be altered.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from eda_agent.problem.load import load_problem
from eda_agent.problem.pdk.cut import read_cards
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.device_values import OPERATING_POINT
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.ngspice import find_library
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


def bare_loop(jobs: Sequence[dict[str, Any]]) -> float:
    """Seconds for these jobs in libngspice alone; runs in a process of its own, since there is one libngspice in a
    process."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(jobs, file)
        file.flush()
        done = subprocess.run(
            [sys.executable, __file__, "--bare", file.name], capture_output=True, text=True, check=True
        )
    return float(done.stdout.strip().splitlines()[-1])


def bare_main(path: str) -> None:
    """The bare loop itself: ctypes, no PySpice, no measurement, nothing of this package."""
    jobs = json.loads(Path(path).read_text())
    library = ctypes.CDLL(find_library())
    quiet = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)(lambda *_: 0)
    leave = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_bool, ctypes.c_bool, ctypes.c_int, ctypes.c_void_p)(
        lambda *_: 0
    )
    library.ngSpice_Init(quiet, quiet, leave, None, None, None, None)
    library.ngGet_Vec_Info.restype = ctypes.c_void_p

    def command(text: str) -> None:
        library.ngSpice_Command(text.encode())

    command("set num_threads=1")
    loaded: set[str] = set()
    values: dict[tuple[str, str], float] = {}
    start = 0.0
    for number, job in enumerate(jobs):
        if number == 1:  # the first one warms up
            start = time.perf_counter()
        if not loaded or not set(job["cards"]) <= loaded:
            if loaded:
                command("remcirc")
            lines = [line.encode() for line in job["text"].split("\n")]
            library.ngSpice_Circ((ctypes.c_char_p * (len(lines) + 1))(*lines, None))
            loaded, values = (
                set(job["cards"]),
                {(device, parameter): value for device, parameter, value in job["alterations"]},
            )
        for device, parameter, value in job["alterations"]:
            if values.get((device, parameter)) != value:
                command(f"alter @{device}[{parameter}]={value!r}")
                values[device, parameter] = value
        command("op")
        command(job["show"])  # the operating points, as a worker reads them
        library.ngGet_Vec_Info(b"vvdd#branch")
        command("ac dec 20 1 10g")
        for vector in (b"frequency", b"out"):
            if not library.ngGet_Vec_Info(vector):
                raise SystemExit("the bare loop got no result")
        command("destroy all")
    print(time.perf_counter() - start)


def jobs_of(workbench: Workbench, nodeset: dict[str, float], some: Sequence[dict[str, float]]) -> list[dict[str, Any]]:
    """The decks as the workers get them, as whole texts."""
    deck = workbench.decks[0]
    cards = read_cards(deck.library.models.read_text())
    nodes = "".join(f".nodeset v({name})={value!r}\n" for name, value in nodeset.items())
    result = []
    for sizing in some:
        instance = workbench.instance(sizing)
        wanted = deck.library.needed(instance.parts.devices)
        # the plain way: bins under their own names, chosen by ngspice
        flat = re.sub(r"_bin\d+ ", " ", instance.flat(deck))
        text = f"{deck.title}{''.join(cards[name].rstrip() + chr(10) for name in wanted)}{flat}{deck.tail}{nodes}.end"
        uncut = f".lib {workbench.problem.pdk.library()} tt\n"
        result.append(
            {
                "text": text,
                "foundry": f"{deck.title}{uncut}{instance.circuit}{deck.call}{deck.tail}{nodes}.end",
                "show": f"show {' '.join(name for name, _, _ in deck.devices)} : {' '.join(OPERATING_POINT)}",
                "cards": wanted,
                "alterations": instance.parts.alterations,
            }
        )
    return result


def new_process_each(jobs: Sequence[dict[str, Any]], text: str) -> float:
    """Seconds for one `ngspice -b` per simulation, writing a raw file. `text`: which text of a job is the deck."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deck.spice"
        for job in jobs:
            path.write_text(job[text].removesuffix(".end") + ".op\n.ac dec 20 1 10g\n.save v(out) i(vvdd)\n.end\n")
            subprocess.run(
                ["ngspice", "-b", "-r", f"{folder}/out.raw", str(path)], capture_output=True, check=False, cwd=folder
            )
            if not Path(f"{folder}/out.raw").stat().st_size:
                raise SystemExit("ngspice -b gave no result")
    return time.perf_counter() - start


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

    marks: list[float] = []
    kept = LocalPool.run, RandomPolicy.propose
    LocalPool.run = timed("simulator", LocalPool.run)  # type: ignore[method-assign]  # timed from outside
    RandomPolicy.propose = timed("policy", RandomPolicy.propose)  # type: ignore[method-assign]  # timed from outside
    try:
        with tempfile.TemporaryDirectory() as folder:

            def listen(event: dict[str, Any]) -> None:
                if event["type"] == "baseline":
                    spent.update(simulator=0.0, policy=0.0)
                if event["type"] in {"baseline", "turn.evaluated"}:
                    marks.append(time.perf_counter())

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
    whole = marks[-1] - marks[0]
    return 1e3 * (whole - sum(spent.values())) / budget, 1e3 * whole / budget


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


def first_turn(folder: Path, *, cold: bool) -> float:
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
    del cold
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if '"type":"turn.evaluated"' in line:
            took = time.perf_counter() - start
            break
    process.wait()
    return took


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--bare", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        bare_main(options.bare)
        return
    problem = load_problem(HERE / "speed.yaml")
    workbench = Workbench(problem, cache_folder() / "models")
    with LocalPool(1) as pool:
        nodeset = next(iter(Evaluator(problem, workbench, pool, NoCache()).prepare().values())).nodeset
        version = pool.version
    count = 100 if options.quick else 400
    rows = []
    for kind in ("moves", "jumps"):
        some = sizings(problem, count, kind)
        jobs = jobs_of(workbench, nodeset, some)
        # interleaved, and the middle of several: the machine is not ours alone
        bare, one, two = [], [], []
        for _ in range(3 if options.quick else 5):
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
        rows.append((kind, {name: 1e3 * seconds / (count - 1) for name, seconds in times.items()}))
    print(f"ngspice {version}, Python {sys.version.split()[0]}, {os.cpu_count()} cores\n")
    print(
        "| op + ac, ms a simulation | bare libngspice loop | `evaluate`, one worker | two workers | new `ngspice -b`"
        " each, our cut deck | the same, the foundry's library |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for kind, row in rows:
        print(
            f"| {kind} | {row['bare loop']:.2f} | {row['one worker']:.2f} | {row['two workers']:.2f} |"
            f" {row['ngspice -b']:.1f} | {row['foundry']:.0f} |"
        )
    print("\n| ratio | goal | moves | jumps |\n| --- | --- | --- | --- |")
    table = dict(rows)
    for name, goal, above, below in (
        ("rate of `evaluate`, one worker, to the bare loop", "≥ 0.8", "bare loop", "one worker"),
        ("rate of `evaluate`, one worker, to `ngspice -b` with the foundry's library", "≥ 10", "foundry", "one worker"),
        ("the same to `ngspice -b` with our cut deck", "≥ 10", "ngspice -b", "one worker"),
        ("rate of two workers to one", "≥ 1.8", "one worker", "two workers"),
    ):
        print(
            f"| {name} | {goal} | {table['moves'][above] / table['moves'][below]:.2f} |"
            f" {table['jumps'][above] / table['jumps'][below]:.2f} |"
        )
    overhead, whole = loop_overhead(40 if options.quick else 150)
    marks = memory(problem, workbench, 1000 if options.quick else 5000)
    settled = [size for _, size in marks]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cold, warm = first_turn(folder, cold=True), statistics.median(first_turn(folder, cold=False) for _ in range(3))
    print("\n| what | goal | measured |\n| --- | --- | --- |")
    print(f"| agent loop outside simulator and policy, a turn | ≤ 2 ms | {overhead:.2f} ms of {whole:.0f} ms |")
    print(
        f"| resident memory (parent and one worker) over {marks[-1][0]} simulations | ±10 % |"
        f" {min(settled):.0f}–{max(settled):.0f} MB ({100 * (max(settled) / min(settled) - 1):.1f} %) |"
    )
    print(f"| from the command to the first simulated proposal | | {warm:.2f} s (first time ever {cold:.2f} s) |")


if __name__ == "__main__":
    main()
