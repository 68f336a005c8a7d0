"""Text is the language of language models: the product's prompt through a chat template, replies sampled token by token.

A prompt is computed once and its cache repeated for the replies to it. Where a grammar is given, tokens that cannot lead to a legal sizing
have no probability, and log-probabilities are those of what is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from eda_agent.agent.history import History
from eda_agent.agent.language.answer import Answer
from eda_agent.agent.language.bits import unpacked
from eda_agent.agent.language.grammar import Grammar
from eda_agent.agent.language.torch_engine import whole
from eda_agent.agent.prompt import render
from eda_agent.errors import Finding, InputError


@dataclass(frozen=True, eq=False)
class TextPrompt:
    """`tokens` (n): a chat up to where the reply begins. `grammar`: what a reply may be, None for anything."""

    tokens: NDArray[np.int64]
    grammar: Grammar | None = None


def text_prompt(tokenizer: Any, history: History, grammar: Grammar | None, *, netlist: bool = True) -> TextPrompt:
    """The product's prompt (`agent.prompt`), built anew for every history."""
    messages = render(history, netlist=netlist)
    if tokenizer.chat_template:
        tokens = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=True)["input_ids"]
    else:
        tokens = tokenizer("\n\n".join(message["content"] for message in messages) + "\n\n")["input_ids"]
    return TextPrompt(np.asarray(tokens, dtype=np.int64), grammar)


class TextSampler:
    """`max_tokens`: where a reply is cut off. `temperature` divides the logits."""

    def __init__(self, model: Any, tokenizer: Any, temperature: float = 1.0, max_tokens: int = 400):
        self.model, self.tokenizer, self.temperature, self.max_tokens = model.eval(), tokenizer, temperature, max_tokens
        ends = model.generation_config.eos_token_id
        self.ends = set(ends if isinstance(ends, list) else [ends, tokenizer.eos_token_id]) - {None}

    def load(self, weights: Mapping[str, Tensor]) -> None:
        self.model.load_state_dict(weights, strict=False)

    def sample(self, prompts: Sequence[TextPrompt], group: int, seeds: Sequence[int], lane: int = 0) -> list[list[Answer]]:
        return [self._replies(prompt, group, np.random.default_rng(seed)) for prompt, seed in zip(prompts, seeds, strict=True)]

    @torch.no_grad()
    def _replies(self, prompt: TextPrompt, group: int, random: np.random.Generator) -> list[Answer]:
        device = self.model.device
        cache = DynamicCache(config=self.model.config)
        ids = torch.from_numpy(prompt.tokens)[None].to(device)
        logits = self.model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1).logits[:, -1]
        cache.batch_repeat_interleave(group)
        logits = logits.expand(group, -1)
        matchers = [prompt.grammar.matcher() for _ in range(group)] if prompt.grammar else []
        draws = random.random((group, self.max_tokens), dtype=np.float32)
        tokens: list[list[int]] = [[] for _ in range(group)]
        logprobs: list[list[float]] = [[] for _ in range(group)]
        legal: list[list[NDArray[np.int32]]] = [[] for _ in range(group)]
        open_ = [True] * group
        for step in range(self.max_tokens):
            allowed = torch.ones_like(logits, dtype=torch.bool)
            bits = {row: matchers[row].allowed() for row in range(group) if open_[row]} if matchers else {}
            for row, words in bits.items():
                allowed[row] = torch.from_numpy(unpacked(words, logits.shape[-1])).to(device)
            chosen, logprob = draw(logits.float() / self.temperature, allowed, torch.from_numpy(draws[:, step]).to(device))
            for row, (token, value) in enumerate(zip(chosen.tolist(), logprob.tolist(), strict=True)):
                if not open_[row]:
                    continue
                tokens[row].append(token)
                logprobs[row].append(value)
                if row in bits:
                    legal[row].append(bits[row])
                    matchers[row].accept(token)
                    open_[row] = not matchers[row].ended
                if token in self.ends:
                    open_[row] = False
            if not any(open_) or step + 1 == self.max_tokens:
                break
            logits = self.model(input_ids=chosen[:, None], past_key_values=cache, use_cache=True, logits_to_keep=1).logits[:, -1]
        return [
            Answer(
                np.array(tokens[row], dtype=np.int64), np.array(logprobs[row], dtype=np.float32), open_[row],
                np.stack(legal[row]) if legal[row] else None,
            )
            for row in range(group)
        ]  # fmt: skip


def load_text(folder: str | Path, dtype: torch.dtype = torch.float32) -> tuple[Any, Any]:
    """(model, tokenizer) of a causal language model; nothing is fetched and no code of the folder is run. Raises `InputError`."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        model, report = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, trust_remote_code=False, use_safetensors=True, output_loading_info=True
        )
        whole(report)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise InputError(
            Finding(
                f"this is no language model: {(str(error).strip() or type(error).__name__).splitlines()[0][:200]}",
                Path(folder),
                fix="give a folder with config.json, tokenizer and safetensors",
            )
        ) from None
    return model, tokenizer


def draw(logits: Tensor, legal: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
    """`sampling.draw` where the logits are: a vocabulary of 150,000 is not carried from the device for every token."""
    logprobs = logits.masked_fill(~legal, float("-inf")).log_softmax(-1)
    cumulative = logprobs.exp().cumsum(-1)
    # the total differs from 1 by rounding; what is illegal has no width and cannot be hit
    chosen = torch.searchsorted(cumulative, (uniform * cumulative[..., -1])[..., None].contiguous(), right=True).squeeze(-1)
    chosen = chosen.clamp(max=logits.shape[-1] - 1)
    return chosen, logprobs.gather(-1, chosen[..., None]).squeeze(-1)
