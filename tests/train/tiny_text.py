"""A language model of a few thousand weights with a tokenizer of single characters, made on the spot."""

from __future__ import annotations

from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM


def tiny_tokenizer() -> Any:
    """Every printable ASCII character is a token; no chat template."""
    words = ["<pad>", "<eos>", *map(chr, range(32, 127)), "\n", "µ", "…", "≥", "≤", "–", "√", "°", "·", "²"]
    tokenizer = Tokenizer(models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>")


def tiny_model(seed: int = 0, layers: int = 2) -> Any:
    """Qwen3's architecture, random."""
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=112,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=4096,
        eos_token_id=1,
        pad_token_id=0,
        bos_token_id=None,
        tie_word_embeddings=True,
        initializer_range=0.3,
    )
    return Qwen3ForCausalLM(config).eval()
