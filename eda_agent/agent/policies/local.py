"""The local policy asks a model in a folder, through torch and transformers: a compact model of ours, or any causal language model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eda_agent.agent.policies.base import Policy, turn_seed
from eda_agent.agent.turn import History, Proposal
from eda_agent.errors import Finding, InputError

RETRIES = 8
"""Answers drawn when the first ones were tried before; each a little more freely."""


class LocalPolicy:
    """`model`: a folder that `eda-agent train` wrote, or one with a causal language model and its tokenizer."""

    name = "local"

    def __init__(self, seed: int, model: str | None = None, *, temperature: float = 1.0, threads: int = 1, max_tokens: int = 600):
        if not model:
            raise InputError("policy local needs a model\n    → --model FOLDER, such as the one that `eda-agent train` wrote")
        import torch

        torch.set_num_threads(threads)
        folder = Path(model)
        kind = _kind(folder)
        self._inner: Policy = (
            CompactPolicy(seed, folder, temperature) if kind == "eda-agent-compact" else _text_policy(seed, folder, temperature, max_tokens)
        )

    def propose(self, history: History) -> Proposal:
        return self._inner.propose(history)


class CompactPolicy:
    """A compact model. An answer that was tried before is drawn again."""

    name = "local"

    def __init__(self, seed: int, folder: Path, temperature: float = 1.0):
        from eda_agent.agent.language.sampling import CompactSampler, load_compact

        self.seed, self.temperature = seed, temperature
        self.model = load_compact(folder)
        self.sampler: Any = CompactSampler(self.model, temperature)
        self._language: Any = None

    def propose(self, history: History) -> Proposal:
        from eda_agent.agent.language.compact import CompactLanguage

        if self._language is None or self._language.problem is not history.problem:
            config = self.model.config
            self._language = CompactLanguage(history.problem, points=config.points, window=config.window)
        language = self._language
        prompt = language.prompt(history)
        best = history.incumbent
        start = best.sizing if best is not None and best.sizing else history.problem.space.initial
        tried = [turn.sizing for turn in history.turns]
        sizing: dict[str, float] = {}
        for attempt in range(RETRIES):
            self.sampler.temperature = self.temperature * 1.15**attempt
            answers = self.sampler.sample([prompt], 1, [turn_seed(self.seed, history, str(attempt))])
            sizing = language.sizing(answers[0][0].tokens.tolist(), start)
            if sizing not in tried:
                break
        return Proposal(sizing, policy=self.name)


def _kind(folder: Path) -> str:
    try:
        return str(json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"])
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            Finding(
                "there is no model in this folder",
                folder,
                where="--model",
                fix="give the folder that `eda-agent train` wrote, with a config.json in it",
            )
        ) from None


def _text_policy(seed: int, folder: Path, temperature: float, max_tokens: int) -> Policy:
    from eda_agent.agent.policies.text import TextPolicy

    return TextPolicy(seed, folder, temperature, max_tokens)
