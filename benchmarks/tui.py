"""How quick the terminal app is: first frame, a long journal, many events, a key under load. Real processes on a
pseudo-terminal.

python benchmarks/tui.py                     prints a table and writes benchmarks/results/tui.json
chrt -r 1 python benchmarks/tui.py --realtime    on a machine with other work: the app has a real-time priority, as this
                                             script then has; the run and the simulators that it starts have none
"""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

from eda_agent.agent.commands import command_from
from eda_agent.files import write_text
from eda_agent.run import Request, size
from eda_agent.run.process import RunProcess
from eda_agent.tui.app import SizingApp
from eda_agent.tui.feed import JournalFeed
from eda_agent.tui.keys import KEYS

HERE = Path(__file__).parent
CIRCUIT = HERE.parent / "circuits" / "two_stage_miller"
RESULTS = HERE / "results" / "tui.json"
TURNS = 2000
FIRST = ("chrt", "-R", "-r", "1") if "--realtime" in sys.argv else ()
"""In front of the app's command; -R: what it starts has no such priority."""
PRESSES = 12
"""Of each key."""
PAGES = {
    "?": KEYS["pause"].help,
    "o": "operating points",
    "f": "trade-off",
    "d": "what changed",
    "k": "circuit · sizes",
    "j": "failed simulations",
}
"""Key → a text of the page that it opens."""


class Terminal:
    """A program on a pseudo-terminal of 120 × 36, which is read as it writes, as a terminal does. `seen`: what it
    wrote since the last key, escape codes taken out."""

    def __init__(self, *command: str):
        self.master, slave = pty.openpty()
        ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        self.begun = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            close_fds=True,
            env={**os.environ, "TERM": "xterm-256color"},
        )
        os.close(slave)
        self.seen = ""
        self._came = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            with self._came:
                self.seen += re.sub(r"\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b[()][A-Z0-9]", "", data.decode(errors="replace"))
                self._came.notify_all()

    def wait(self, text: str, seconds: float = 30.0) -> float:
        """Seconds from now until the text was written since the last key."""
        start = time.perf_counter()
        with self._came:
            if not self._came.wait_for(lambda: text in self.seen, seconds):
                raise TimeoutError(f"{text!r} did not come; the screen said {self.seen[-300:]!r}")
        return time.perf_counter() - start

    def press(self, keys: str) -> None:
        with self._came:
            # what was drawn before is no answer to this key
            self.seen = ""
        os.write(self.master, keys.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(5.0)
        os.close(self.master)


@contextmanager
def app(*arguments: str) -> Iterator[Terminal]:
    terminal = Terminal(*FIRST, sys.executable, "-m", "eda_agent", "tui", *arguments)
    try:
        yield terminal
    finally:
        terminal.close()


@contextmanager
def ending(folder: Path) -> Iterator[RunProcess]:
    """The run in a folder, which outlives its app and therefore is ended here, also after a failure."""
    run = RunProcess(folder)
    try:
        yield run
    finally:
        if run.alive:
            run.send(command_from({"do": "stop"}))
        last = time.monotonic() + 60.0
        while run.alive and time.monotonic() < last:
            time.sleep(0.1)


def long_journal(folder: Path, turns: int) -> Path:
    """A journal of so many turns, made of a recorded one by repetition."""
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    head = [event for event in lines if event["type"] in {"hello", "run.started", "baseline"}]
    body = [event for event in lines if event["type"] in {"turn.proposed", "turn.evaluated"}]
    target = folder.parent / f"long-{turns}"
    shutil.copytree(folder, target)
    events = list(head)
    for number in range(turns):
        for event in body[2 * (number % (len(body) // 2)) :][:2]:
            events.append({**event, "index": number + 1, "t": head[-1]["t"] + 0.05 * (number + 1)})
    with (target / "journal.jsonl").open("w") as file:
        file.writelines(json.dumps({**event, "seq": number}) + "\n" for number, event in enumerate(events))
    return target


def folded_and_drawn(folder: Path) -> float:
    """Events a second that the app takes in, drawing after every batch of 50, as at 1,000 a second and 20 frames."""

    async def run() -> float:
        feed = JournalFeed(folder / "journal.jsonl")
        shown = SizingApp(Empty(), folder, RunProcess(folder))
        async with shown.run_test(size=(120, 36)) as pilot:
            await pilot.pause()
            events = []
            while batch := feed.read():
                events += batch
            start = time.perf_counter()
            for place in range(0, len(events), 50):
                for event in events[place : place + 50]:
                    shown.state.apply(event)
                shown.draw()
                await asyncio.sleep(0)
            await pilot.pause()
            return len(events) / (time.perf_counter() - start)

    return asyncio.run(run())


class Empty:
    def read(self) -> list[dict[str, object]]:
        return []


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        size(Request(CIRCUIT, "trust", simulations=25, out=folder))
        first = []
        for _ in range(5):
            with app(str(folder)) as terminal:
                terminal.wait("two_stage_miller")
                first.append(time.perf_counter() - terminal.begun)
        print(f"first frame {statistics.median(first):.2f} s", flush=True)
        long = long_journal(folder, TURNS)
        opened = []
        for _ in range(3):
            with app(str(long)) as terminal:
                terminal.wait(f" {TURNS}/")
                opened.append(time.perf_counter() - terminal.begun)
        print(f"first frame of {TURNS} turns {statistics.median(opened):.2f} s", flush=True)
        rate = folded_and_drawn(long)
        answers = []
        # two workers at full load, simulating designs that no cache knows
        live = Path(place) / "live"
        random = ("--policy", "random", "--budget", "100000", "--seed", str(int(time.time())))
        with ending(live), app(str(CIRCUIT), *random, "--out", str(live)) as terminal:
            terminal.wait("running", 120.0)
            time.sleep(2)
            for number in range(PRESSES * len(PAGES)):
                key, text = list(PAGES.items())[number % len(PAGES)]
                terminal.press(key)
                answers.append((terminal.wait(text), key))
                terminal.press("\x1b")
                time.sleep(0.4)
    result = {
        "realtime": bool(FIRST),
        "load": os.getloadavg()[0],
        "first_frame_s": statistics.median(first),
        "long_journal_turns": TURNS,
        "long_journal_first_frame_s": statistics.median(opened),
        "events_per_s": rate,
        "key_answer_ms": {
            "median": 1e3 * statistics.median(seconds for seconds, _ in answers),
            "worst": 1e3 * max(answers)[0],
            "worst_key": max(answers)[1],
            "over_50_ms": sum(seconds > 0.05 for seconds, _ in answers),
            "presses": len(answers),
            "keys": "".join(PAGES),
        },
    }
    write_text(RESULTS, json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
