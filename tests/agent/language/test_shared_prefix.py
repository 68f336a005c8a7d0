"""Replies that share their prompt's keys and values say what replies with a cache of their own say."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from eda_agent.agent.language.answer import Answer
from eda_agent.agent.language.grammar import Grammar
from eda_agent.agent.language.shared_prefix import serves
from eda_agent.agent.language.text import ROWS, TextPrompt, TextSampler
from eda_agent.problem.spec import Problem
from tests.train.tiny_text import tiny_model, tiny_tokenizer


def llama() -> Any:
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=112,
        hidden_size=48,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=6,
        num_key_value_heads=3,
        head_dim=8,
        max_position_embeddings=4096,
        eos_token_id=1,
        pad_token_id=0,
        bos_token_id=None,
        initializer_range=0.3,
    )
    return LlamaForCausalLM(config).eval()


def both(
    model: Any, prompts: list[TextPrompt], group: int, seeds: list[int], tokens: int
) -> tuple[list[list[Answer]], list[list[Answer]]]:
    # in double precision: rounding would now and then draw another token, and all after it
    shared = TextSampler(model.double(), tiny_tokenizer(), max_tokens=tokens)
    assert shared.shared
    found = shared.sample(prompts, group, seeds)
    shared.shared = False
    return found, shared.sample(prompts, group, seeds)


@pytest.mark.parametrize("make", [tiny_model, llama])
def test_the_same_tokens_and_log_probabilities(make: Any) -> None:
    rng = np.random.default_rng(0)
    prompts = [TextPrompt(rng.integers(2, 110, length)) for length in (3, 40, 17, 300)]
    for found, alone in zip(*both(make(), prompts, 5, [1, 2, 3, 4], 60), strict=True):
        for one, other in zip(found, alone, strict=True):
            assert one.tokens.tolist() == other.tokens.tolist() and one.truncated == other.truncated
            assert one.logprobs == pytest.approx(other.logprobs, abs=1e-6)


def test_what_ends_early_leaves_the_others_as_they_were() -> None:
    model = tiny_model()
    # a bias towards the end: most replies are short
    with torch.no_grad():
        model.lm_head.weight[1] += 0.4
    prompts = [TextPrompt(np.arange(2, 30)), TextPrompt(np.arange(40, 50))]
    found, alone = both(model, prompts, 8, [5, 6], 50)
    lengths = [len(answer.tokens) for answers in found for answer in answers]
    assert len(set(lengths)) > 4
    for one, other in zip(chain(*found), chain(*alone), strict=True):
        assert one.tokens.tolist() == other.tokens.tolist()
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-6)


def test_grammars_and_more_prompts_than_one_batch_takes(miller: Problem) -> None:
    model, tokenizer = tiny_model(), tiny_tokenizer()
    grammar = Grammar(tokenizer, 112, miller.space)
    count = ROWS // 8 + 2
    prompts = [TextPrompt(np.arange(2, 20 + number), grammar) for number in range(count)]
    found, alone = both(model, prompts, 8, list(range(count)), 12)
    assert len(found) == count and all(len(answers) == 8 for answers in found)
    for one, other in zip(chain(*found), chain(*alone), strict=True):
        assert one.tokens.tolist() == other.tokens.tolist()
        assert one.legal is not None and np.array_equal(one.legal, other.legal)


def test_models_with_windows_keep_a_cache_each() -> None:
    model = llama()
    assert serves(model)
    model.config.layer_types = ["full_attention", "sliding_attention", "full_attention"]
    assert not serves(model)
    model.config.layer_types = None
    model.config.model_type = "gemma3_text"
    assert not serves(model)
