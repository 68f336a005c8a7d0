"""Policies of worlds do not depend on padding, every arm learns, and the order test is Student's and Page's."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import t as student
from torch import Tensor

from eda_agent.errors import InputError
from eda_agent.train.worlds import arms, order, study
from eda_agent.train.worlds.arena import Kit
from eda_agent.train.worlds.play import Actions, Played, Step
from eda_agent.train.worlds.proposer import OWN, STATE, Proposer, View, log_density
from eda_agent.train.worlds.world import score
from tests.evidence import cases
from tests.train.worlds_kit import made_up_kit


@pytest.fixture(scope="module")
def kit() -> Kit:
    return made_up_kit()


def made_up(runs: int, draw: torch.Generator, specs: int = 2, parameters: int = 3) -> View:
    """A view of runs: slopes and margins at random."""
    return View(
        0.05 * torch.randn(runs, specs, parameters, generator=draw),
        torch.zeros(runs, specs, parameters),
        -0.3 * torch.rand(runs, specs, generator=draw),
        torch.full((runs, specs), 0.1),
        torch.ones(runs, specs),
        torch.zeros(runs, parameters, OWN),
        torch.ones(runs, parameters),
        torch.zeros(runs, STATE),
    )


def test_a_policy_does_not_depend_on_padding_or_order() -> None:
    torch.manual_seed(1)
    proposer, seen = Proposer(), made_up(2, torch.Generator().manual_seed(14))
    mean, spread = proposer(seen)

    def wider(name: str, value: Tensor) -> Tensor:
        where = {"slopes": (0, 2, 0, 1), "bends": (0, 2, 0, 1), "own": (0, 0, 0, 2), "state": (0, 0)}
        return torch.nn.functional.pad(value, where.get(name, (0, 2 if name == "parameters" else 1)))

    padded = View(**{name: wider(name, value) for name, value in vars(seen).items()})
    more, spreads = proposer(padded)
    assert torch.allclose(more[:, :3], mean, atol=1e-6) and (more[:, 3:] == 0).all()
    assert torch.allclose(spreads[:, :3], spread, atol=1e-6)
    turned = View(
        **{name: value.flip(2) if name in ("slopes", "bends") else value for name, value in vars(seen).items()}
    )
    assert torch.allclose(proposer(turned)[0], mean.flip(1), atol=1e-6)


def test_densities_are_those_of_a_normal_distribution() -> None:
    moves, mean, spread = torch.randn(2, 5, 3), torch.randn(2, 3), torch.rand(2, 3) + 0.1
    expected = torch.distributions.Normal(mean[:, None], spread[:, None]).log_prob(moves)
    assert torch.allclose(log_density(moves, mean, spread), expected, atol=1e-5)


@pytest.mark.parametrize("arm", cases(arms.ARMS, "supervised", "tl_grpo"))
def test_arms_play_what_they_say(kit: Kit, arm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arms, "TASKS", 2)
    monkeypatch.setattr(arms, "TURNS", 3)
    monkeypatch.setattr(arms, "GROUP", 4)
    torch.manual_seed(2)
    proposer = Proposer()
    played, by_task = arms.batch(proposer, arm, kit, torch.tensor([0]), torch.Generator().manual_seed(12))
    shape = {"grpo": (2, 4, 1), "single_turn_grpo": (6, 1, 4)}.get(arm, (2, 1, 4))
    assert (len(by_task), len(by_task[0]), played.steps[0].actions.moves.shape[1]) == shape
    assert played.simulations <= 2 * 3 * 4
    for one in by_task:
        groups = (
            [[each.groups[0].samples[0] for each in one]] if shape[1] > 1 else [each.samples for each in one[0].groups]
        )
        for group in groups:
            advantages = [sample.advantage for sample in group]
            if None not in advantages:
                assert sum(advantages) == pytest.approx(0, abs=1e-6)
    before = copy.deepcopy(proposer.state_dict())
    optimizer = torch.optim.Adam(proposer.parameters(), 1e-2)
    facts = arms.learn(proposer, optimizer, arm, played.steps, by_task, torch.Generator())
    assert 0 <= facts["groups"] <= 1
    assert any(not torch.equal(before[name], value) for name, value in proposer.state_dict().items())


@pytest.mark.parametrize("arm", arms.ARMS)
def test_an_arm_learns_to_follow_the_slopes(arm: str) -> None:
    """One turn on planes, whose optimum is known: after learning, the mean move has a better score than before."""
    torch.manual_seed(3)
    proposer, draw = Proposer(), torch.Generator().manual_seed(13)
    optimizer = torch.optim.Adam(proposer.parameters(), 3e-3)

    def scored(seen: View, moves: Tensor) -> Tensor:
        margins = seen.margins[:, None] + (seen.slopes[:, None] * moves[:, :, None] / 0.08).sum(-1)
        return score(margins, seen.specs)

    def reached() -> float:
        seen = made_up(200, torch.Generator().manual_seed(15))
        return float(
            (scored(seen, proposer(seen)[0][:, None])[:, 0] - scored(seen, torch.zeros(200, 1, 3))[:, 0]).mean()
        )

    assert abs(reached()) < 0.01
    for _ in range(60):
        seen = made_up(16, draw)
        if arm == "grpo":
            seen = seen.take(torch.arange(4).repeat_interleave(4))
        mean, spread = proposer(seen)
        group = 1 if arm == "grpo" else 8
        moves = (mean[:, None] + spread[:, None] * torch.randn(16, group, 3, generator=draw)).detach()
        wanted = 0.1 * (seen.slopes.sum(1) / 0.05).clamp(-1, 1)
        step = Step(torch.arange(16), Actions(moves, seen, wanted), scored(seen, moves), torch.zeros(16))
        every = arms.trajectories_of(Played(step.rewards.amax(1, keepdim=True), [step]))
        by_task = [every[first : first + 4] for first in range(0, 16, 4)] if arm == "grpo" else [[one] for one in every]
        for task in by_task:
            arms.algorithm(arms.PLANS[arm]).assign(task, arms.estimator("standardised"), arms.Credit(incumbent=1.0))
        arms.learn(proposer, optimizer, arm, [step], by_task, draw)
    assert reached() > 0.02


def test_intervals_are_students_t() -> None:
    draw = np.random.default_rng(1)
    first, second = draw.normal(0, 1, 12), draw.normal(0.5, 1, 12)
    found = order.difference(first, second)
    expected = student.interval(0.95, 11, (first - second).mean(), (first - second).std(ddof=1) / 12**0.5)
    assert (found.low, found.high) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ([(-0.2, -0.1), (-0.3, -0.01)], "shown"),
        ([(-0.2, 0.1), (0.01, 0.1)], "refuted: the reverse"),
        ([(-0.01, 0.01), (-0.015, 0.005)], "refuted: the neighbours are equal"),
        ([(-0.2, -0.1), (-0.3, 0.01)], "not shown"),
    ],
)
def test_verdicts(ends: list[tuple[float, float]], says: str) -> None:
    assert order.verdict([order.Difference(sum(one) / 2, *one) for one in ends]).startswith(says)


def test_a_study_continues_and_refuses_other_settings(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arms, "TASKS", 2)
    monkeypatch.setattr(arms, "WARM_WORLDS", 8)
    monkeypatch.setattr(arms, "WARM_EPOCHS", 1)
    study.study(kit, tmp_path, range(1), 20, worlds=8)
    before = (tmp_path / "seed-0.json").read_text()
    study.study(kit, tmp_path, range(2), 20, worlds=8)
    assert (tmp_path / "seed-0.json").read_text() == before
    whole = study.collected(tmp_path)
    assert len(whole["runs"]) == 2 * len(study.POLICIES)
    assert all(run["measured"] >= 20 for run in whole["runs"] if run["arm"] in arms.ARMS)
    assert "| TL-GRPO |" in order.report(whole) and "The claimed order is" in order.report(whole)
    with pytest.raises(InputError, match="another study"):
        study.study(kit, tmp_path, range(1), 30, worlds=8)
