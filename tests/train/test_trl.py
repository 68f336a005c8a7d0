"""TRL's GRPOTrainer is the oracle: the batch of one of its own steps, given to our learner, has the same advantages,
loss and gradient.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from eda_agent.train.advantages import standardised
from eda_agent.train.learner import Learner, Rules
from eda_agent.train.loss import Surrogate
from eda_agent.train.policies import TextTrainable
from eda_agent.train.samples import Group, Sample, Trajectory
from tests.train.tiny_text import tiny_model, tiny_tokenizer

trl = pytest.importorskip("trl")


class Spy(trl.GRPOTrainer):
    """Keeps what its loss was worked out from, and the gradient."""

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        loss: torch.Tensor = super()._compute_loss(model, inputs)
        weights = [weight for weight in model.parameters() if weight.requires_grad]
        self.seen = {
            "inputs": inputs,
            "loss": float(loss.detach()),
            "weights": {name: value.clone() for name, value in model.state_dict().items()},
            "gradient": [value.clone() for value in torch.autograd.grad(loss, weights, retain_graph=True)],
        }
        return loss


def reward(completions: list[str], **_: Any) -> list[float]:
    """Anything that differs."""
    return [len(set(text)) / 20 for text in completions]


@pytest.mark.parametrize(("beta", "level"), [(0.0, "token"), (0.05, "token"), (0.0, "sequence")])
def test_loss_and_gradient_equal_trl(tmp_path: Path, beta: float, level: str) -> None:
    from datasets import Dataset

    tokenizer, folder = tiny_tokenizer(), tmp_path / "model"
    tiny_model().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    arguments = trl.GRPOConfig(
        output_dir=str(tmp_path / "out"),
        per_device_train_batch_size=8,
        num_generations=4,
        max_completion_length=12,
        max_steps=1,
        report_to="none",
        use_cpu=True,
        # several steps a batch, so that the old log-probabilities are worked out before
        num_iterations=2,
        loss_type="grpo" if level == "sequence" else "bnpo",
        epsilon=0.2,
        epsilon_high=0.28,
        beta=beta,
        learning_rate=0.0,
        temperature=1.0,
        importance_sampling_level=level,
        use_bias_correction_kl=True,
        mask_truncated_completions=False,
        seed=3,
        bf16=False,
        gradient_checkpointing=False,
        disable_dropout=True,
        model_init_kwargs={"dtype": "float32"},
    )
    data = Dataset.from_dict({"prompt": [f"prompt {number}" + "x" * number for number in range(8)]})
    trainer = Spy(
        model=str(folder), reward_funcs=reward, args=arguments, train_dataset=data, processing_class=tokenizer
    )
    trainer.train()
    seen = trainer.seen
    inputs = {name: value for name, value in seen["inputs"].items() if isinstance(value, torch.Tensor)}

    # move the weights a little, so that ratios are not 1 and the clip has something to do
    trainables = TextTrainable(trainer.model)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in trainer.model.parameters():
            weight.add_(torch.randn(weight.shape, generator=generator) * 0.02)
    trainer.model.zero_grad()
    again = trainer._compute_loss(trainer.model, seen["inputs"])
    again.backward()
    expected = {
        name: weight.grad.clone() for name, weight in trainer.model.named_parameters() if weight.grad is not None
    }

    samples = []
    for row in range(len(inputs["completion_ids"])):
        prompt = inputs["prompt_ids"][row][inputs["prompt_mask"][row].bool()].numpy()
        answer = inputs["completion_ids"][row][inputs["completion_mask"][row].bool()].numpy()
        logprobs = inputs["old_per_token_logps"][row][inputs["completion_mask"][row].bool()].numpy()
        text = tokenizer.decode(answer, skip_special_tokens=True)
        samples.append(
            Sample(np.concatenate([prompt, answer[:-1]]), answer, logprobs.astype(np.float32), reward=reward([text])[0])
        )
    # TRL shuffles a batch: a group is what has the same prompt
    names = [row.tobytes() for row in inputs["prompt_ids"].numpy()]
    groups = [
        [sample for sample, own in zip(samples, names, strict=True) if own == name] for name in dict.fromkeys(names)
    ]
    assert [len(group) for group in groups] == [4, 4]
    for group in groups:
        for sample, advantage in zip(group, standardised(np.array([one.reward for one in group])), strict=True):
            sample.advantage = float(advantage)
    np.testing.assert_allclose([sample.advantage for sample in samples], inputs["advantages"].numpy(), atol=1e-5)

    trainer.model.zero_grad()
    optimizer = torch.optim.SGD(trainer.model.parameters(), lr=0.0)
    rules = Rules(
        Surrogate(0.2, 0.28, correction=None, sequence=level == "sequence"),
        kl=beta,
        kl_kind="k3",
        old="sampler",
        answer_mean=level == "sequence",
    )
    reference = TextTrainable(trainer.ref_model) if beta else None
    learner = Learner(trainables, optimizer, rules, reference)
    trajectories = [Trajectory("c", "t", [Group(group, 0.0)]) for group in groups]
    metrics = learner.learn(trajectories)
    # the learner clips its gradient as it steps: what it clipped by is in the metric
    shrink = min(1.0, 1.0 / (metrics["grad_norm"] + 1e-6))
    normaliser = trainer.current_gradient_accumulation_steps
    assert metrics["loss"] / normaliser == pytest.approx(float(again.detach()), abs=1e-5)
    for name, weight in trainer.model.named_parameters():
        if name in expected:
            assert weight.grad is not None
            torch.testing.assert_close(weight.grad / shrink / normaliser, expected[name], atol=1e-5, rtol=1e-3)
