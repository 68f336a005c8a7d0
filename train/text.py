"""The text kind is a causal language model, complete or with LoRA adapters, that answers the product's prompt with the
product's JSON.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from eda_agent.agent.history import History
from eda_agent.agent.language.answer import Answer
from eda_agent.agent.language.grammar import Grammar
from eda_agent.agent.language.text import TextPrompt, TextSampler, load_text, text_prompt
from eda_agent.agent.parse import parse_reply
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.errors import InputError
from eda_agent.train.codec import altered
from eda_agent.train.policies import TextTrainable, Trainable
from eda_agent.train.recipe import Recipe
from eda_agent.train.samplers import Sampler
from eda_agent.train.samples import Sample
from eda_agent.train.tasks import Task


class TextCodec:
    """The product's prompt and parser. `grammar`: constraint of replies."""

    def __init__(self, tokenizer: Any, grammar: Grammar | None, shown: str = "true"):
        self.tokenizer, self.grammar, self.shown = tokenizer, grammar, shown

    def prompt(self, history: History) -> TextPrompt:
        return text_prompt(self.tokenizer, altered(history, self.shown), self.grammar)

    def sample(self, prompt: TextPrompt, answer: Answer) -> Sample:
        inputs = np.concatenate([prompt.tokens, answer.tokens[:-1]])
        return Sample(inputs, answer.tokens, answer.logprobs, answer.legal)

    def outcomes(self, prompt: Any, answer: Answer, turn: Turn) -> tuple[Sample, ...]:
        return ()

    def proposal(self, answer: Answer, history: History) -> Proposal:
        best = history.incumbent
        start = best.sizing if best is not None and best.sizing else history.problem.space.initial
        return parse_reply(self.tokenizer.decode(answer.tokens, skip_special_tokens=True), history.problem.space, start)


class TextBundle:
    """`model.path` names the weights; `model.lora` trains adapters of that rank instead of them."""

    options: Mapping[str, bool | int] = {}

    def __init__(self, recipe: Recipe):
        given = recipe.model
        if given.path is None:
            raise InputError(
                "model.path: a text model starts from pretrained weights\n    → name a folder with a causal language"
                " model"
            )
        if recipe.warm_start.steps:
            raise InputError(
                "warm_start.steps: a text model starts from pretrained weights\n    → warm_start: {steps: 0}"
            )
        if recipe.rl.replay:
            raise InputError("rl.replay: there are no supervised steps for a text model\n    → rl: {replay: 0}")
        self.recipe = recipe
        self.model, self.tokenizer = load_text(given.path)
        self.vocabulary = self.model.get_output_embeddings().weight.shape[0]
        if given.lora:
            self.model = with_lora(self.model, given.lora, given.lora_alpha)
        if given.checkpointing:
            self.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        if torch.cuda.is_available():
            self.model.to("cuda")
        self.policy = TextTrainable(self.model)
        self._grammars: dict[str, Grammar] = {}

    def speak(self, task: Task, number: int) -> TextCodec:
        grammar = None
        if self.recipe.model.constrained:
            name = task.source.name
            if name not in self._grammars:
                self._grammars[name] = Grammar(self.tokenizer, self.vocabulary, task.problem.space)
            grammar = self._grammars[name]
        return TextCodec(self.tokenizer, grammar, self.recipe.rl.history)

    def sampler(self, temperature: float) -> Sampler:
        if self.recipe.sampler == "vllm":
            return self._vllm(temperature)
        return TextSampler(copy.deepcopy(self.model), self.tokenizer, temperature, self.recipe.model.max_tokens)

    def _vllm(self, temperature: float) -> Sampler:
        from eda_agent.train.samplers.vllm import InProcess, Server, VllmSampler, untie

        copied, given = copy.deepcopy(self.model), self.recipe.model
        assert given.path is not None
        # vLLM reads its weights from a separate folder, so that the pretrained ones stay
        folder = Path(f"{given.path}-sampler")

        def write(weights: Mapping[str, Tensor], folder: Path) -> None:
            copied.load_state_dict(weights, strict=False)
            self._write(copied, folder)
            untie(folder)

        write(self.weights(), folder)
        if self.recipe.endpoint is not None:
            return VllmSampler(Server(self.recipe.endpoint, str(folder), temperature, given.max_tokens), folder, write)
        from vllm import LLM

        engine = LLM(str(folder), logprobs_mode="processed_logprobs", enable_prefix_caching=True, seed=self.recipe.seed)
        return VllmSampler(InProcess(engine, temperature, given.max_tokens), folder, write)

    def weights(self) -> Mapping[str, Tensor]:
        """The trained weights."""
        trained = {name for name, parameter in self.model.named_parameters() if parameter.requires_grad}
        return {name: value.detach() for name, value in self.model.state_dict().items() if name in trained}

    def read(self, folder: Path) -> Mapping[str, Tensor]:
        if not self.recipe.model.lora:
            return load_file(folder / "model.safetensors")
        # peft omits the adapter's name in its files
        return {
            name.replace(".weight", ".default.weight"): value
            for name, value in load_file(folder / "adapter_model.safetensors").items()
        }

    def reference(self) -> Trainable:
        return TextTrainable(copy.deepcopy(self.model).requires_grad_(False).eval())

    def dropout(self, share: float) -> None:
        self.model.train(False)
        for module in self.model.modules():
            if isinstance(module, nn.Dropout):
                module.p = share

    def save(self, folder: Path) -> Path:
        self._write(self.model, folder)
        return folder

    def _write(self, model: Any, folder: Path) -> None:
        if self.recipe.model.lora:
            # adapters are merged into the weights, so that the folder is a complete model
            model = copy.deepcopy(model).merge_and_unload()
        model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)


def with_lora(model: Any, rank: int, alpha: float) -> Any:
    """The model with trainable adapters beside every linear layer except the head (LoRA, arXiv 2106.09685)."""
    from peft import LoraConfig, get_peft_model

    return get_peft_model(
        model, LoraConfig(r=rank, lora_alpha=alpha, target_modules="all-linear", task_type="CAUSAL_LM")
    )
