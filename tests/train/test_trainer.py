"""Whole training runs on ngspice, small: resumed to the bit, refused where they must be, used by the product."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from eda_agent.agent.language.compact import CompactLanguage
from eda_agent.agent.language.prompt import INTENT
from eda_agent.cli.main import main
from eda_agent.errors import InputError
from eda_agent.files import read_json_lines
from eda_agent.problem.load import load_problem
from eda_agent.problem.target import read_targets, target_data
from eda_agent.run import Request, size
from eda_agent.train import warm_start
from eda_agent.train.journal import TrainingJournal
from eda_agent.train.learner import DivergedError, Learner, Rules
from eda_agent.train.model_bundle import CompactBundle
from eda_agent.train.policies import CompactTrainable
from eda_agent.train.recipe import ModelRecipe, PoolRecipe, Recipe, RlRecipe, WarmStartRecipe, load_recipe, recipe_data
from eda_agent.train.samples import Group, Sample, Trajectory
from eda_agent.train.tasks import CIRCUITS
from eda_agent.train.trainer import train
from tests.conftest import ROOT
from tests.evidence import cases
from tests.train.small import SMALL
from tests.train.tiny_text import tiny_model, tiny_tokenizer


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model" / "model.safetensors")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "run"
    train(SMALL, folder)
    return folder


# the run that is compared is made once
@pytest.mark.xdist_group("interrupted")
@pytest.mark.parametrize(("phase", "step"), cases([("warm_start", 3), ("rl", 3)], "rl"))
def test_an_interrupted_run_ends_with_the_same_bits(whole: Path, tmp_path: Path, phase: str, step: int) -> None:
    def interrupt(name: str, done: int, of: int, metrics: Mapping[str, float]) -> None:
        if (name, done) == (phase, step):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(SMALL, tmp_path / "run", tell=interrupt)
    with pytest.raises(InputError, match="already holds a training run"):
        train(SMALL, tmp_path / "run")
    train(SMALL, tmp_path / "run", resume=True)
    expected, found = weights(whole), weights(tmp_path / "run")
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    # and its journal tells the same story, times aside
    rows = [read_json_lines(folder / "metrics.jsonl") for folder in (whole, tmp_path / "run")]
    assert [(row["phase"], row["step"], row["loss"], row.get("reward")) for row in rows[0]] == [
        (row["phase"], row["step"], row["loss"], row.get("reward")) for row in rows[1]
    ]


@pytest.mark.evidence
def test_a_killed_run_goes_on_from_its_last_checkpoint(whole: Path, tmp_path: Path) -> None:
    """Without a word: as by kill −9, after a checkpoint; with one that was not finished, and a torn journal."""

    class Killed(BaseException):
        pass

    def kill(name: str, done: int, of: int, metrics: Mapping[str, float]) -> None:
        if (name, done) == ("rl", 3):
            raise Killed

    folder = tmp_path / "run"
    with pytest.raises(Killed):
        train(SMALL, folder, tell=kill)
    (folder / "checkpoints" / ".step-000008.part").mkdir()
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"phase": "rl", "st')
    train(SMALL, folder, resume=True)
    expected, found = weights(whole), weights(folder)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


@pytest.mark.xdist_group("interrupted")
def test_the_run_is_what_its_metrics_say(whole: Path) -> None:
    rows = [row for row in read_json_lines(whole / "metrics.jsonl") if row["phase"] == "rl"]
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
    for row in rows:
        assert 0 <= row["reward"] <= row["best"] <= 1 and 0 < row["simulations"] <= 4 * 2 * 3
        # log-probabilities of the first batch are the sampler's; later ones are a step old
        assert row["entropy"] > 0 and row["clip_ratio/high_mean"] >= 0
    assert load_recipe(whole / "recipe.yaml") == SMALL


@pytest.mark.xdist_group("interrupted")
def test_the_trained_model_sizes_a_circuit(whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        "size",
        str(ROOT / "circuits" / "ota_5t"),
        "--policy",
        "local",
        "--model",
        str(whole / "model"),
        "--budget",
        "3",
    ]
    assert main([*command, "--out", str(tmp_path / "run"), "--json"]) in {0, 1}
    result = json.loads(capsys.readouterr().out)
    assert result["policy"] == "local" and 0 < result["simulations"] <= 3


@pytest.mark.evidence
def test_two_processes_make_the_same_steps_as_one(tmp_path: Path) -> None:
    """Each plays half of the tasks; gradients are summed by accelerate."""
    recipe = dataclasses.replace(
        SMALL, model=dataclasses.replace(SMALL.model, path=None), warm_start=WarmStartRecipe(steps=0), workers=1,
        rl=dataclasses.replace(SMALL.rl, steps=2, epochs=1, minibatches=1, ahead=False),
    )  # fmt: skip
    train(recipe, tmp_path / "one")
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe_data(recipe)))
    command = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--cpu",
        "--num_processes",
        "2",
        "--num_machines",
        "1",
        "--mixed_precision",
        "no",
        "--dynamo_backend",
        "no",
    ]
    done = subprocess.run(
        [*command, "-m", "eda_agent", "train", str(path), "--out", str(tmp_path / "two"), "--json"],
        capture_output=True,
        text=True,
        timeout=280,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    expected, found = weights(tmp_path / "one"), weights(tmp_path / "two")
    start = CompactBundle(recipe).model.state_dict()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, atol=2e-6, rtol=0)
    assert any(not torch.equal(start[name], value) for name, value in expected.items())


def test_runs_of_any_policy_are_imitated(tmp_path: Path) -> None:
    """Turns that became the incumbent, and hindsight: asked for what a turn measured, that turn meets it."""
    outcome = size(Request(CIRCUITS / "ota_5t", "random", simulations=6, out=tmp_path / "random"))
    history = warm_start.read_run(outcome.folder)
    assert [turn.value for turn in history.turns] == [turn.value for turn in outcome.turns]
    best = max(range(1, 7), key=lambda index: outcome.turns[index].value)
    asked = warm_start.hindsight(history, best, random.Random(0))
    assert asked is not None and asked.turns[best].met and not asked.turns[0].met
    language = CompactLanguage(history.problem)
    rows = warm_start.from_turns(language, asked)
    assert (
        rows
        and rows[-1].targets[INTENT:].tolist() == language.slots.levels_of(outcome.turns[best].sizing or {}).tolist()
    )
    recipe = dataclasses.replace(
        SMALL,
        circuits=("ota_5t",),
        warm_start=WarmStartRecipe(steps=2, batch=4, turns=2, runs=(str(outcome.folder),)),
        rl=RlRecipe(steps=0),
    )
    train(recipe, tmp_path / "run")
    assert len(read_json_lines(tmp_path / "run" / "metrics.jsonl")) == 2


def test_given_targets_are_trained_on(tmp_path: Path) -> None:
    target = read_targets(CIRCUITS / "ota_5t" / "targets.json")[0]
    bounds = {name: value * 1.01 if value > 0 else value for name, value in target.bounds.items()}
    given = tmp_path / "targets.json"
    given.write_text(json.dumps({"targets": [target_data(dataclasses.replace(target, bounds=bounds))]}))
    recipe = dataclasses.replace(
        SMALL,
        circuits=("ota_5t",),
        targets=str(given),
        warm_start=WarmStartRecipe(steps=0),
        rl=dataclasses.replace(SMALL.rl, steps=1),
    )
    train(recipe, tmp_path / "run")
    assert read_json_lines(tmp_path / "run" / "metrics.jsonl")[0]["reward"] > 0


def test_a_loss_that_is_no_number_changes_nothing() -> None:
    from eda_agent.agent.language.model import CompactConfig, CompactModel

    torch.manual_seed(0)
    model = CompactModel(CompactConfig(width=16, layers=1, heads=2, hidden=16))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    learner = Learner(CompactTrainable(model), torch.optim.AdamW(model.parameters(), lr=0.1), Rules())
    samples = [
        Sample(np.ones((4, 12), np.int16), np.array([3]), np.zeros(1, np.float32), reward=reward, advantage=advantage)
        for reward, advantage in ((0.0, float("nan")), (1.0, 1.0))
    ]
    with pytest.raises(DivergedError, match="not finite"):
        learner.learn([Trajectory("c", "t", [Group(samples, 0.0)])])
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize("rank", cases([0, 4], 4))
def test_a_language_model_learns_through_the_same_code(tmp_path: Path, rank: int) -> None:
    """Product's prompt and parser, constrained replies, tree-packed steps; whole weights and LoRA; resumed to the
    bit.
    """
    start = tmp_path / "start"
    tiny_model().save_pretrained(start)
    tiny_tokenizer().save_pretrained(start)
    recipe = Recipe(
        "text",
        ("ota_5t",),
        1,
        PoolRecipe(1, 20, 0),
        ModelRecipe(kind="text", path=str(start), lora=rank, max_tokens=260),
        WarmStartRecipe(steps=0),
        RlRecipe(steps=2, tasks=1, turns=2, group=2, learning_rate=1e-3, kl=0.01),
        workers=2,
        save_every=1,
    )
    train(recipe, tmp_path / "run")
    rows = read_json_lines(tmp_path / "run" / "metrics.jsonl")
    assert len(rows) == 2 and rows[0]["sampling/sampling_logp_difference/mean"] < 1e-4
    # most replies of a random model are cut off in their reasoning; those that are whole are legal sizings
    assert rows[0]["completions/mean_length"] > 50

    def stop(phase: str, done: int, of: int, metrics: Mapping[str, float]) -> None:
        if phase == "rl" and done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "again", tell=stop)
    train(recipe, tmp_path / "again", resume=True)
    expected, found = weights(tmp_path / "run"), weights(tmp_path / "again")
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert load_problem(CIRCUITS / "ota_5t")


def test_two_trainings_do_not_write_to_one_folder(tmp_path: Path) -> None:
    with contextlib.closing(TrainingJournal(tmp_path, {})) as first:
        first.add("rl", 1, {"reward": 0.5})
        with pytest.raises(InputError, match="another process"):
            TrainingJournal(tmp_path, {})
        first.add("rl", 2, {"reward": 1 / 3})
    with contextlib.closing(TrainingJournal(tmp_path, {"rl": 1})) as second:
        second.add("rl", 2, {"reward": 0.25})
    assert read_json_lines(tmp_path / "metrics.jsonl") == [
        {"phase": "rl", "step": 1, "reward": 0.5},
        {"phase": "rl", "step": 2, "reward": 0.25},
    ]
