"""A learner updates a policy's weights from a batch of trajectories, by policy gradient or supervised steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eda_agent.errors import EdaAgentError
from eda_agent.train.distributed import SingleProcess
from eda_agent.train.loss import Surrogate, divergence, surrogate
from eda_agent.train.policies import Trainable, log_probabilities, parameters
from eda_agent.train.samples import Sample, Trajectory
from eda_agent.train.tree import Packed, packs

MAX_NORM = 1.0
"""Gradients are clipped to this norm."""


class DivergedError(EdaAgentError):
    """The loss or its gradient is not finite; the weights are those before the step."""


@dataclass(frozen=True)
class Rules:
    """How a batch is learnt: see the fields of the same names in `RlRecipe`.

    `old`: π_old is the trainer's probability of the samples before its first step on them, or the sampler's.
    `answer_mean`: the loss is the mean over answers of their token means instead of the mean over tokens. `outcomes`:
    weight of the mean negative log-likelihood of the actions' results.
    """

    surrogate: Surrogate = Surrogate()
    epochs: int = 1
    minibatches: int = 1
    temperature: float = 1.0
    kl: float = 0.0
    kl_kind: str = "k2"
    row_tokens: int = 16384
    bfloat16: bool = False
    old: str = "trainer"
    answer_mean: bool = False
    outcomes: float = 0.0


class Learner:
    """Updates the weights of a policy.

    Args:
        policy: the model with its log-probabilities.
        optimizer: steps the weights of `policy`.
        rules: how a batch is learnt.
        reference: the model from which a divergence is measured, or None.
        processes: the processes that make the same steps, each with its own trajectories.
    """

    def __init__(
        self,
        policy: Trainable,
        optimizer: torch.optim.Optimizer,
        rules: Rules,
        reference: Trainable | None = None,
        processes: SingleProcess | None = None,
    ):
        self.policy, self.optimizer, self.rules, self.reference, self.processes = (
            policy,
            optimizer,
            rules,
            reference,
            processes or SingleProcess(),
        )
        self.forward_tokens = 0

    def learn(self, trajectories: Sequence[Trajectory], seed: int = 0) -> dict[str, float]:
        """Make policy gradient steps on samples with assigned advantages.

        Groups without differences are left out before tokens are counted.

        Args:
            trajectories: the batch; every sample has an advantage or None.
            seed: order of the samples.

        Returns:
            the metrics, with TRL's names.

        Raises:
            DivergedError: the loss is not finite; the weights are unchanged since the last step.
        """
        rows = [useful(trajectory) for trajectory in trajectories]
        rows = [row for row in rows if row]
        if self.rules.outcomes:
            # the questions share the answer's tokens: beside it, so that a tree computes them once
            rows = [[part for sample in row for part in (sample, *sample.outcomes)] for row in rows]
        metrics = _batch_metrics(trajectories)
        sums: dict[str, float] = {}
        tokens = 0
        old = (
            self._log_probabilities(rows)
            if self.rules.old == "trainer" and self.rules.epochs * self.rules.minibatches > 1
            else None
        )
        for epoch in range(self.rules.epochs):
            order = (
                np.random.default_rng([seed, epoch]).permutation(len(rows))
                if self.rules.minibatches > 1
                else np.arange(len(rows))
            )
            for chosen in np.array_split(order, self.rules.minibatches):
                tokens += self._step(
                    [rows[index] for index in chosen], [old[index] for index in chosen] if old else None, sums
                )
        if tokens:
            metrics |= {name: value / tokens for name, value in sums.items() if name != "grad_norm"}
        metrics["grad_norm"] = sums.get("grad_norm", 0.0) / (self.rules.epochs * self.rules.minibatches)
        return self.processes.mean(metrics)

    def imitate_packed(self, batch: Sequence[Packed]) -> dict[str, float]:
        """One supervised step on packed rows (`packs`): the mean negative log-likelihood of the answers."""
        total = self.processes.total(sum(len(packed.targets) for packed in batch))
        self.optimizer.zero_grad(set_to_none=True)
        loss = entropy = 0.0
        for packed in map(self._here, batch):
            with self._precision():
                logits = self.policy.logits(packed)
            logprobs, entropies = log_probabilities(logits, packed)
            part = -logprobs.sum() / total
            self._backward(part)
            loss += float(part.detach())
            entropy += float(entropies.detach().sum()) / total
        norm = self._update()
        share = 1.0 / self.processes.size
        return self.processes.mean({"loss": loss / share, "entropy": entropy / share, "grad_norm": norm})

    def _step(self, rows: Sequence[Sequence[Sample]], old: Sequence[Tensor] | None, sums: dict[str, float]) -> int:
        actions = [sample for row in rows for sample in row if sample.advantage is not None]
        own = sum(len(sample.targets) for sample in actions)
        total, answers = self.processes.total(own), self.processes.total(len(actions))
        asked = self.processes.total(sum(len(row) for row in rows)) - answers
        if not total:
            return 0
        if not self.rules.kl and old is None:
            # an advantage of zero counts, but has no gradient to compute
            rows = [row for row in ([sample for sample in row if sample.advantage != 0.0] for row in rows) if row]
        self.optimizer.zero_grad(set_to_none=True)
        before = list(old) if old is not None else None
        for packed, chunk in self._chunks(rows):
            advantages = torch.tensor(
                [sample.advantage or 0.0 for row in chunk for sample in row],
                dtype=torch.float32,
                device=packed.answers.device,
            )[packed.answers]
            with self._precision():
                logits = self.policy.logits(packed)
            new, entropy = log_probabilities(logits, packed, self.rules.temperature)
            if self.rules.old == "sampler":
                then = packed.sampled
            else:
                then = torch.cat([before.pop(0) for _ in chunk]) if before is not None else new.detach()
            terms = surrogate(new, then, advantages, self.rules.surrogate, packed.answers, packed.sampled)
            loss = terms.loss
            acts = torch.tensor([sample.advantage is not None for row in chunk for sample in row], device=new.device)[
                packed.answers
            ]
            loss = torch.where(acts, loss, 0.0)
            parts = {
                "entropy": entropy,
                "clip_ratio/low_mean": terms.low.float(),
                "clip_ratio/high_mean": terms.high.float(),
            }
            if self.rules.kl and self.reference is not None:
                with torch.no_grad():
                    reference, _ = log_probabilities(self.reference.logits(packed), packed, self.rules.temperature)
                kl = divergence(new, reference, self.rules.kl_kind, (new - then).exp())
                loss = loss + self.rules.kl * kl
                parts["kl"] = kl
            parts |= {
                "loss": loss,
                "sampling/importance_sampling_ratio/mean": (then - packed.sampled).exp(),
                "sampling/sampling_logp_difference/mean": (then - packed.sampled).abs(),
            }
            if self.rules.answer_mean:
                lengths = torch.tensor([len(sample.targets) for row in chunk for sample in row], device=loss.device)
                loss = loss / lengths[packed.answers] * total / answers
                parts["loss"] = loss
            if asked:
                # the mean over the questions, independent of the answers' lengths
                parts["outcome"] = torch.where(acts, 0.0, -new) * total / asked
                loss = loss + self.rules.outcomes * parts["outcome"]
            self._backward(loss.sum() / total)
            for name, values in parts.items():
                values = values.detach() if name == "outcome" else torch.where(acts, values.detach(), 0.0)
                sums[name] = sums.get(name, 0.0) + float(values.sum())
        sums["grad_norm"] = sums.get("grad_norm", 0.0) + self._update()
        return own

    @torch.no_grad()
    def _log_probabilities(self, rows: Sequence[Sequence[Sample]]) -> list[Tensor]:
        """Log-probabilities of every row's answer tokens with the present weights."""
        result = []
        for packed, chunk in self._chunks(rows):
            with self._precision():
                logits = self.policy.logits(packed)
            values, _ = log_probabilities(logits, packed, self.rules.temperature)
            result += list(values.split([sum(len(sample.targets) for sample in row) for row in chunk]))
        return result

    def _precision(self) -> torch.autocast:
        device = next(self.policy.model.parameters()).device.type
        return torch.autocast(device, torch.bfloat16, enabled=self.rules.bfloat16)

    def _chunks(self, rows: Sequence[Sequence[Sample]]) -> Iterator[tuple[Packed, Sequence[Sequence[Sample]]]]:
        return ((self._here(packed), chunk) for packed, chunk in packs(rows, self.rules.row_tokens))

    def _here(self, packed: Packed) -> Packed:
        self.forward_tokens += packed.tokens
        return packed.to(next(self.policy.model.parameters()).device)

    def _backward(self, loss: Tensor) -> None:
        if not math.isfinite(float(loss.detach())):
            raise DivergedError(
                "the loss is not finite\n    → use a smaller learning_rate; the last checkpoint is intact"
            )
        loss.backward()

    def _update(self) -> float:
        weights = [parameter for _, parameter in parameters(self.policy.model)]
        self.processes.add_gradients(weights)
        norm = float(torch.nn.utils.clip_grad_norm_(weights, MAX_NORM))
        if not math.isfinite(norm):
            raise DivergedError(
                "the gradient is not finite\n    → use a smaller learning_rate; the last checkpoint is intact"
            )
        self.optimizer.step()
        return norm


def useful(trajectory: Trajectory) -> list[Sample]:
    """The samples that count: not truncated, and of a group with differences."""
    return [sample for sample in trajectory.samples if sample.advantage is not None and not sample.truncated]


def _batch_metrics(trajectories: Sequence[Trajectory]) -> dict[str, float]:
    samples = [sample for trajectory in trajectories for sample in trajectory.samples]
    groups = [group for trajectory in trajectories for group in trajectory.groups if len(group.samples) > 1]
    rewards = np.array([sample.reward for sample in samples])
    spreads = np.array([group.rewards.std() for group in groups]) if groups else np.zeros(1)
    return {
        "reward": float(rewards.mean()),
        "reward_std": float(spreads.mean()),
        "frac_reward_zero_std": float((spreads < 1e-9).mean()),
        "completions/mean_length": float(np.mean([len(sample.targets) for sample in samples])),
        "best": float(np.mean([trajectory.best for trajectory in trajectories])),
    }
