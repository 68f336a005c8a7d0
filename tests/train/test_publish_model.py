"""Shipping: the package's model is the run's, in half the bytes, and plays the same by numpy and by torch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.numpy import load_file

from eda_agent.agent.language import words
from eda_agent.agent.language.model import CompactConfig, CompactModel
from eda_agent.agent.policies.registry import make_policy
from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem
from eda_agent.train import publish_model
from eda_agent.train.recipe import PoolRecipe, Recipe, recipe_data
from tests.train.histories import played


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    torch.manual_seed(4)
    CompactModel(CompactConfig(width=32, layers=2, heads=2, hidden=48, outcomes=True)).save_pretrained(folder / "model")
    (folder / "recipe.yaml").write_text(
        yaml.safe_dump(recipe_data(Recipe("x", ("ota_5t",), pool=PoolRecipe(2, 10, 1))))
    )
    rows = [
        {"phase": "warm_start", "step": step, "loss": 3.0 - step / 100, "entropy": 2.0, "step_time": 0.5}
        for step in range(1, 101)
    ]
    rows += [
        {"phase": "rl", "step": step, "reward": step / 10, "simulations": 70, "step_time": 2.0} for step in range(1, 4)
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_a_shipped_model_plays_as_the_trained_one(run: Path, tmp_path: Path, problems: dict[str, Problem]) -> None:
    target = tmp_path / "weights"
    assert publish_model.main([str(run), str(target)]) == 0
    record = json.loads((target / "training.json").read_text())
    assert record["simulations"] == {"pools": 20, "rollouts": 210} and record["seconds"] == {"warm_start": 50, "rl": 6}
    assert record["curves"]["rl"] == {"step": [1, 2, 3], "reward": [0.1, 0.2, 0.3]}
    assert (
        len(record["curves"]["warm_start"]["loss"]) == publish_model.POINTS
        and record["curves"]["warm_start"]["step"][-1] == 100
    )
    assert "begun_from" not in record
    # a run that goes on from a shipped model keeps its record
    on = yaml.safe_load((run / "recipe.yaml").read_text())
    (run / "recipe.yaml").write_text(yaml.safe_dump({**on, "model": {**on["model"], "path": str(target)}}))
    assert publish_model.training_record(run, 1)["begun_from"] == record
    # half of what it began from, half of what it ended with
    mixed = tmp_path / "mixed"
    assert publish_model.main([str(run), str(mixed), "--keep", "0.5"]) == 0
    assert json.loads((mixed / "training.json").read_text())["kept"] == 0.5
    before, after, between = (load_file(folder / "model.safetensors") for folder in (target, run / "model", mixed))
    for name, value in between.items():
        assert np.allclose(value.astype(np.float32), (before[name].astype(np.float32) + after[name]) / 2, atol=2e-3)
    half, whole = ((folder / "model.safetensors").stat().st_size for folder in (target, run / "model"))
    assert half < 0.6 * whole
    history = played(problems["tia"], 4)
    by_numpy = make_policy("embedded", 3, {"model": str(target)}).propose(history)
    by_torch = make_policy("local", 3, {"model": str(target)}).propose(history)
    assert by_numpy.sizing == by_torch.sizing and by_numpy.reasoning == by_torch.reasoning


def test_what_cannot_be_shipped_is_one_message(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        publish_model.main([str(tmp_path / "none"), str(tmp_path / "w")]) == 2
        and "no finished model" in capsys.readouterr().err
    )
    config = run / "model" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "language": 1}))
    with pytest.raises(InputError, match="uses version 1"):
        publish_model.publish(run, tmp_path / "w")
    assert not (tmp_path / "w").exists()
    config.write_text(json.dumps({**json.loads(config.read_text()), "language": words.VERSION}))
    with pytest.raises(InputError, match="initial model of the run is missing"):
        publish_model.publish(run, tmp_path / "w", keep=0.5)


def test_a_policy_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problems: dict[str, Problem]) -> None:
    (tmp_path / "mine_for_test.py").write_text(
        "from eda_agent.agent.turn import Proposal\n"
        "class Middle:\n    name = 'middle'\n    def __init__(self, seed): pass\n"
        "    def propose(self, history):\n        space = history.problem.space\n"
        "        return Proposal(space.from_unit([0.5] * len(space.parameters)), policy=self.name)\n"
        "class Nothing:\n    def __init__(self, seed): pass\n"
    )
    monkeypatch.chdir(tmp_path)
    policy = make_policy("python:mine_for_test.Middle", 0)
    assert policy.propose(played(problems["tia"], 0)).sizing == problems["tia"].space.from_unit([0.5] * 11)
    for name, message in (
        ("mine_for_test.Absent", "Absent"),
        ("absent_module.X", "absent_module"),
        ("mine_for_test.Nothing", "no propose"),
    ):
        with pytest.raises(InputError, match=message):
            make_policy(f"python:{name}", 0)
