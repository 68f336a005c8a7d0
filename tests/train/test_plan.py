"""Plans of large models: the published figures come out, and the shapes run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoConfig

from eda_agent.cli.main import main
from eda_agent.train.plan import CARDS, make_plan, meta_model, read_config
from eda_agent.train.recipe import load_recipe
from tests.conftest import ROOT

RECIPE = ROOT / "train" / "recipes" / "qwen3-30b-a3b.yaml"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_the_papers_model_has_its_published_size() -> None:
    plan = make_plan(load_recipe(RECIPE), CARDS["h200"])
    # Qwen3-30B-A3B: 30.5 G weights, 3.3 G a token (the model's card)
    assert plan.parameters == pytest.approx(30.5e9, rel=0.01) and plan.active == pytest.approx(3.3e9, rel=0.03)
    assert plan.trained == plan.parameters
    assert plan.memory["weights"] == 2 * plan.parameters and plan.memory["optimiser"] == 12 * plan.parameters
    total = sum(plan.memory.values())
    assert (plan.cards - 1) * 0.9 * CARDS["h200"].memory < total <= plan.cards * 0.9 * CARDS["h200"].memory


def test_its_shapes_run_without_memory() -> None:
    config = read_config(load_recipe(RECIPE))
    config.num_hidden_layers = 2
    model = meta_model(config)
    ids = torch.zeros((1, 12), dtype=torch.long, device="meta")
    assert model(input_ids=ids).logits.shape == (1, 12, 151936)


def test_weights_of_a_known_shape(tmp_path: Path) -> None:
    """A small model counted by hand."""
    config = AutoConfig.for_model(
        "llama",
        hidden_size=8,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        vocab_size=10,
        tie_word_embeddings=False,
    )
    config.save_pretrained(tmp_path)
    path = tmp_path / "recipe.yaml"
    path.write_text(
        f"name: x\ncircuits: [ota_5t]\nmodel: {{kind: text, path: {tmp_path}, lora: 2, max_tokens: 100}}\nwarm_start:"
        " {steps: 0}\nrl: {tasks: 2, turns: 3, group: 4}\n"
    )
    plan = make_plan(load_recipe(path), CARDS["h100"])
    attention, gated, norms = 8 * 8 + 2 * 8 * 4 + 8 * 8, 3 * 8 * 16, 3 * 8
    assert plan.parameters == plan.active == 2 * 10 * 8 + attention + gated + norms
    # two matrices of rank 2 beside each linear layer
    assert plan.trained == 2 * (16 + 2 * 12 + 16 + 3 * 24)
    assert plan.tokens_sampled == 2 * 3 * 4 * 100
    assert plan.cards == 1


def test_a_plan_without_a_shape_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("name: x\ncircuits: [ota_5t]\nmodel: {kind: text, path: nowhere}\nwarm_start: {steps: 0}\n")
    assert main(["train", str(path), "--plan", "h100"]) == 2
    assert "needs the model's shape" in capsys.readouterr().err
    assert main(["train", str(RECIPE), "--plan", "h200"]) == 0
    assert "H200" in capsys.readouterr().out
