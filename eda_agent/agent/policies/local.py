"""The local policy runs a model in a folder with torch and transformers: a compact model, or any causal language
model.
"""

from __future__ import annotations

import json
from pathlib import Path

from eda_agent.agent.history import History
from eda_agent.agent.policies.base import Policy
from eda_agent.agent.turn import Proposal
from eda_agent.errors import Finding, InputError


class LocalPolicy:
    """`model`: a folder that `eda-agent train` wrote, or one with a causal language model and its tokenizer."""

    name = "local"

    def __init__(
        self,
        seed: int,
        model: str | None = None,
        *,
        temperature: float | None = None,
        threads: int = 1,
        max_tokens: int = 600,
    ):
        if not model:
            raise InputError(
                "policy local needs a model\n    → --model FOLDER, such as a folder that `eda-agent train` wrote"
            )
        import torch

        torch.set_num_threads(threads)
        folder = Path(model)
        kind = _kind(folder)
        self._inner: Policy = (
            _compact_policy(seed, folder, temperature)
            if kind == "eda-agent-compact"
            else _text_policy(seed, folder, 1.0 if temperature is None else temperature, max_tokens)
        )

    def propose(self, history: History) -> Proposal:
        return self._inner.propose(history)


def _compact_policy(seed: int, folder: Path, temperature: float | None) -> Policy:
    from eda_agent.agent.language.torch_engine import TorchEngine, load_compact
    from eda_agent.agent.policies.compact import CompactPolicy

    model = load_compact(folder)
    config = model.config
    return CompactPolicy(
        "local",
        seed,
        TorchEngine(model),
        points=config.points,
        window=config.window,
        outcomes=config.outcomes,
        temperature=temperature,
    )


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
