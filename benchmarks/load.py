"""What long and crowded runs cost: eight at once, a cache of 100,000 results, a day of turns, a journal of 100,000.

    python benchmarks/load.py [--out benchmarks/results/load.json]

Ten minutes. Times are medians of this machine; the goals stand beside them.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from eda_agent.agent.control import Control
from eda_agent.agent.env import Environment
from eda_agent.agent.loop import Loop
from eda_agent.agent.policies.registry import make_policy
from eda_agent.problem.load import load_problem
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Budget, Problem
from eda_agent.record.events import Stream
from eda_agent.record.journal import Journal, read_journal
from eda_agent.record.locked_jsonl import whole_length
from eda_agent.record.restore import restore_state, restore_turns
from eda_agent.run import open_evaluator
from eda_agent.simulation.cache import Cache
from eda_agent.simulation.evaluation import Evaluation

CIRCUITS = Path(__file__).parent.parent / "circuits"
RUNS, SECONDS = 8, 45.0
RESULTS, LOOKS = 100_000, 5_000
TURN = 2.0
"""Seconds of simulated time a turn: three corners of an op-amp on two cores."""
DAY = 86_400.0
TURNS = 100_000


def crowd(folder: Path) -> dict[str, Any]:
    """Turns of eight runs side by side, each with a worker a core, after the same time."""
    command = [
        sys.executable,
        "-m",
        "eda_agent",
        "size",
        str(CIRCUITS / "ota_5t"),
        "--policy",
        "random",
        "--budget",
        "1000000",
        "--no-cache",
    ]

    def start(number: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*command, "--seed", str(number), "--out", str(folder / f"run{number}")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def turns(runs: Sequence[int], seconds: float) -> list[int]:
        processes = [start(number) for number in runs]
        # counted from when all of them simulate
        while not all((folder / f"run{number}" / "journal.jsonl").exists() for number in runs):
            time.sleep(0.1)
        time.sleep(5.0)
        before = [
            (folder / f"run{number}" / "journal.jsonl").read_bytes().count(b'"turn.evaluated"') for number in runs
        ]
        time.sleep(seconds)
        after = [(folder / f"run{number}" / "journal.jsonl").read_bytes().count(b'"turn.evaluated"') for number in runs]
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()
        return [late - early for early, late in zip(before, after, strict=True)]

    alone = turns([99], SECONDS / 3)[0] / (SECONDS / 3)
    counts = turns(list(range(RUNS)), SECONDS)
    return {
        "runs": RUNS, "turns": counts, "fewest to most": min(counts) / max(counts), "turns/s of one run alone": alone,
        "turns/s of all together": sum(counts) / SECONDS,
    }  # fmt: skip


def cache(folder: Path, problem: Problem) -> dict[str, Any]:
    """Look-ups among 100,000 results of the size that results have."""
    with open_evaluator(problem, cache=False, workers=1) as evaluator:
        pending = evaluator.begin([problem.space.initial])
        reply = evaluator.executor.run(pending.tasks[:1])[0]
    store = Cache(folder / "results.sqlite")
    begin = time.perf_counter()
    for number in range(RESULTS):
        store.put(f"{number:064x}", {**reply, "number": number})
    filled = time.perf_counter() - begin
    store.close()
    store = Cache(folder / "results.sqlite")
    draw = random.Random(0)
    times = []
    for _ in range(LOOKS):
        number = draw.randrange(RESULTS)
        begin = time.perf_counter()
        found = store.get(f"{number:064x}")
        times.append(time.perf_counter() - begin)
        assert found is not None and found["number"] == number
    store.close()
    times.sort()
    return {
        "results": RESULTS, "MB": (folder / "results.sqlite").stat().st_size / 1e6, "put, ms": filled / RESULTS * 1e3,
        "look-up, ms": statistics.median(times) * 1e3, "slowest of 100, ms": times[int(0.99 * len(times))] * 1e3,
    }  # fmt: skip


class Instant:
    """Answers at once with what one design measured, each number off by some factor: only what is around a simulation
    is left."""

    def __init__(self, base: Evaluation):
        self.base, self.draw = base, random.Random(0)

    def evaluate(self, sizings: Sequence[Sizing], corners: Collection[str] | None = None) -> list[Evaluation]:
        return [self._one() for _ in sizings]

    def _one(self) -> Evaluation:
        def off(row: Mapping[str, float | None]) -> dict[str, float | None]:
            return {name: None if value is None else value * self.draw.uniform(0.5, 1.5) for name, value in row.items()}

        points = {
            name: replace(point, id=point.id * self.draw.uniform(0.5, 1.5), gm=point.gm * 1.01)
            for name, point in self.base.operating_points.items()
        }
        return replace(
            self.base, values={corner: off(row) for corner, row in self.base.values.items()}, operating_points=points
        )


def memory() -> float:
    """Resident memory of this process in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def play(folder: Path, problem: Problem, turns: int) -> list[tuple[int, float, float]]:
    """(turn, MB, seconds since the last row) of a run of so many turns with its journal."""
    with open_evaluator(problem, cache=False, workers=1) as evaluator:
        base = evaluator.evaluate([problem.space.initial])[0]
    rows: list[tuple[int, float, float]] = []
    journal = Journal(folder / "journal.jsonl")
    env = Environment(problem, Instant(base))
    last = [time.perf_counter()]
    every = turns // 20

    def heard(event: Mapping[str, Any]) -> None:
        if event["type"] == "turn.evaluated" and event["index"] % every == 0:
            now = time.perf_counter()
            rows.append((event["index"], memory(), now - last[0]))
            last[0] = now

    stream = Stream(journal.append, heard)
    Loop(env, make_policy("random", 0, {}), Budget(turns, 30.0, None, "budget"), stream.emit, Control()).run()
    journal.close()
    return rows


