"""Recipes of a training: what they may not hold, and those that are shipped."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from eda_agent.bench.suite import FRESH
from eda_agent.cli.main import main
from eda_agent.errors import InputError
from eda_agent.problem.target import read_targets, target_data
from eda_agent.train.recipe import ModelRecipe, RlRecipe, WarmStartRecipe, load_recipe, recipe_data
from eda_agent.train.tasks import CIRCUITS, check_circuits, held_out
from eda_agent.train.trainer import train
from tests.conftest import ROOT
from tests.train.small import SMALL


def test_held_out_circuits_and_targets_are_refused(tmp_path: Path) -> None:
    for name in ("tia", "three_stage_nmc", "class_ab_output", "recycling_folded_cascode", *FRESH):
        with pytest.raises(InputError, match="held out"):
            check_circuits(["ota_5t", name])
    with pytest.raises(InputError, match="neither a shipped circuit"):
        check_circuits(["nonsense"])
    # under another name and in another folder it is still the same structure
    copy = tmp_path / "mine" / "spec.yaml"
    copy.parent.mkdir()
    for file in (CIRCUITS / "tia").iterdir():
        (copy.parent / file.name).write_bytes(file.read_bytes())
    with pytest.raises(InputError, match="held out"):
        train(dataclasses.replace(SMALL, circuits=(str(copy),)), tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoints").exists()
    # a shipped target given as one to train on
    target = read_targets(CIRCUITS / "ota_5t" / "targets.json")[0]
    assert target.digest in held_out()
    given = tmp_path / "targets.json"
    given.write_text(json.dumps({"targets": [target_data(dataclasses.replace(target, name="another"))]}))
    with pytest.raises(InputError, match="held out"):
        train(dataclasses.replace(SMALL, circuits=("ota_5t",), targets=str(given)), tmp_path / "run2")


def test_a_recipe_with_faults_names_them_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("name: x\nrl: {stepz: 3, algorithm: ppo, incumbent: much}\nseed: -1\nmodel: 3\n")
    assert main(["train", str(path), "--out", str(tmp_path / "run")]) == 2
    words = capsys.readouterr().err
    for part in (
        "'stepz'",
        "did you mean 'steps'",
        "rl.algorithm",
        "rl.incumbent",
        "seed",
        "model",
        "the key 'circuits' is missing",
    ):
        assert part in words, part
    assert main(["train", "--fields"]) == 0
    assert "`rl.incumbent`" in capsys.readouterr().out


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this is not a model"):
        train(dataclasses.replace(SMALL, model=ModelRecipe(path=str(tmp_path))), tmp_path / "run")
    with pytest.raises(InputError, match="not a language model"):
        train(
            dataclasses.replace(
                SMALL,
                model=ModelRecipe(kind="text", path=str(tmp_path)),
                warm_start=WarmStartRecipe(steps=0),
                rl=RlRecipe(),
            ),
            tmp_path / "run2",
        )
    # and what does not go together with one
    with pytest.raises(InputError, match=r"rl\.replay"):
        train(
            dataclasses.replace(SMALL, model=ModelRecipe(kind="text", path="x"), warm_start=WarmStartRecipe(steps=0)),
            tmp_path / "run3",
        )


@pytest.mark.parametrize("kind", ["text", "compact"])
def test_a_name_that_is_no_folder_is_not_looked_for_elsewhere(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def refused(*address: object, **how: object) -> None:
        asked.append(address)
        raise OSError("no network here")

    monkeypatch.setattr("socket.getaddrinfo", refused)
    recipe = dataclasses.replace(
        SMALL, model=ModelRecipe(kind=kind, path="nobody/nothing"), warm_start=WarmStartRecipe(steps=0), rl=RlRecipe()
    )
    with pytest.raises(InputError, match="nobody"):
        train(recipe, tmp_path / "run")
    assert not asked


@pytest.mark.parametrize("path", sorted((ROOT / "train" / "recipes").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_recipes_can_be_read(path: Path) -> None:
    recipe = load_recipe(path)
    check_circuits(recipe.circuits)
    assert recipe.name == path.stem and recipe_data(recipe)["rl"]["algorithm"] == "tl_grpo"
