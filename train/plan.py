"""A plan estimates the memory and the step time of a recipe on a card before anything is started.

Shapes come from the model itself, built on torch's meta device, where tensors have sizes but no memory. The formulas:

    weights        b · N                      b bytes per weight (bf16 2, float32 4)
    gradients      b · N_t                    of the trained weights N_t
    optimiser      12 · N_t                   AdamW: float32 master weights and two moments
    activations    b · L · S · 34 h / 2, or b · L · S · 2 h with activation checkpointing (after arXiv 2205.05198,
    attention not kept)
    cache          2 · L · h_kv · S_c · b     keys and values of the tokens sampled at once
    step           (6 · N_a · tokens learnt + 2 · N_a · tokens sampled) / (FLOP/s · utilisation)

N_a are the weights active per token (in a mixture of experts: its experts). Utilisations are assumptions and are
printed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from eda_agent.errors import Finding, InputError
from eda_agent.train.algorithms import algorithm
from eda_agent.train.recipe import Recipe

PROMPT, ANSWER = 1300, 250
"""Tokens of the product's prompt and of a reasoned answer, as measured with SmolLM2's tokenizer on `ota_5t` (1278 and
90 to 260).
"""


@dataclass(frozen=True)
class Card:
    """`memory` in bytes; `flops` dense bf16 multiply-adds × 2 per second, from the data sheet; `bandwidth` in
    bytes/s.
    """

    name: str
    memory: float
    flops: float
    bandwidth: float


CARDS = {
    "h100": Card("NVIDIA H100 SXM", 80e9, 989e12, 3.35e12),
    "h200": Card("NVIDIA H200 SXM", 141e9, 989e12, 4.8e12),
    "a100": Card("NVIDIA A100 SXM 80 GB", 80e9, 312e12, 2.0e12),
}
LEARNING, SAMPLING = 0.35, 0.30
"""Assumed shares of the card's FLOP/s and of its bandwidth."""


@dataclass(frozen=True)
class Plan:
    """Bytes and seconds per card; `cards` is the number that holds it, with weights, gradients and optimiser
    distributed among them.
    """

    parameters: int
    active: int
    trained: int
    memory: dict[str, float]
    cards: int
    tokens_learnt: int
    tokens_sampled: int
    step: float

    def text(self, card: Card) -> str:
        rows = [f"{name:<12} {size / 1e9:8.1f} GB" for name, size in self.memory.items()]
        total = sum(self.memory.values())
        return "\n".join(
            [
                (
                    f"{self.parameters / 1e9:.2f} G weights, {self.active / 1e9:.2f} G a token,"
                    f" {self.trained / 1e6:.1f} M trained"
                ),
                *rows,
                (
                    f"{'all':<12} {total / 1e9:8.1f} GB on {self.cards} × {card.name} ({card.memory / 1e9:.0f} GB each,"
                    " 90 % of it used)"
                ),
                (
                    f"a step       {self.step:8.1f} s without simulation: {self.tokens_learnt:,} tokens learnt,"
                    f" {self.tokens_sampled:,} sampled (assumed: {LEARNING:.0%} of FLOP/s learning, {SAMPLING:.0%} of"
                    " bandwidth sampling)"
                ),
            ]
        )


def meta_model(config: Any) -> Any:
    """The model with shapes and without memory."""
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)


def read_config(recipe: Recipe) -> Any:
    """The configuration of a recipe's text model: of `model.path` if it exists, else of the file `model.config`."""
    given = recipe.model
    try:
        if given.path is not None and (Path(given.path) / "config.json").is_file():
            return AutoConfig.from_pretrained(given.path, trust_remote_code=False, local_files_only=True)
        if given.config is not None:
            data = json.loads(Path(given.config).read_text())
            return AutoConfig.for_model(**data)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            Finding(
                f"the model's configuration cannot be read: {error}",
                Path(given.config or given.path or "."),
                where="model",
            )
        ) from None
    raise InputError(
        "a plan needs the model's shape\n    → set model.path to a model on this machine, or model.config to its"
        " config.json"
    )


def make_plan(recipe: Recipe, card: Card) -> Plan:
    """The needs of a recipe with a text model on cards of a kind."""
    from eda_agent.train.text import with_lora

    config = read_config(recipe)
    model = meta_model(config)
    # modules of experts hold all of them in one tensor, with the experts on the first axis
    everything = sum(weight.numel() for weight in model.parameters())
    experts = sum(weight.numel() for name, weight in model.named_parameters() if "experts" in name)
    count, chosen = getattr(config, "num_experts", None) or 1, getattr(config, "num_experts_per_tok", None) or 1
    active = everything - experts + experts * chosen // count
    if recipe.model.lora:
        model = with_lora(model, recipe.model.lora, recipe.model.lora_alpha)
    trained = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    rl = recipe.rl
    rollout = algorithm(rl.algorithm).plan(rl.turns, rl.group)
    trajectories = rl.tasks * rollout.tasks * rollout.trajectories
    answer = min(recipe.model.max_tokens, ANSWER)
    sampled = trajectories * rollout.turns * rollout.group * answer
    # a tree has each prompt once; turns of the product's prompt share its first half
    learnt = sampled + trajectories * (PROMPT + (rollout.turns - 1) * PROMPT // 2)
    hidden, layers = config.hidden_size, config.num_hidden_layers
    width = 2 if recipe.model.dtype == "bfloat16" else 4
    row = min(rl.row_tokens, PROMPT + (rollout.turns - 1) * PROMPT // 2 + rollout.turns * rollout.group * answer)
    kept = layers * row * hidden * (2 if recipe.model.checkpointing else 17)
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    head = getattr(config, "head_dim", None) or hidden // config.num_attention_heads
    cached = 2 * layers * heads * head * width * trajectories * (PROMPT + rollout.group * answer)
    memory = {
        "weights": float(width * everything),
        "gradients": float(width * trained),
        "optimiser": 12.0 * trained,
        "activations": float(width * kept),
        "logits": 6.0 * min(row, rollout.turns * rollout.group * answer) * config.vocab_size,
        "cache": float(cached),
    }
    cards = max(1, -(-int(sum(memory.values())) // int(0.9 * card.memory)))
    learning = 6.0 * active * learnt * rl.epochs / (card.flops * LEARNING * cards)
    # a decoding step reads the active weights of its batch; a mixture of experts in a large batch reads nearly all of
    # them
    steps = rollout.turns * answer
    sampling = steps * width * everything / (card.bandwidth * SAMPLING * cards) + 2.0 * active * (sampled + learnt) / (
        card.flops * LEARNING * cards
    )
    return Plan(everything, active, trained, memory, cards, learnt, sampled, learning + sampling)
