"""The proposing policy reads the belief around the best design and returns the next design: a normal distribution over
the change of every parameter's position.

It is an unrolled solver with learnt steps. In each round, specs see the margins that the moves so far would give, and
parameters see the specs through the belief's slopes. The numbers of parameters and of specs do not matter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from eda_agent.agent.policies.prior_search import STUCK
from eda_agent.train.worlds.search import Judge

STEP = 0.08
"""Distance, in units of the ranges, at which the belief is asked around the best design."""
ROUNDS, CHANNELS = 4, 12
STATE, SPEC, OWN = 5, 5, 4
HORIZON = 10.0
SMALLEST, LARGEST = 0.003, 0.3
"""Limits of a move's deviation in units of the ranges."""


@dataclass(frozen=True)
class View:
    """What the policy sees in runs b: `slopes`, `bends` (b, k, p): half the difference and half the sum of the margins'
    changes at ± `STEP`; `margins`, `wide`, `specs` (b, k): measured at the best design, deviations around it, weights;
    `own` (b, p, OWN): of the parameters; `parameters` (b, p): 1 for existing ones; `state` (b, STATE).
    """

    slopes: Tensor
    bends: Tensor
    margins: Tensor
    wide: Tensor
    specs: Tensor
    own: Tensor
    parameters: Tensor
    state: Tensor

    def take(self, rows: Tensor) -> View:
        return View(*(value[rows] for value in vars(self).values()))

    @classmethod
    def joined(cls, views: list[View]) -> View:
        return cls(*(torch.cat([getattr(one, name) for one in views]) for name in cls.__dataclass_fields__))


@dataclass(frozen=True)
class Standing:
    """What runs b have reached: the `best` score (b), its `margins` (b, k) and position `centre` (b, p), the `side` (b)
    of the search's box, turns since the best one `idle` (b), the number of the next turn `turn` (b), and the position
    of the turn before `last` (b, p).
    """

    best: Tensor
    margins: Tensor
    centre: Tensor
    side: Tensor
    idle: Tensor
    turn: Tensor
    last: Tensor


def view(judge: Judge, standing: Standing, specs: Tensor, parameters: Tensor) -> View:
    """The view of runs whose beliefs are asked through `judge`."""
    centre, p = standing.centre, parameters.shape[1]
    step = STEP * torch.eye(p)
    around = torch.cat([centre[:, None], centre[:, None] + step, centre[:, None] - step], 1).clamp(0, 1)
    mean, deviation, chance = judge(around)
    up, down = mean[:, 1 : p + 1] - mean[:, :1], mean[:, p + 1 :] - mean[:, :1]
    room = parameters[:, None] * (specs[..., None] > 0)
    tried = chance[:, 1 : p + 1] - chance[:, p + 1 :]
    state = torch.stack(
        [
            1 - standing.best,
            (1 - standing.best + 1e-3).log() / 4 + 1,
            (standing.idle / STUCK).clamp(max=2),
            (standing.side + 1e-3).log() / 2 + 1,
            (standing.turn / HORIZON).clamp(max=2),
        ],
        -1,
    )
    return View(
        ((up - down) / 2).transpose(1, 2).clamp(-1, 1) * room,
        ((up + down) / 2).transpose(1, 2).clamp(-1, 1) * room,
        standing.margins.clamp(-1, 1) * (specs > 0),
        (deviation[:, 1:].mean(1).clamp(max=1) * (specs > 0)),
        specs,
        torch.stack([centre, 1 - centre, 4 * (standing.last - centre), tried], -1) * parameters[..., None],
        parameters,
        state,
    )


class Proposer(nn.Module):
    """Means and deviations of moves in units of the ranges."""

    def __init__(self, width: int = 32):
        super().__init__()
        self.spec = nn.Sequential(nn.Linear(SPEC + STATE, width), nn.SiLU(), nn.Linear(width, CHANNELS))
        self.parameter = nn.Sequential(
            nn.Linear(3 * CHANNELS + OWN + 1 + STATE, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU()
        )
        self.move, self.spread = nn.Linear(width, 1), nn.Linear(width, 1)
        with torch.no_grad():
            self.move.weight.mul_(0.1)
            self.move.bias.zero_()
            self.spread.weight.mul_(0.1)
            self.spread.bias.fill_(-2.0)

    def forward(self, seen: View) -> tuple[Tensor, Tensor]:
        """Means and deviations (b, p)."""
        moves = torch.zeros_like(seen.parameters)
        slopes, share = seen.slopes / STEP, seen.specs / seen.specs.sum(1, keepdim=True)
        state = seen.state[:, None]
        weight = share[..., None] * seen.specs.gt(0).sum(1)[:, None, None]
        hidden = moves[..., None]
        for _ in range(ROUNDS):
            expected = seen.margins + (slopes @ moves[..., None])[..., 0]
            told = torch.stack(
                [
                    seen.margins,
                    expected.clamp(-1, 1),
                    expected.clamp(-0.05, 0.05) * 10,
                    seen.wide,
                    seen.margins.lt(0).float(),
                ],
                -1,
            )
            wishes = self.spec(torch.cat([told, state.expand(-1, told.shape[1], -1)], -1)) * weight
            heard = [
                seen.slopes.transpose(1, 2) @ wishes,
                seen.slopes.abs().transpose(1, 2) @ wishes,
                seen.bends.transpose(1, 2) @ wishes,
            ]
            own = [*heard, seen.own, 10 * moves[..., None], state.expand(-1, moves.shape[1], -1)]
            hidden = self.parameter(torch.cat(own, -1))
            moves = (moves + self.move(hidden)[..., 0]) * seen.parameters
        spread = SMALLEST + (LARGEST - SMALLEST) * torch.sigmoid(self.spread(hidden)[..., 0])
        return moves, spread


def log_density(moves: Tensor, mean: Tensor, spread: Tensor) -> Tensor:
    """Log densities (b, g, p) of moves (b, g, p) under means and deviations (b, p)."""
    off = (moves - mean[:, None]) / spread[:, None]
    return -0.5 * off**2 - spread[:, None].log() - 0.5 * math.log(2 * math.pi)
