"""Text is the language of language models: the product's prompt in a chat template, with replies sampled token by
token.

A prompt is computed once, and its cache is shared by the replies (`shared_prefix`; repeated if a model's attention does
not allow sharing). With a grammar, tokens that cannot lead to a legal sizing have probability 0, and log-probabilities
are those of the remaining ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
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
from eda_agent.agent.language.shared_prefix import SharedCache, serves, use
from eda_agent.agent.language.torch_engine import present, whole
from eda_agent.agent.prompt import render
from eda_agent.errors import Finding, InputError

ROWS = 64
"""Number of replies sampled in parallel."""


@dataclass(frozen=True, eq=False)
class TextPrompt:
    """`tokens` (n): a chat up to the start of the reply. `grammar`: constraint of the reply, None for none."""

    tokens: NDArray[np.int64]
    grammar: Grammar | None = None


def text_prompt(tokenizer: Any, history: History, grammar: Grammar | None, *, netlist: bool = True) -> TextPrompt:
    """The product's prompt (`agent.prompt`), built for every history."""
    messages = render(history, netlist=netlist)
    if tokenizer.chat_template:
        tokens = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=True)[
            "input_ids"
        ]
    else:
        tokens = tokenizer("\n\n".join(message["content"] for message in messages) + "\n\n")["input_ids"]
    return TextPrompt(np.asarray(tokens, dtype=np.int64), grammar)


class TextSampler:
    """`max_tokens`: maximum length of a reply. `temperature` divides the logits."""

    def __init__(self, model: Any, tokenizer: Any, temperature: float = 1.0, max_tokens: int = 400):
        self.model, self.tokenizer, self.temperature, self.max_tokens = model.eval(), tokenizer, temperature, max_tokens
        ends = model.generation_config.eos_token_id
        self.shared = serves(model)
        if self.shared:
            use(model)
        self.ends = set(ends if isinstance(ends, list) else [ends, tokenizer.eos_token_id]) - {None}

    def load(self, weights: Mapping[str, Tensor]) -> None:
        self.model.load_state_dict(weights, strict=False)

    def sample(
        self, prompts: Sequence[TextPrompt], group: int, seeds: Sequence[int], lane: int = 0
    ) -> list[list[Answer]]:
        rooms = max(1, ROWS // group) if self.shared else 1
        result: list[list[Answer]] = []
        for start in range(0, len(prompts), rooms):
            result += self._replies(
                prompts[start : start + rooms],
                group,
                [np.random.default_rng(seed) for seed in seeds[start : start + rooms]],
            )
        return result

    @torch.no_grad()
    def _replies(
        self, prompts: Sequence[TextPrompt], group: int, random: Sequence[np.random.Generator]
    ) -> list[list[Answer]]:
        """Replies to several prompts at once if they can share their cache, else to one."""
        device = self.model.device
        caches, first = [], []
        for prompt in prompts:
            caches.append(DynamicCache(config=self.model.config))
            ids = torch.from_numpy(prompt.tokens)[None].to(device)
            first.append(
                self.model(input_ids=ids, past_key_values=caches[-1], use_cache=True, logits_to_keep=1).logits[:, -1]
            )
        replies = [_Reply(prompt) for prompt in prompts for _ in range(group)]
        draws = np.concatenate([one.random((group, self.max_tokens), dtype=np.float32) for one in random])
        logits = torch.cat(first).repeat_interleave(group, 0)
        if self.shared:
            cache: Any = SharedCache(caches, [group] * len(prompts), self.max_tokens)
        else:
            cache = caches[0]
            cache.batch_repeat_interleave(group)
        rows = list(range(len(replies)))
        for step in range(self.max_tokens):
            allowed = torch.ones_like(logits, dtype=torch.bool)
            for place, row in enumerate(rows):
                if (words := replies[row].words()) is not None:
                    allowed[place] = torch.from_numpy(unpacked(words, logits.shape[-1])).to(device)
            chosen, logprob = draw(
                logits.float() / self.temperature, allowed, torch.from_numpy(draws[rows, step]).to(device)
            )
            for row, token, value in zip(rows, chosen.tolist(), logprob.tolist(), strict=True):
                replies[row].take(token, value, self.ends)
            going = [place for place, row in enumerate(rows) if replies[row].open]
            if not going or step + 1 == self.max_tokens:
                break
            more: dict[str, Any] = {}
            if self.shared:
                if len(going) < len(rows):
                    cache.keep(going)
                    rows, chosen = [rows[place] for place in going], chosen[going]
                places = [len(replies[row].prompt.tokens) + step for row in rows]
                more = {"shared": cache, "position_ids": torch.tensor(places, device=device)[:, None]}
            logits = self.model(
                input_ids=chosen[:, None], past_key_values=cache, use_cache=True, logits_to_keep=1, **more
            ).logits[:, -1]
        answers = [reply.answer() for reply in replies]
        return [answers[start : start + group] for start in range(0, len(answers), group)]


class _Reply:
    """A reply that is being sampled."""

    def __init__(self, prompt: TextPrompt):
        self.prompt, self.open = prompt, True
        self._matcher = prompt.grammar.matcher() if prompt.grammar else None
        self._tokens: list[int] = []
        self._logprobs: list[float] = []
        self._legal: list[NDArray[np.int32]] = []

    def words(self) -> NDArray[np.int32] | None:
        """The allowed next tokens as bits; None for all."""
        if self._matcher is None or not self.open:
            return None
        self._legal.append(self._matcher.allowed())
        return self._legal[-1]

    def take(self, token: int, logprob: float, ends: Set[int]) -> None:
        if not self.open:
            return
        self._tokens.append(token)
        self._logprobs.append(logprob)
        if self._matcher is not None:
            self._matcher.accept(token)
            self.open = not self._matcher.ended
        self.open = self.open and token not in ends

    def answer(self) -> Answer:
        return Answer(
            np.array(self._tokens, dtype=np.int64),
            np.array(self._logprobs, dtype=np.float32),
            self.open,
            np.stack(self._legal) if self._legal else None,
        )


def load_text(folder: str | Path, dtype: torch.dtype = torch.float32) -> tuple[Any, Any]:
    """(model, tokenizer) of a causal language model; nothing is downloaded and no code of the folder is executed.
    Raises `InputError`.
    """
    try:
        present(folder)
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        model, report = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=dtype,
            trust_remote_code=False,
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
        )
        whole(report)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise InputError(
            Finding(
                f"this is not a language model: {(str(error).strip() or type(error).__name__).splitlines()[0][:200]}",
                Path(folder),
                fix="give a folder with config.json, tokenizer and safetensors",
            )
        ) from None
    return model, tokenizer


def draw(logits: Tensor, legal: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
    """`sampling.draw` on the logits' device: a vocabulary of 150,000 is not copied for every token."""
    logprobs = logits.masked_fill(~legal, float("-inf")).log_softmax(-1)
    cumulative = logprobs.exp().cumsum(-1)
    # the total differs from 1 by rounding; illegal tokens have no width and cannot be hit
    chosen = torch.searchsorted(
        cumulative, (uniform * cumulative[..., -1])[..., None].contiguous(), right=True
    ).squeeze(-1)
    chosen = chosen.clamp(max=logits.shape[-1] - 1)
    return chosen, logprobs.gather(-1, chosen[..., None]).squeeze(-1)
