"""kill −9, at random instants, of the run and of its simulators; a torn journal; two runs in one folder; a clock that
jumps.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

from eda_agent.errors import InputError
from eda_agent.record.fold import fold
from eda_agent.record.journal import Journal, read_journal

from .count import CIRCUITS, Count, begin, children, command, environment, evaluated, finish, judge, state_of

TURNS = 30
ARGUMENTS = ["size", str(CIRCUITS / "ota_5t"), "--policy", "random", "--budget", str(TURNS), "--json", "--workers", "2"]


def _arguments(seed: int, folder: Path) -> list[str]:
    return [*ARGUMENTS, "--seed", str(seed), "--out", str(folder)]


def _begun(seed: int, folder: Path) -> list[str]:
    there = (folder / "journal.jsonl").exists() and (folder / "journal.jsonl").stat().st_size > 0
    return [*_arguments(seed, folder), *(["--resume"] if there else [])]


def _seen(folder: Path) -> list[int]:
    with contextlib.suppress(InputError, OSError):
        return evaluated(folder)
    return []


def main_process(place: Path, kills: int, seed: int, each: int = 10) -> Count:
    """The run is killed at a random instant, up to `each` times, and goes on each time."""
    count = Count("kill −9 of the run")
    draw = random.Random(seed)
    number = 0
    while count.injected < kills:
        number += 1
        whole, torn = place / f"whole{number}", place / f"torn{number}"
        finish(_arguments(seed + number, whole), place / f"cache-whole{number}")
        seen: set[int] = set()
        for _ in range(each):
            process = begin(_begun(seed + number, torn), place / f"cache{number}")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(draw.uniform(0.05, 1.9))
            if process.poll() is not None:
                break
            process.kill()
            process.wait()
            count.injected += 1
            seen.update(_seen(torn))
        finish(_begun(seed + number, torn), place / f"cache{number}")
        judge(count, torn, state_of(whole), sorted(seen))
    return count


def workers(place: Path, kills: int, seed: int) -> Count:
    """A simulator of a running run is killed at a random instant; the run goes on by itself."""
    count = Count("kill −9 of a simulator")
    draw = random.Random(seed)
    number = 0
    while count.injected < kills:
        number += 1
        whole, torn = place / f"whole-w{number}", place / f"torn-w{number}"
        began = time.monotonic()
        finish(_arguments(seed + number, whole), place / f"cache-whole-w{number}")
        # a share of what a run takes on this machine now: where simulators are killed sooner than they can start, a run
        # rightly gives up
        took = time.monotonic() - began
        process = begin(_arguments(seed + number, torn), place / f"cache-w{number}")
        seen: set[int] = set()
        while process.poll() is None:
            time.sleep(took * draw.uniform(0.02, 0.25))
            for child in draw.sample(found, 1) if (found := children(process.pid)) else ():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                    count.injected += 1
            seen.update(_seen(torn))
        judge(count, torn, state_of(whole), sorted(seen))
    return count


def torn_journal(place: Path, step: int = 1) -> Count:
    """The journal is cut at every byte of its last line: what is whole is kept, and a run can go on from it."""
    count = Count("journal torn within its last line")
    folder = place / "to-tear"
    finish(_arguments(1, folder), place / "cache-tear")
    data = (folder / "journal.jsonl").read_bytes()
    start = data.rfind(b"\n", 0, len(data) - 1) + 1
    before = list(read_journal(folder / "journal.jsonl"))[:-1]
    path = place / "torn.jsonl"
    count.runs = 1
    for end in range(start, len(data), step):
        path.write_bytes(data[:end])
        count.injected += 1
        kept = list(read_journal(path))
        journal = Journal(path)
        journal.append({**before[-1], "seq": len(before)})
        journal.close()
        after = list(read_journal(path))
        count.lost += kept != before
        count.wrong += after[:-1] != before or fold(kept).best != fold(before).best
    count.recovered = 1
    return count


def one_folder(place: Path) -> Count:
    """A second run in the same folder is refused, and the first does not notice."""
    count = Count("a second run in the folder")
    whole, shared = place / "whole-f", place / "shared"
    finish(_arguments(3, whole), place / "cache-f")
    process = begin(_arguments(3, shared), place / "cache-f2")
    while process.poll() is None:
        if (shared / "journal.jsonl").exists():
            for words in (_arguments(3, shared), [*_arguments(3, shared), "--resume"]):
                told = finish(words, place / "cache-f3")
                if process.poll() is None:
                    count.injected += 1
                    if told.returncode != 2:
                        count.notes.append(f"status {told.returncode}: {told.stderr[-200:]}")
        time.sleep(0.05)
    judge(count, shared, state_of(whole), [])
    return count


CLOCK = """
import random, sys, time
real, draw = time.time, random.Random(5)
time.time = lambda: real() + draw.choice((-1e7, -3600.0, 0.0, 86400.0, 1e8))
from eda_agent.cli import main
sys.exit(main(sys.argv[1:]))
"""


def clock(place: Path, runs: int) -> Count:
    """Every look at the clock finds another year: months back, a day ahead."""
    count = Count("clock jumps")
    for number in range(runs):
        whole, torn = place / f"whole-c{number}", place / f"torn-c{number}"
        finish(_arguments(number, whole), place / f"cache-c{number}")
        words = command()[:1] + ["-c", CLOCK, *_arguments(number, torn)]
        told = subprocess.run(
            words,
            env=environment(place / f"cache-c2{number}"),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        count.injected += sum(1 for _ in read_journal(torn / "journal.jsonl"))
        if told.returncode not in (0, 1):
            count.notes.append(told.stderr[-300:])
        judge(count, torn, state_of(whole), [])
    return count


def disk_full(place: Path, runs: int) -> Count:
    """The disk takes no more at a random size of the journal: one message, and the run goes on once there is room."""
    import resource

    count = Count("disk full")
    draw = random.Random(7)
    for number in range(runs):
        whole, torn = place / f"whole-d{number}", place / f"torn-d{number}"
        finish(_arguments(number, whole), place / f"cache-d{number}")
        most = draw.randrange(2_000, (whole / "journal.jsonl").stat().st_size)

        def limit(most: int = most) -> None:
            # a limit of the operating system on the size of a file stands for the disk: writing beyond it fails as
            # writing to a full one does
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

        # models are cut before: their file is larger than any journal here
        cache = place / f"cache-d2{number}"
        shutil.copytree(place / f"cache-d{number}" / "models", cache / "models")
        told = subprocess.run(
            command(*_arguments(number, torn)),
            # Python would keep the half of a module's bytecode that gets through
            env={**environment(cache), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            preexec_fn=limit,
        )
        count.injected += 1
        seen = _seen(torn)
        if told.returncode in (0, 1) or "Traceback" in told.stderr or not told.stderr.strip():
            count.notes.append(f"limit {most}: status {told.returncode}: {told.stderr[-300:]}")
        finish(_begun(number, torn), cache)
        judge(count, torn, state_of(whole), seen)
    return count