def day(folder: Path, problem: Problem) -> dict[str, Any]:
    """A day of simulated time."""
    turns = int(DAY / TURN)
    rows = play(folder, problem, turns)
    begun, ended = rows[0], rows[-1]
    return {
        "turns": turns,
        "MB at first": begun[1],
        "MB at the end": ended[1],
        "bytes a turn": (ended[1] - begun[1]) * 1e6 / (ended[0] - begun[0]),
        "journal, bytes a turn": (folder / "journal.jsonl").stat().st_size / turns,
        "ms a turn at first": begun[2] / begun[0] * 1e3,
        "ms a turn at the end": ended[2] / (rows[-1][0] - rows[-2][0]) * 1e3,
    }


def long_journal(folder: Path, problem: Problem) -> dict[str, Any]:
    """A long journal made from a shorter one: what counts is its length."""
    events = [
        event
        for event in read_journal(folder / "journal.jsonl")
        if event["type"] in {"baseline", "turn.proposed", "turn.evaluated"}
    ]
    body = events[1:4001]
    with (folder / "long.jsonl").open("wb") as file:
        file.write(orjson.dumps(events[0]) + b"\n")
        for number in range(2 * TURNS):
            event = body[number % len(body)]
            file.write(orjson.dumps({**event, "seq": number + 1, "index": number // 2 + 1}) + b"\n")
    return {"MB": file_size(folder / "long.jsonl")}


def resume(folder: Path, problem: Problem) -> dict[str, Any]:
    """What resuming reads: the end of the journal, its events, the turns."""
    path = folder / "long.jsonl"
    begin = time.perf_counter()
    whole_length(path)
    state = restore_state(read_journal(path))
    turns = restore_turns(state.turns, problem)
    seconds = time.perf_counter() - begin
    assert len(turns) == TURNS + 1
    return {"turns": TURNS, "journal, MB": file_size(path), "seconds": seconds, "MB": memory()}


def file_size(path: Path) -> float:
    """In MB."""
    return path.stat().st_size / 1e6


PARTS = {
    "crowd": lambda folder, problem: crowd(folder),
    "cache": cache,
    "day": day,
    "journal": long_journal,
    "resume": resume,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--part", choices=sorted(PARTS), help="only this one, in this process")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    problem = load_problem(CIRCUITS / "two_stage_miller")
    if options.part:
        print(json.dumps(PARTS[options.part](options.folder, problem)))
        return
    found: dict[str, Any] = {"python": platform.python_version(), "machine": platform.machine()}
    with tempfile.TemporaryDirectory() as name:
        for part in PARTS:
            # a process each: memory is measured
            done = subprocess.run(
                [sys.executable, __file__, "--part", part, "--folder", name], capture_output=True, text=True, check=True
            )
            found[part] = json.loads(done.stdout)
            print(part, json.dumps(found[part], indent=1))
    rows = [
        ("8 runs at once: fewest turns to most", "≥ 0.8", found["crowd"]["fewest to most"]),
        (
            "all of them together, to one run alone",
            "≥ 0.8",
            found["crowd"]["turns/s of all together"] / found["crowd"]["turns/s of one run alone"],
        ),
        ("look-up among 100,000 results, ms", "< 1", found["cache"]["look-up, ms"]),
        ("slowest of 100, ms", "< 1", found["cache"]["slowest of 100, ms"]),
        ("a day of 43,200 turns: bytes a turn", "flat", found["day"]["bytes a turn"]),
        (
            "its last turns to its first, in time",
            "≤ 2",
            found["day"]["ms a turn at the end"] / found["day"]["ms a turn at first"],
        ),
        ("resume of 100,000 turns, s", "< 5", found["resume"]["seconds"]),
    ]
    print("\n| what | goal | here |\n| --- | --- | --- |")
    for what, goal, value in rows:
        print(f"| {what} | {goal} | {value:.3g} |")
    if options.out:
        options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
