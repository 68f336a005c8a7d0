"""The surrogate's loss against its formula, and its gradient against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eda_agent.agent.language import words
from eda_agent.agent.language.expectation import COUNT, legal
from eda_agent.agent.language.model import CompactConfig, CompactModel
from eda_agent.train.learner import Learner, Rules
from eda_agent.train.loss import Surrogate, divergence, surrogate
from eda_agent.train.policies import CompactTrainable
from eda_agent.train.samples import Group, Sample, Trajectory


def test_clip_acts_on_one_side_only() -> None:
    old = torch.zeros(4)
    new = torch.log(torch.tensor([1.5, 0.5, 1.5, 0.5]))
    advantages = torch.tensor([1.0, 1.0, -1.0, -1.0])
    terms = surrogate(new, old, advantages, Surrogate(0.2, 0.28))
    # up with a good action is cut at 1.28; down with a good one, and up with a bad one, are not; down with a bad one at
    # 0.8
    torch.testing.assert_close(terms.loss, torch.tensor([-1.28, -0.5, 1.5, 0.8]))
    assert terms.high.tolist() == [True, False, False, False]
    assert terms.low.tolist() == [False, False, False, True]


def test_gradient_by_finite_differences() -> None:
    generator = torch.Generator().manual_seed(0)
    new = (torch.randn(40, generator=generator, dtype=torch.float64) * 0.3).requires_grad_()
    old, sampled, reference = (torch.randn(40, generator=generator, dtype=torch.float64) * 0.3 for _ in range(3))
    advantages = torch.randn(40, generator=generator, dtype=torch.float64)
    answers = torch.arange(40) // 5
    for rule in (Surrogate(), Surrogate(correction=None), Surrogate(sequence=True)):

        def loss(values: torch.Tensor, rule: Surrogate = rule) -> torch.Tensor:
            terms = surrogate(values, old, advantages, rule, answers, sampled)
            return (terms.loss + 0.1 * divergence(values, reference, "k2")).sum()

        assert torch.autograd.gradcheck(loss, (new,), eps=1e-7, atol=1e-5)


def test_sequence_ratio_is_the_geometric_mean() -> None:
    new, old = torch.tensor([0.1, 0.3, -0.2]), torch.zeros(3)
    terms = surrogate(new, old, torch.ones(3), Surrogate(sequence=True, correction=None), torch.tensor([0, 0, 1]))
    torch.testing.assert_close(terms.ratio, torch.tensor([0.2, 0.2, -0.2]).exp())


def test_correction_is_cut() -> None:
    old, sampled = torch.tensor([0.0, 0.0]), torch.tensor([-3.0, 0.5])
    terms = surrogate(old, old, torch.ones(2), Surrogate(correction=2.0), sampled=sampled)
    torch.testing.assert_close(terms.loss, torch.tensor([-2.0, -(torch.tensor(-0.5).exp().item())]))


def test_k2_and_k3_have_the_gradient_of_the_divergence() -> None:
    """Under samples of π the gradient of E[k2], and of E[k3 · π/π_old], is that of KL(π ‖ reference): all actions of a
    small π.
    """
    logits = torch.tensor([0.3, -0.5, 0.9, 0.1], dtype=torch.float64, requires_grad=True)
    reference = torch.tensor([0.1, 0.4, -0.2, 0.3], dtype=torch.float64).log_softmax(-1)
    policy = logits.log_softmax(-1)
    exact = torch.autograd.grad((policy.exp() * (policy - reference)).sum(), logits, retain_graph=True)[0]
    weights = policy.exp().detach()
    k2 = torch.autograd.grad((weights * divergence(policy, reference, "k2")).sum(), logits, retain_graph=True)[0]
    k3 = torch.autograd.grad(
        (weights * divergence(policy, reference, "k3", (policy - policy.detach()).exp())).sum(),
        logits,
        retain_graph=True,
    )[0]
    plain = torch.autograd.grad((weights * divergence(policy, reference, "k3")).sum(), logits)[0]
    torch.testing.assert_close(k2, exact)
    torch.testing.assert_close(k3, exact)
    assert (plain - exact).abs().max() > 0.01  # which is why it is weighted


def test_values_agree_at_equality() -> None:
    values = torch.tensor([-1.0, -2.0])
    assert divergence(values, values, "k3").tolist() == [0.0, 0.0]
    assert divergence(values, values, "k2").tolist() == pytest.approx([0.0, 0.0])


def test_outcomes_are_learnt_beside_the_actions() -> None:
    """The questions count by their own mean, leave the actions' loss as it is, and are answered better after it."""
    draw = np.random.default_rng(0)

    def made(outcome: bool) -> list[Trajectory]:
        samples = []
        for index in range(4):
            inputs = draw.integers(1, 300, (12, len(words.COLUMNS))).astype(np.int16)
            asked = Sample(inputs, np.array([3]), np.zeros(1, np.float32), legal()[None])
            actions = np.array([1, 2, 5, 7]) + index
            every = np.ones((4, words.LEVELS), dtype=np.bool_)
            samples.append(
                Sample(
                    inputs[:-1],
                    actions,
                    np.full(4, -4.0, np.float32),
                    every,
                    float(index),
                    advantage=index - 1.5,
                    outcomes=(asked,) if outcome else (),
                )
            )
        return [Trajectory("c", "t", [Group(samples, 0.0)])]

    metrics = {}
    for weight in (0.0, 1.0):
        torch.manual_seed(0)
        draw = np.random.default_rng(0)
        model = CompactModel(CompactConfig(width=32, layers=2, heads=2, hidden=48))
        learner = Learner(CompactTrainable(model), torch.optim.SGD(model.parameters(), lr=0.5), Rules(outcomes=weight))
        metrics[weight] = [learner.learn(made(True)) for _ in range(3)]
    assert metrics[0.0][0]["loss"] == pytest.approx(metrics[1.0][0]["loss"], abs=1e-6)
    assert metrics[0.0][0]["entropy"] == pytest.approx(metrics[1.0][0]["entropy"], abs=1e-6)
    assert "outcome" not in metrics[0.0][0]
    assert metrics[1.0][0]["outcome"] == pytest.approx(np.log(COUNT), rel=0.2)
    assert metrics[1.0][2]["outcome"] < metrics[1.0][0]["outcome"] - 0.1
