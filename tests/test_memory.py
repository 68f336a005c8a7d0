"""The memory of earlier runs: opt-in, graded for what is asked now, kept with the run, never in its way."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from eda_agent.problem.spec import Problem
from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.run import Request, size
from eda_agent.run.design_memory import SEEDS, seeds_of
from eda_agent.simulation.memory import MAX_DESIGNS, Memory, StoredDesign, circuit_key
from tests.conftest import CIRCUITS


def test_a_run_begins_with_the_best_of_earlier_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # other tests have sized this circuit, too
    monkeypatch.setenv("EDA_AGENT_CACHE", str(tmp_path / "cache"))
    first = size(Request(CIRCUITS / "ota_5t", "random", seed=3, simulations=12, out=tmp_path / "first"))
    best = sorted(first.turns[1:], key=lambda turn: turn.value)[-SEEDS:]
    plain = size(Request(CIRCUITS / "ota_5t", "random", seed=4, simulations=1, out=tmp_path / "plain"))
    assert plain.turns[1].proposal.policy == "random"
    # what the plain run simulated is no better
    second = size(Request(CIRCUITS / "ota_5t", "random", seed=5, simulations=7, out=tmp_path / "second", memory=True))
    assert [turn.proposal.policy for turn in second.turns[1:]] == ["memory"] * SEEDS + ["random"] * 2
    assert second.turns[1].sizing == best[-1].sizing and second.turns[1].value == best[-1].value
    assert all(
        turn.evaluation is not None and turn.evaluation.cached == turn.evaluation.jobs
        for turn in second.turns[1 : SEEDS + 1]
    )
    # a resumed run has the same seeds, whatever was remembered since
    state = fold(read_journal(tmp_path / "second" / "journal.jsonl"))
    assert [dict(seed) for seed in state.started["seeds"]] == [turn.sizing for turn in second.turns[1 : SEEDS + 1]]
    longer = size(Request(CIRCUITS / "ota_5t", "random", seed=5, simulations=8, out=tmp_path / "second", resume=True))
    assert [turn.sizing for turn in longer.turns[:8]] == [turn.sizing for turn in second.turns]


def test_seeds_are_graded_for_the_targets_of_now(problems: dict[str, Problem], tmp_path: Path) -> None:
    problem = problems["ota_5t"]
    other = dataclasses.replace(problem, specs=tuple(dataclasses.replace(spec, weight=2.0) for spec in problem.specs))
    assert circuit_key(problem) == circuit_key(other) != circuit_key(problems["tia"])
    memory = Memory(tmp_path / "memory.sqlite")
    sizings = [problem.space.from_unit([place] * len(problem.space.parameters)) for place in (0.2, 0.5, 0.8)]

    def measured(spec_share: float) -> dict[str, dict[str, float | None]]:
        return {
            corner.name: {spec.name: spec.target * spec_share for spec in problem.specs} for corner in problem.corners
        }

    memory.add(
        circuit_key(problem),
        [StoredDesign(sizing, measured(share)) for sizing, share in zip(sizings, (0.5, 1.0, 0.7), strict=True)],
    )
    assert seeds_of(problem, memory)[0] == sizings[1]
    assert seeds_of(problems["tia"], memory) == []
    # outside the ranges of now
    narrow = dataclasses.replace(problem.space.parameters[0], minimum=problem.space.parameters[0].from_unit(0.6))
    space = dataclasses.replace(problem.space, parameters=(narrow, *problem.space.parameters[1:]))
    assert seeds_of(dataclasses.replace(problem, space=space), memory) == [sizings[2]]
    many = [StoredDesign({"x": float(number)}, {}) for number in range(MAX_DESIGNS + 30)]
    memory.add("many", many)
    kept = memory.designs("many")
    assert len(kept) == MAX_DESIGNS and kept[-1] == many[-1]


def test_a_broken_memory_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    path.write_bytes(b"no database at all, but long enough to be looked at" * 40)
    memory = Memory(path)
    memory.add("a", [StoredDesign({"x": 1.0}, {})])
    assert memory.designs("a") == []
    nowhere = Memory(Path("/proc/none/memory.sqlite"))
    nowhere.add("a", [StoredDesign({"x": 1.0}, {})])
    assert nowhere.designs("a") == []
    strange = Memory(tmp_path / "other.sqlite")
    strange.add("a", [StoredDesign({"x": 1.0}, {"c": {"s": math.pi}})])
    import sqlite3

    with sqlite3.connect(tmp_path / "other.sqlite") as database:
        for row in ('{"x": "1"}', "[1]", "{", '{"x": true}'):
            database.execute("INSERT INTO designs VALUES ('a', ?, '{}')", (row,))
    assert strange.designs("a") == [StoredDesign({"x": 1.0}, {"c": {"s": math.pi}})]
