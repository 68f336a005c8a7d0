"""A count says what a kind of fault did to runs: how often it was injected, and what was lost, done twice or wrong
afterwards.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eda_agent.record.fold import RunState, fold
from eda_agent.record.journal import read_journal

CIRCUITS = Path(__file__).parents[2] / "circuits"


@dataclass
class Count:
    """`injected` faults in `runs` runs. `lost`: turns that were journaled and are gone; `twice`: turns journaled more
    than once; `wrong`: runs whose turns or incumbent differ from those of a run that was left alone. `notes`: what was
    not as it should be.
    """

    fault: str
    injected: int = 0
    runs: int = 0
    recovered: int = 0
    lost: int = 0
    twice: int = 0
    wrong: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return self.recovered == self.runs and not (self.lost or self.twice or self.wrong or self.notes)


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "eda_agent", *words]


def environment(cache: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    return {**os.environ, "EDA_AGENT_CACHE": str(cache), "NO_COLOR": "1", **(extra or {})}


def finish(
    words: Sequence[str], cache: Path, seconds: float = 120.0, extra: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), env=environment(cache, extra), capture_output=True, text=True, timeout=seconds, check=False
    )


def begin(words: Sequence[str], cache: Path) -> subprocess.Popen[bytes]:
    """A run that goes on while something is done to it."""
    return subprocess.Popen(
        command(*words), env=environment(cache), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def state_of(folder: Path) -> RunState:
    return fold(read_journal(folder / "journal.jsonl"))


def evaluated(folder: Path) -> list[int]:
    """The numbers of the turns as the journal has them, in order, those that stand there twice twice."""
    return [
        event["index"]
        for event in read_journal(folder / "journal.jsonl")
        if event["type"] in {"baseline", "turn.evaluated"}
    ]


def judge(count: Count, folder: Path, reference: RunState, seen: Sequence[int]) -> None:
    """Compare a run that went through faults with one that did not. `seen`: turns that stood in its journal at some
    time.
    """
    count.runs += 1
    indices = evaluated(folder)
    state = state_of(folder)
    count.twice += sum(times - 1 for times in Counter(indices).values())
    count.lost += len(set(seen) - set(indices))
    whole = [(turn["index"], turn["sizing"], turn["score"]) for turn in reference.turns]
    mine = [(turn["index"], turn["sizing"], turn["score"]) for turn in state.turns]
    ended = bool(state.finished) and [event["seq"] for event in read_journal(folder / "journal.jsonl")] == list(
        range(state.sequence)
    )
    same = mine == whole and (state.best["index"], state.best["score"]) == (
        reference.best["index"],
        reference.best["score"],
    )
    best = json.loads((folder / "best.json").read_text()) if (folder / "best.json").exists() else {}
    count.wrong += not (same and best.get("turn") == reference.best["index"])
    count.recovered += ended


def children(process: int) -> list[int]:
    """Processes that a process started."""
    found = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]


def table(counts: Sequence[Count]) -> str:
    rows = [
        "| fault | injected | runs | recovered | turns lost | simulated twice | wrong incumbents |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    rows += [
        f"| {c.fault} | {c.injected} | {c.runs} | {c.recovered} | {c.lost} | {c.twice} | {c.wrong} |" for c in counts
    ]
    return "\n".join(rows)


def data(counts: Sequence[Count]) -> list[dict[str, Any]]:
    return [vars(count) for count in counts]
