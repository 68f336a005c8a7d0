"""How fast a TL-GRPO step is beside TRL's GRPOTrainer on the same samples: same model, same groups, the simulator a
constant.

    python benchmarks/learner.py [--large]

T = 5 histories of one trajectory (600 tokens of task, 60 more a turn), G = 8 answers of 60 tokens each. TRL gets the
forty samples as it gets any batch; we pack them into one tree. Timed: forward, backward and optimiser step (TRL:
`training_step` on a prepared batch and its optimiser), each the median of several in one process, one after the
other. `--large`: 135 M parameters instead of one million (SmolLM2's shape, random weights; one step each, minutes).
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

from eda_agent.train.advantages import estimator
from eda_agent.train.algorithms import tl_grpo
from eda_agent.train.credit import Credit
from eda_agent.train.learner import Learner, Rules
from eda_agent.train.loss import Surrogate
from eda_agent.train.policies import TextTrainable
from eda_agent.train.samples import Group, Sample, Trajectory
from eda_agent.train.tree import pack, padded

TURNS, GROUP, TASK, TURN, ANSWER = 5, 8, 600, 60, 60
RESULT = Path(__file__).parent / "results" / "learner.json"


def small() -> Any:
    """About a million weights."""
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=1024,
            hidden_size=128,
            intermediate_size=344,
            num_hidden_layers=5,
            num_attention_heads=4,
            num_key_value_heads=4,
            head_dim=32,
            max_position_embeddings=2048,
            tie_word_embeddings=True,
            eos_token_id=1,
            pad_token_id=0,
            bos_token_id=None,
        )
    )


def large() -> Any:
    """SmolLM2-135M's shape."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=49152,
            hidden_size=576,
            intermediate_size=1536,
            num_hidden_layers=30,
            num_attention_heads=9,
            num_key_value_heads=3,
            max_position_embeddings=8192,
            tie_word_embeddings=True,
            eos_token_id=2,
            pad_token_id=0,
            bos_token_id=1,
        )
    )


def trajectory(vocabulary: int) -> Trajectory:
    draw = np.random.default_rng(0)
    history = draw.integers(3, vocabulary, TASK)
    groups = []
    for _ in range(TURNS):
        answers = [draw.integers(3, vocabulary, ANSWER) for _ in range(GROUP)]
        samples = [
            Sample(
                np.concatenate([history, answer[:-1]]),
                answer,
                np.full(ANSWER, -6.0, np.float32),
                reward=float(draw.random()),
            )
            for answer in answers
        ]
        groups.append(Group(samples, 0.0))
        history = np.concatenate([history, answers[0], draw.integers(3, vocabulary, TURN)])
    made = Trajectory("c", "t", groups)
    tl_grpo.assign([made], estimator("standardised"), Credit())
    return made


def median(do: Callable[[], Any], times: int) -> float:
    if times > 1:
        do()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        do()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def ours(model: Any, made: Trajectory, times: int) -> float:
    learner = Learner(
        TextTrainable(model), torch.optim.AdamW(model.parameters(), lr=1e-6), Rules(Surrogate(), row_tokens=100_000)
    )
    return median(lambda: learner.learn([made]), times)


def theirs(model: Any, made: Trajectory, times: int, at_once: int) -> float:
    import trl
    from datasets import Dataset

    from tests.train.tiny_text import tiny_tokenizer

    samples = made.samples
    longest = max(len(sample.inputs) - ANSWER + 1 for sample in samples)
    prompts = np.zeros((len(samples), longest), dtype=np.int64)
    masks = np.zeros_like(prompts)
    for row, sample in enumerate(samples):
        prompt = sample.inputs[: len(sample.inputs) - ANSWER + 1]
        prompts[row, longest - len(prompt) :], masks[row, longest - len(prompt) :] = prompt, 1
    batch = {
        "prompt_ids": torch.from_numpy(prompts),
        "prompt_mask": torch.from_numpy(masks),
        "completion_ids": torch.from_numpy(np.stack([sample.targets for sample in samples])),
        "completion_mask": torch.ones(len(samples), ANSWER, dtype=torch.long),
        "advantages": torch.tensor([sample.advantage for sample in samples]),
        "num_items_in_batch": torch.tensor(len(samples) * ANSWER),
    }
    with tempfile.TemporaryDirectory() as folder:
        arguments = trl.GRPOConfig(
            output_dir=folder,
            per_device_train_batch_size=len(samples),
            num_generations=GROUP,
            max_completion_length=ANSWER,
            report_to="none",
            use_cpu=True,
            bf16=False,
            loss_type="bnpo",
            gradient_checkpointing=False,
            max_steps=1,
        )
        data = Dataset.from_dict({"prompt": ["x"] * 8})
        trainer = trl.GRPOTrainer(
            model=model,
            reward_funcs=lambda completions, **_: [0.0] * len(completions),
            args=arguments,
            train_dataset=data,
            processing_class=tiny_tokenizer(),
        )
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6)
        trainer.current_gradient_accumulation_steps = 1
        model.train()

        def step() -> None:
            optimizer.zero_grad(set_to_none=True)
            # as many at a time as 24 GB hold: all forty would need several times that
            for start in range(0, len(samples), at_once):
                part = {name: value[start : start + at_once] if value.dim() else value for name, value in batch.items()}
                trainer.compute_loss(model, part).backward()
            optimizer.step()

        return median(step, times)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    rows = {}
    for name, make, times, at_once in (("1 M", small, 5, 8), ("135 M", large, 1, 2)):
        if (name != "1 M") != options.large:
            continue
        torch.manual_seed(0)
        model = make()
        made = trajectory(model.config.vocab_size)
        tree, plain = pack([made.samples]).tokens, padded(made.samples).tokens
        one, other = ours(model, made, times), theirs(model, made, times, at_once)
        rows[name] = {
            "parameters": sum(weight.numel() for weight in model.parameters()),
            "tree_tokens": tree,
            "plain_tokens": plain,
            "trl_at_once": at_once,
            "ours_s": round(one, 3),
            "trl_s": round(other, 3),
            "ratio": round(one / other, 4),
        }
        print(name, rows[name], flush=True)
    if RESULT.exists():
        rows = json.loads(RESULT.read_text()) | rows
    RESULT.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
