"""Playing worlds: many runs at once, turn by turn, each until it is met or has had its turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from eda_agent.train.worlds.arena import Kit
from eda_agent.train.worlds.belief import believe
from eda_agent.train.worlds.proposer import Proposer, Standing, View, view
from eda_agent.train.worlds.search import Box, Judge, most_promising
from eda_agent.train.worlds.world import Worlds, score


@dataclass(frozen=True)
class Situation:
    """The next turn of runs b: their beliefs (`judge`), what they reached, weights of specs, existing parameters."""

    judge: Judge
    standing: Standing
    specs: Tensor
    parameters: Tensor

    def view(self) -> View:
        return view(self.judge, self.standing, self.specs, self.parameters)

    def searched(self, draw: torch.Generator) -> Tensor:
        """The search's choice (b, p)."""
        at = self.standing
        return most_promising(self.judge, at.centre, at.side, at.best, self.specs, self.parameters, draw)


@dataclass(frozen=True)
class Actions:
    """`moves` (b, g, p) from the best designs; the first is played. `seen`: by the policy, if it learns from them;
    `wanted` (b, p): the search's moves there, if they are imitated.
    """

    moves: Tensor
    seen: View | None = None
    wanted: Tensor | None = None


Act = Callable[[Situation, torch.Generator], Actions]


@dataclass(frozen=True)
class Step:
    """One turn of the runs that were still going: `rows` (b): their numbers; `rewards` (b, g): the actions' scores;
    `before` (b): the best score.
    """

    rows: Tensor
    actions: Actions
    rewards: Tensor
    before: Tensor


@dataclass
class Played:
    """`best` (w, turns + 1): the best score after each turn, from the start on. `steps`: of all turns. `simulations`:
    number of designs that were measured.
    """

    best: Tensor
    steps: list[Step] = field(default_factory=list)
    simulations: int = 0


@dataclass
class _Runs:
    """Runs b that are going. Histories: `positions` (b, n, p), `values`, `known` (b, n, k). `least`, `most` (b): the
    chance to be measurable at which a design fails lies between them.
    """

    worlds: Worlds
    rows: Tensor
    positions: Tensor
    values: Tensor
    known: Tensor
    box: Box
    best: Tensor
    margins: Tensor
    centre: Tensor
    idle: Tensor
    least: Tensor
    most: Tensor

    @classmethod
    def new(cls, worlds: Worlds) -> _Runs:
        kit, count = worlds.kit, len(worlds.limit)
        start = kit.start[:, None]
        return cls(
            worlds, torch.arange(count), start, torch.zeros(count, 1, kit.specs.shape[1]), kit.specs[:, None],
            Box.new(count), score(worlds.margins[:, None], kit.specs)[:, 0], worlds.margins, kit.start,
            torch.zeros(count), torch.zeros(count), worlds.chance(kit.changes(start))[:, 0],
        )  # fmt: skip

    def take(self, rows: Tensor) -> _Runs:
        kept = {name: getattr(self, name)[rows] for name in _ROWS}
        return _Runs(self.worlds.take(rows), box=self.box.take(rows), **kept)

    def situation(self, turn: int) -> Situation:
        kit, worlds = self.worlds.kit, self.worlds
        belief = believe(kit, kit.changes(self.positions), self.values, self.known)

        def judge(positions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            change, deviation, chance = belief.predict(kit.changes(positions))
            mean = worlds.margins[:, None] + kit.slopes[:, None] * change
            wide = (kit.slopes.abs()[:, None] * deviation).clamp_min(1e-4)
            sure = (chance - self.least[:, None]) / (self.most - self.least).clamp_min(1e-4)[:, None]
            return mean, wide, sure.clamp(0, 1)

        standing = Standing(
            self.best, self.margins, self.centre, self.box.side, self.idle, torch.full_like(self.best, turn),
            self.positions[:, -1],
        )  # fmt: skip
        return Situation(judge, standing, kit.specs, kit.parameters)

    def advance(self, at: Tensor, values: Tensor, works: Tensor, margins: Tensor, found: Tensor) -> None:
        """Append the played designs at positions (b, p) with their results."""
        kit: Kit = self.worlds.kit
        chance = self.worlds.chance(kit.changes(at[:, None]))[:, 0]
        self.least = torch.where(works, self.least, torch.maximum(self.least, chance))
        self.most = torch.where(works, torch.minimum(self.most, chance), self.most)
        known = kit.specs * works[:, None]
        self.positions = torch.cat([self.positions, at[:, None]], 1)
        self.values = torch.cat([self.values, (values * known)[:, None]], 1)
        self.known = torch.cat([self.known, known[:, None]], 1)
        self.box.follow(found, self.best)
        better = found > self.best
        self.margins = torch.where(better[:, None], margins, self.margins)
        self.centre = torch.where(better[:, None], at, self.centre)
        self.idle = torch.where(better, 0.0, self.idle + 1)
        self.best = torch.where(better, found, self.best)


_ROWS = ("rows", "positions", "values", "known", "best", "margins", "centre", "idle", "least", "most")


@torch.no_grad()
def play(worlds: Worlds, turns: int, act: Act, draw: torch.Generator, keep: bool = True) -> Played:
    """Play every world for at most `turns` turns. `keep`: whether the steps are kept for learning."""
    runs = _Runs.new(worlds)
    played = Played(runs.best[:, None].repeat(1, turns + 1))
    for turn in range(1, turns + 1):
        going = torch.nonzero(runs.best < 1)[:, 0]
        if not len(going):
            break
        if len(going) < len(runs.rows):
            runs = runs.take(going)
        actions = act(runs.situation(turn), draw)
        at = (runs.centre[:, None] + actions.moves).clamp(0, 1)
        values, works, margins, rewards = runs.worlds.measure(at)
        if keep:
            played.steps.append(Step(runs.rows, actions, rewards, runs.best))
        played.simulations += rewards.numel()
        runs.advance(at[:, 0], values[:, 0], works[:, 0], margins[:, 0], rewards[:, 0])
        played.best[runs.rows, turn:] = runs.best[:, None]
    return played


def search(situation: Situation, draw: torch.Generator) -> Actions:
    """The search plays."""
    return Actions((situation.searched(draw) - situation.standing.centre)[:, None])


def watched_search(situation: Situation, draw: torch.Generator) -> Actions:
    """The search plays, and a policy shall imitate it."""
    moves = search(situation, draw).moves
    return Actions(moves, situation.view(), moves[:, 0])


def policy(proposer: Proposer, group: int = 1, imitate: bool = False) -> Act:
    """The policy plays; `group` moves are drawn from it. `imitate`: also note the search's choices."""

    def act(situation: Situation, draw: torch.Generator) -> Actions:
        seen = situation.view()
        mean, spread = proposer(seen)
        noise = torch.randn(len(mean), group, mean.shape[1], generator=draw)
        moves = (mean[:, None] + spread[:, None] * noise) * seen.parameters[:, None]
        wanted = situation.searched(draw) - situation.standing.centre if imitate else None
        return Actions(moves, seen, wanted)

    return act


def means(proposer: Proposer) -> Act:
    """The policy plays the mean of its distribution."""
    return lambda situation, draw: Actions(proposer(situation.view())[0][:, None])
