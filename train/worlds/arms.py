"""An arm is one way of training the proposing policy in worlds. All arms start from the same imitation of the search
and measure the same number of designs.

The algorithms, their credit, the estimator of advantages and the clipped loss are those of the training on ngspice. The
change of a parameter is a token of an action.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from eda_agent.train.advantages import estimator
from eda_agent.train.algorithms import Plan, algorithm
from eda_agent.train.credit import Credit
from eda_agent.train.learner import MAX_NORM
from eda_agent.train.loss import Surrogate, surrogate
from eda_agent.train.samples import Group, Sample, Trajectory
from eda_agent.train.worlds.arena import Kit
from eda_agent.train.worlds.play import Played, Step, play, policy, watched_search
from eda_agent.train.worlds.proposer import Proposer, View, log_density
from eda_agent.train.worlds.world import draw_worlds

PLANS = {
    "tl_grpo": "tl_grpo", "grpo": "grpo", "single_turn_grpo": "single_turn_grpo",
    "best_of_group": "tl_grpo", "supervised": "tl_grpo",
}  # fmt: skip
"""Arm → the algorithm whose trajectories it plays."""
ARMS = tuple(PLANS)
RATES = dict.fromkeys(ARMS, 1e-3)
"""Learning rates of Adam."""
TURNS, GROUP, TASKS = 8, 8, 16
EPOCHS, MINIBATCHES = 2, 2
WARM_RATE, WARM_WORLDS, WARM_EPOCHS, WARM_BATCH = 3e-3, 256, 30, 128
_NONE = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)


def arenas_for(kit: Kit, held: bool) -> Tensor:
    """The arenas that can have targets, of structures for validation or of others."""
    return torch.nonzero((kit.goals.sum(1) > 1) & (kit.held == float(held)))[:, 0]


def train(proposer: Proposer, arm: str, kit: Kit, budget: int, seed: int) -> Iterator[dict[str, float]]:
    """Train until `budget` designs have been measured; yields the facts of each batch."""
    draw = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(proposer.parameters(), RATES[arm])
    rows, measured = arenas_for(kit, held=False), 0
    while measured < budget:
        played, trajectories = batch(proposer, arm, kit, rows, draw)
        measured += played.simulations
        facts = learn(proposer, optimizer, arm, played.steps, trajectories, draw)
        yield {"measured": measured, "best": float(played.best[:, -1].mean()), **facts}


def batch(
    proposer: Proposer, arm: str, kit: Kit, rows: Tensor, draw: torch.Generator
) -> tuple[Played, list[list[Trajectory]]]:
    """Play a batch of tasks; returns the trajectories of each with their advantages."""
    method = algorithm(PLANS[arm])
    plan: Plan = method.plan(TURNS, GROUP)
    tasks = TASKS * plan.tasks
    worlds = draw_worlds(kit, rows[torch.randint(len(rows), (tasks,), generator=draw)], draw)
    worlds = worlds.take(torch.arange(tasks).repeat_interleave(plan.trajectories))
    played = play(worlds, plan.turns, policy(proposer, plan.group, imitate=arm == "supervised"), draw)
    every = trajectories_of(played)
    by_task = [every[first : first + plan.trajectories] for first in range(0, len(every), plan.trajectories)]
    for one in by_task:
        # a task may be met at the start
        if going := [each for each in one if each.groups]:
            method.assign(going, estimator("standardised"), Credit(incumbent=1.0))
    return played, by_task


def trajectories_of(played: Played) -> list[Trajectory]:
    """The trajectories of all runs, in their order; a run that was met at the start has no group."""
    found = [Trajectory("", "", best=float(row[-1])) for row in played.best]
    for step in played.steps:
        for row, rewards, before in zip(step.rows.tolist(), step.rewards.tolist(), step.before.tolist(), strict=True):
            found[row].groups.append(Group([Sample(*_NONE, reward=reward) for reward in rewards], before))
    return found


def learn(
    proposer: Proposer, optimizer: torch.optim.Optimizer, arm: str, steps: Sequence[Step],
    by_task: Sequence[Sequence[Trajectory]], draw: torch.Generator,
) -> dict[str, float]:  # fmt: skip
    """Update the policy from a batch."""
    seen = View.joined([step.actions.seen for step in steps if step.actions.seen is not None])
    moves = torch.cat([step.actions.moves for step in steps])
    advantages = _advantages(steps, [one for task in by_task for one in task])
    useful = torch.isfinite(advantages).all(1)
    kept = torch.arange(len(moves)) if arm == "supervised" else torch.nonzero(useful)[:, 0]
    with torch.no_grad():
        mean, spread = proposer(seen)
        old = log_density(moves, mean, spread)
    facts = {"groups": float(useful.float().mean()), "spread": float(spread[seen.parameters > 0].mean())}
    best = advantages.argmax(1)
    target = torch.take_along_dim(moves, best[:, None, None], 1)
    if arm == "supervised":
        target = torch.cat([step.actions.wanted for step in steps if step.actions.wanted is not None])[:, None]
    for _ in range(EPOCHS):
        for part in kept[torch.randperm(len(kept), generator=draw)].chunk(MINIBATCHES) if len(kept) else ():
            one = seen.take(part)
            if arm in ("supervised", "best_of_group"):
                loss = imitation(proposer, one, target[part])
            else:
                there = (one.parameters[:, None] > 0).expand_as(moves[part])
                new = log_density(moves[part], *proposer(one))
                given = advantages[part][..., None].expand_as(new)
                loss = surrogate(new[there], old[part][there], given[there], Surrogate(correction=None)).loss.mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(proposer.parameters(), MAX_NORM)
            optimizer.step()
    return facts


def _advantages(steps: Sequence[Step], trajectories: Sequence[Trajectory]) -> Tensor:
    """The advantages (n, g) in the order of the steps' rows; nan where a group has no differences."""
    turns = [0] * len(trajectories)
    found = []
    for step in steps:
        for row in step.rows.tolist():
            samples = trajectories[row].groups[turns[row]].samples
            turns[row] += 1
            found.append([float("nan") if one.advantage is None else one.advantage for one in samples])
    return torch.tensor(found)


def imitation(proposer: Proposer, seen: View, moves: Tensor) -> Tensor:
    """The mean negative log density of moves (b, 1, p)."""
    there = seen.parameters > 0
    return -log_density(moves, *proposer(seen))[:, 0][there].mean()


def warm_start(kit: Kit, seed: int) -> Proposer:
    """A new policy that imitates the search on the search's own turns."""
    torch.manual_seed(seed)
    proposer, draw = Proposer(), torch.Generator().manual_seed(seed)
    rows = arenas_for(kit, held=False)
    steps: list[Step] = []
    for _ in range(0, WARM_WORLDS, 64):
        drawn = draw_worlds(kit, rows[torch.randint(len(rows), (64,), generator=draw)], draw)
        steps += play(drawn, TURNS, watched_search, draw).steps
    seen = View.joined([step.actions.seen for step in steps if step.actions.seen is not None])
    moves = torch.cat([step.actions.moves for step in steps])
    optimizer = torch.optim.Adam(proposer.parameters(), WARM_RATE)
    for epoch in range(WARM_EPOCHS):
        for group in optimizer.param_groups:
            group["lr"] = WARM_RATE * (1 - epoch / WARM_EPOCHS)
        for part in torch.randperm(len(moves), generator=draw).split(WARM_BATCH):
            loss = imitation(proposer, seen.take(part), moves[part])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(proposer.parameters(), MAX_NORM)
            optimizer.step()
    return proposer
