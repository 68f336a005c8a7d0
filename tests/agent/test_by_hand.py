"""The recorded runs of docs/results.md, played again through their replies: the targets are met after as many
simulations. Real ngspice.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eda_agent.problem.load import load_problem
from eda_agent.problem.target import read_targets, with_target
from eda_agent.run.request import Request
from eda_agent.run.sizing import size
from tests.evidence import cases

from ..conftest import CIRCUITS, ROOT

FOLDER = ROOT / "benchmarks" / "results" / "by_hand"


@pytest.mark.parametrize(
    ("circuit", "simulations"), cases([("three_stage_nmc", 1), ("recycling_folded_cascode", 2)], "three_stage_nmc")
)
def test_a_recorded_run_meets_its_target_again(circuit: str, simulations: int, tmp_path: Path) -> None:
    _plays_again(circuit, simulations, FOLDER / f"{circuit}-u00.jsonl", CIRCUITS / circuit / "targets.json", tmp_path)


@pytest.mark.parametrize(
    ("circuit", "simulations"), cases([("recycling_folded_cascode", 3), ("class_ab_output", 4)], "class_ab_output")
)
def test_a_run_on_a_fresh_target_meets_it_again(circuit: str, simulations: int, tmp_path: Path) -> None:
    targets = FOLDER / f"{circuit}-fresh-target.json"
    _plays_again(circuit, simulations, FOLDER / f"{circuit}-fresh.jsonl", targets, tmp_path)


def _plays_again(circuit: str, simulations: int, path: Path, file: Path, tmp_path: Path) -> None:
    head, *entries = map(json.loads, path.read_text().splitlines())
    assert head == {"format": "eda-agent-exchange", "version": 1}
    assert all(entry["status"] == 200 for entry in entries)
    targets = read_targets(file)
    problem = with_target(load_problem(CIRCUITS / circuit), next(one for one in targets if one.name == "u00"))
    request = Request(
        problem.path,
        policy="chat",
        options={"replay": str(path), "model": "hand"},
        simulations=20,
        workers=1,
        out=tmp_path / "run",
        force=True,
        memory=False,
    )
    outcome = size(request, problem=problem)
    assert outcome.best.met
    assert outcome.simulations == simulations
