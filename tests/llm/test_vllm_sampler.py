"""The vLLM sampler against transformers: exact token ids, the grammar's log-probabilities, new weights without a
restart.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from eda_agent.agent.history import History
from eda_agent.agent.language.grammar import Grammar
from eda_agent.agent.language.text import load_text
from eda_agent.problem.load import load_problem
from eda_agent.train.policies import TextTrainable, log_probabilities
from eda_agent.train.samplers.vllm import Server, VllmSampler, untie
from eda_agent.train.text import TextCodec
from eda_agent.train.tree import pack

ENDPOINT = os.environ.get("EDA_AGENT_TEST_ENDPOINT")
FOLDER = os.environ.get("EDA_AGENT_TEST_MODEL", "")
CIRCUITS = Path(__file__).parents[2] / "circuits"

pytestmark = pytest.mark.skipif(ENDPOINT is None, reason="runs through `make test-llm`, which starts the server")


def test_vllm_samples_what_transformers_would(tmp_path: Path) -> None:
    model, tokenizer = load_text(FOLDER)
    model.config.tie_word_embeddings = True
    model.tie_weights()
    problem = load_problem(CIRCUITS / "ota_5t")
    speaker = TextCodec(tokenizer, Grammar(tokenizer, model.get_output_embeddings().weight.shape[0], problem.space))
    history = History(problem)
    prompt = speaker.prompt(history)

    def write(weights: object, folder: Path) -> None:
        model.save_pretrained(folder)
        untie(folder)

    assert ENDPOINT is not None
    # a request's seed kills vLLM 0.32 on a CPU
    sampler = VllmSampler(Server(ENDPOINT, "smollm2", 1.0, 260), Path(FOLDER), write, seeded=False)
    trainable = TextTrainable(model.eval())

    def difference() -> float:
        answers = sampler.sample([prompt, prompt], 4, [0, 1])
        assert [len(row) for row in answers] == [4, 4]
        samples = [speaker.sample(prompt, answer) for row in answers for answer in row]
        whole = [answer for row in answers for answer in row if not answer.truncated]
        assert all(speaker.proposal(answer, history).sizing is not None for answer in whole)
        packed = pack([samples])
        with torch.no_grad():
            logprobs, _ = log_probabilities(trainable.logits(packed), packed)
        found = (logprobs - packed.sampled).abs().numpy()
        print(
            f"\n{len(whole)} of 8 whole, {sum(len(sample.targets) for sample in samples)} tokens: difference"
            f" {np.median(found):.2e} median, {found.max():.2e} largest"
        )
        return float(np.quantile(found, 0.99))

    assert difference() < 2e-3
    # other weights, the same server
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(1.02)
    assert difference() > 1e-2
    sampler.load({})
    assert difference() < 2e-3
    with torch.no_grad():
        for weight in model.parameters():
            weight.div_(1.02)
    sampler.load({})
