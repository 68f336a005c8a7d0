"""The vLLM sampler draws replies from a vLLM server, or from vLLM in this process on a GPU, by exact token ids.

Prompts and replies are token ids, so that nothing is tokenised twice. Replies are constrained by the same grammar as
elsewhere, and log-probabilities are those after temperature and grammar (`processed_logprobs`). New weights are written
into vLLM's folder and reloaded without a restart; its prefix cache is then emptied, because it holds values of the old
weights.

A server for it:  VLLM_SERVER_DEV_MODE=1 vllm serve FOLDER --logprobs-mode processed_logprobs --enable-prefix-caching
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from safetensors.torch import load_file, save_file
from torch import Tensor

from eda_agent.agent.language.answer import Answer
from eda_agent.agent.language.text import TextPrompt
from eda_agent.errors import MissingError


class Backend(Protocol):
    """`complete`: for each prompt `group` replies as (token ids, log-probabilities, whether truncated)."""

    def complete(
        self, prompts: Sequence[TextPrompt], group: int, seed: int | None
    ) -> list[list[tuple[list[int], list[float], bool]]]: ...
    def reload(self) -> None: ...


class VllmSampler:
    """`write(weights, folder)` writes a complete model there, which `backend` reloads. `seeded`: whether requests carry
    a seed.
    """

    def __init__(
        self,
        backend: Backend,
        folder: Path,
        write: Callable[[Mapping[str, Tensor], Path], None],
        *,
        seeded: bool = True,
    ):
        self.backend, self.folder, self.write, self.seeded = backend, folder, write, seeded

    def load(self, weights: Mapping[str, Tensor]) -> None:
        self.write(weights, self.folder)
        self.backend.reload()

    def sample(
        self, prompts: Sequence[TextPrompt], group: int, seeds: Sequence[int], lane: int = 0
    ) -> list[list[Answer]]:
        found = self.backend.complete(prompts, group, seeds[0] % 2**31 if self.seeded else None)
        return [
            [self._answer(prompt, *reply) for reply in replies] for prompt, replies in zip(prompts, found, strict=True)
        ]

    def _answer(self, prompt: TextPrompt, tokens: list[int], logprobs: list[float], truncated: bool) -> Answer:
        legal = prompt.grammar.replay(tokens) if prompt.grammar is not None else None
        return Answer(np.array(tokens, dtype=np.int64), np.array(logprobs, dtype=np.float32), truncated, legal)


def untie(folder: Path) -> None:
    """Write a tied head as separate weights: vLLM (0.32) does not reload a tied one."""
    config = json.loads((folder / "config.json").read_text())
    tensors = load_file(folder / "model.safetensors")
    if "lm_head.weight" not in tensors:
        tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"].clone()
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps({**config, "tie_word_embeddings": False}, indent=2))


class Server:
    """A vLLM server at `endpoint` (without /v1) that serves `model`. Raises `MissingError` when it does not answer."""

    def __init__(self, endpoint: str, model: str, temperature: float, max_tokens: int, timeout: float = 600.0):
        self.endpoint, self.model = endpoint.rstrip("/").removesuffix("/v1"), model
        self.temperature, self.max_tokens, self.timeout = temperature, max_tokens, timeout

    def complete(
        self, prompts: Sequence[TextPrompt], group: int, seed: int | None
    ) -> list[list[tuple[list[int], list[float], bool]]]:
        # one request per grammar: it belongs to the request
        result: list[list[tuple[list[int], list[float], bool]]] = [[] for _ in prompts]
        grammars = {id(prompt.grammar): prompt.grammar for prompt in prompts}
        for key, grammar in grammars.items():
            rows = [row for row, prompt in enumerate(prompts) if id(prompt.grammar) == key]
            body: dict[str, Any] = {
                "model": self.model,
                "prompt": [prompts[row].tokens.tolist() for row in rows],
                "n": group,
                "max_tokens": self.max_tokens,
                "temperature": self.temperature,
                "logprobs": 0,
                "return_token_ids": True,
                "top_p": 1.0,
                "top_k": 0,
                "repetition_penalty": 1.0,
            }
            if grammar is not None:
                body["structured_outputs"] = {"grammar": grammar.ebnf}
            if seed is not None:
                body["seed"] = seed
            choices = sorted(self._post("/v1/completions", body)["choices"], key=lambda choice: choice["index"])
            for number, choice in enumerate(choices):
                reply = (choice["token_ids"], choice["logprobs"]["token_logprobs"], choice["finish_reason"] == "length")
                result[rows[number // group]].append(reply)
        return result

    def reload(self) -> None:
        self._post("/collective_rpc", {"method": "reload_weights"})
        self._post("/reset_prefix_cache", {})

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        request = urllib.request.Request(  # noqa: S310  # the recipe's own endpoint
            self.endpoint + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:  # noqa: S310
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise MissingError(
                f"{self.endpoint}{path}: {error.code} {error.read().decode(errors='replace')[:300]}"
            ) from None
        except OSError as error:
            raise MissingError(
                f"the vLLM server at {self.endpoint} does not answer: {error}\n    → start it (see"
                " train/samplers/vllm.py) and --resume"
            ) from None
        return json.loads(text) if text else None


class InProcess:
    """vLLM in this process: `engine` is a `vllm.LLM` made with `logprobs_mode="processed_logprobs"`."""

    def __init__(self, engine: Any, temperature: float, max_tokens: int):
        self.engine, self.temperature, self.max_tokens = engine, temperature, max_tokens

    def complete(
        self, prompts: Sequence[TextPrompt], group: int, seed: int | None
    ) -> list[list[tuple[list[int], list[float], bool]]]:
        from vllm import SamplingParams
        from vllm.sampling_params import StructuredOutputsParams

        rules = [
            SamplingParams(
                n=group,
                max_tokens=self.max_tokens,
                temperature=self.temperature,
                logprobs=0,
                seed=None if seed is None else seed + row,
                structured_outputs=StructuredOutputsParams(grammar=prompt.grammar.ebnf)
                if prompt.grammar is not None
                else None,
            )
            for row, prompt in enumerate(prompts)
        ]
        outputs = self.engine.generate(
            [{"prompt_token_ids": prompt.tokens.tolist()} for prompt in prompts], rules, use_tqdm=False
        )
        return [
            [
                (
                    list(reply.token_ids),
                    [entry[token].logprob for token, entry in zip(reply.token_ids, reply.logprobs, strict=True)],
                    reply.finish_reason == "length",
                )
                for reply in output.outputs
            ]
            for output in outputs
        ]

    def reload(self) -> None:
        self.engine.collective_rpc("reload_weights")
        self.engine.reset_prefix_cache()
