"""After kill −9 at any instant a run goes on: nothing lost, nothing simulated twice, the same end. Real ngspice."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from eda_agent.errors import EdaAgentError, InputError
from eda_agent.problem.load import load_problem
from eda_agent.record.export import netlist_diff, sized_netlist
from eda_agent.record.fold import fold
from eda_agent.record.journal import Journal, read_journal
from eda_agent.record.restore import restore_state, restore_turns
from eda_agent.run import Request, size

from ..conftest import CIRCUITS

COMMAND = [
    sys.executable,
    "-m",
    "eda_agent",
    "size",
    str(CIRCUITS / "ota_5t"),
    "--policy",
    "random",
    "--budget",
    "90",
    "--json",
]


def turns(folder: Path) -> list[dict[str, Any]]:
    return fold(read_journal(folder / "journal.jsonl")).turns


@pytest.mark.evidence
def test_killed_again_and_again(tmp_path: Path, own_cache: Path) -> None:
    environment = {**os.environ, "EDA_AGENT_CACHE": str(tmp_path / "cache")}
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    subprocess.run(
        [*COMMAND, "--out", str(whole)],
        env={**environment, "EDA_AGENT_CACHE": str(tmp_path / "other")},
        capture_output=True,
        timeout=120,
        check=False,
    )
    draw = random.Random(5)
    kills = played = 0
    while kills < 3:
        process = subprocess.Popen(
            [*COMMAND, "--out", str(torn), "--resume"]
            if (torn / "journal.jsonl").exists()
            else [*COMMAND, "--out", str(torn)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # somewhere in a turn, after as many more as are drawn
        goal = played + draw.randint(2, 12)
        while process.poll() is None and played < goal:
            time.sleep(draw.uniform(0.0, 0.02))
            played = (
                (torn / "journal.jsonl").read_bytes().count(b'"turn.evaluated"')
                if (torn / "journal.jsonl").exists()
                else 0
            )
        assert process.poll() is None, "the run ended before it could be killed"
        process.kill()
        process.wait()
        kills += 1
    done = subprocess.run(
        [*COMMAND, "--out", str(torn), "--resume"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    summary = json.loads(done.stdout)
    assert summary["simulations"] == 90
    # the same turns as the run that was left alone, each once
    assert [turn["index"] for turn in turns(torn)] == list(range(91))
    assert [(turn["sizing"], turn["score"]) for turn in turns(torn)] == [
        (turn["sizing"], turn["score"]) for turn in turns(whole)
    ]
    # a journaled turn is never simulated again: at most the jobs of one turn a kill were under way and came from
    # nowhere
    events = list(read_journal(torn / "journal.jsonl"))
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert sum(event["type"] == "baseline" for event in events) == 1


def test_the_same_seed_gives_the_same_run_and_the_cache_changes_nothing(tmp_path: Path) -> None:
    request = {"spec": CIRCUITS / "ota_5t", "policy": "trust", "simulations": 12}
    first = size(Request(**request, out=tmp_path / "a", cache=False))
    second = size(Request(**request, out=tmp_path / "b", cache=False, workers=1))
    third = size(Request(**request, out=tmp_path / "c"))
    for other in (second, third):
        assert [(turn.sizing, turn.value) for turn in other.turns] == [
            (turn.sizing, turn.value) for turn in first.turns
        ]
    other_seed = size(Request(**request, seed=1, out=tmp_path / "d"))
    assert [turn.sizing for turn in other_seed.turns[1:]] != [turn.sizing for turn in first.turns[1:]]


def test_turns_come_back_from_the_journal_as_they_were(tmp_path: Path) -> None:
    outcome = size(Request(CIRCUITS / "ota_5t", "tpe", simulations=6, out=tmp_path / "run"))
    state = fold(read_journal(tmp_path / "run" / "journal.jsonl"))
    restored = restore_turns(restore_state(read_journal(tmp_path / "run" / "journal.jsonl")).turns, outcome.problem)
    for old, new in zip(outcome.turns, restored, strict=True):
        assert (new.sizing, new.value, new.index) == (old.sizing, old.value, old.index)
        assert new.score is not None
        assert old.score is not None
        assert new.score.results == old.score.results
    assert state.best["index"] == outcome.best.index
    assert state.curve[-1] == outcome.best.value
    best = json.loads((tmp_path / "run" / "best.json").read_text())
    assert best["score"] == outcome.best.value


def test_the_sized_netlist_measures_what_the_run_says(tmp_path: Path) -> None:
    outcome = size(Request(CIRCUITS / "two_stage_miller", "random", simulations=8, out=tmp_path / "run"))
    text = (tmp_path / "run" / "sized.spice").read_text()
    assert outcome.best.sizing is not None
    lines = text.splitlines(keepends=True)
    note = lines.pop(1)
    assert note.startswith(f"* sized by eda-agent: run run, turn {outcome.best.index}: ") and "NOT met in" in note
    text = "".join(lines)
    assert text == sized_netlist(outcome.problem, outcome.best.sizing)
    # comments and order are kept: only .param lines differ
    original = (CIRCUITS / "two_stage_miller" / "two_stage_miller.spice").read_text().splitlines()
    for old, new in zip(original, text.splitlines(), strict=True):
        assert old == new or old.startswith(".param")
    assert netlist_diff(outcome.problem, outcome.best.sizing).startswith("--- two_stage_miller.spice")
    # read back as a circuit of its own, its starting sizes are the sized ones, and ngspice agrees
    folder = tmp_path / "again"
    folder.mkdir()
    (folder / "two_stage_miller.spice").write_text(text)
    (folder / "spec.yaml").write_text((CIRCUITS / "two_stage_miller" / "spec.yaml").read_text())
    assert load_problem(folder).space.initial == pytest.approx(outcome.best.sizing)
    again = size(Request(folder, "random", simulations=1, out=tmp_path / "check", cache=False))
    # not to the last digit: the nodeset comes from the starting sizes, which are others now
    assert again.turns[0].value == pytest.approx(outcome.best.value, abs=1e-6)


def test_cut_between_a_turn_and_the_word_that_it_is_the_best(tmp_path: Path, own_cache: Path) -> None:
    whole = tmp_path / "whole"
    size(Request(CIRCUITS / "ota_5t", "random", simulations=12, out=whole))
    lines = (whole / "journal.jsonl").read_bytes().splitlines(keepends=True)
    kinds = [json.loads(line)["type"] for line in lines]
    # the last time that a turn became the best
    place = max(
        number for number, kind in enumerate(kinds) if kind == "best.updated" and kinds[number - 1] == "turn.evaluated"
    )
    cut = tmp_path / "cut"
    cut.mkdir()
    (cut / "journal.jsonl").write_bytes(b"".join(lines[:place]))
    size(Request(CIRCUITS / "ota_5t", "random", simulations=12, out=cut, resume=True))
    states = [fold(read_journal(folder / "journal.jsonl")) for folder in (whole, cut)]
    assert states[0].best["index"] == states[1].best["index"] and states[0].best["score"] == states[1].best["score"]
    assert len(states[0].turns) == len(states[1].turns)


def test_what_another_process_wrote_meanwhile_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run waits at the door while the first one writes its last turns: it goes on behind them, and plays none
    of them again.
    """
    folder = tmp_path / "run"
    size(Request(CIRCUITS / "ota_5t", "random", simulations=6, out=folder))
    whole = (folder / "journal.jsonl").read_bytes()
    lines = whole.splitlines(keepends=True)
    early = next(place for place, line in enumerate(lines) if b'"turn.evaluated"' in line) + 1
    (folder / "journal.jsonl").write_bytes(b"".join(lines[:early]))
    opened = Journal.__init__

    def late(self: Journal, path: Path) -> None:
        # the lock is got when the first one has ended
        path.write_bytes(whole)
        opened(self, path)

    monkeypatch.setattr(Journal, "__init__", late)
    outcome = size(Request(CIRCUITS / "ota_5t", "random", simulations=8, out=folder, resume=True))
    indices = [event["index"] for event in read_journal(folder / "journal.jsonl") if event["type"] == "turn.evaluated"]
    assert indices == list(range(1, 9)) and len(outcome.turns) == 9


def test_a_run_that_cannot_begin_leaves_no_journal(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        size(
            Request(
                CIRCUITS / "ota_5t", "embedded", options={"model": str(tmp_path)}, simulations=2, out=tmp_path / "run"
            )
        )
    assert not (tmp_path / "run" / "journal.jsonl").exists()
    # nor one that cannot be simulated
    shutil.copytree(CIRCUITS / "ota_5t", tmp_path / "amp")
    netlist = tmp_path / "amp" / "ota_5t.spice"
    netlist.write_text(netlist.read_text().replace(".ends", "M99 a b c d nobody W=1u L=1u\n.ends", 1))
    with pytest.raises(EdaAgentError):
        size(Request(tmp_path / "amp", "random", simulations=2, out=tmp_path / "run"))
    assert not (tmp_path / "run" / "journal.jsonl").exists()
