"""Beliefs and samples of worlds have their closed forms, runs follow the product's rules, and every arm learns."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import t as student
from torch import Tensor

from eda_agent.agent.policies.trust import box_side
from eda_agent.agent.universal.graph import METRIC_NAMES
from eda_agent.agent.universal.network import Network
from eda_agent.agent.universal.posterior import FREEDOM, SPREAD
from eda_agent.errors import InputError
from eda_agent.train.universal.net import Net
from eda_agent.train.worlds import arms, order, study
from eda_agent.train.worlds.arena import Kit, torch_net
from eda_agent.train.worlds.belief import believe, kernel
from eda_agent.train.worlds.play import Actions, Played, Step, play, policy, search
from eda_agent.train.worlds.proposer import OWN, STATE, Proposer, View, log_density
from eda_agent.train.worlds.search import Box, gains
from eda_agent.train.worlds.world import draw_worlds, score

P, K, N = 4, 3, 6


@pytest.fixture(scope="module")
def kit() -> Kit:
    """Two arenas of made-up output of the network; in the second one a parameter and a spec are padding."""
    torch.manual_seed(0)
    net = Net(rank=8).eval()
    rank = net.rank
    generated = {
        "input": torch.randn(2, P, rank), "slope": 0.3 * torch.randn(2, K, P),
        "inverse_length": 0.3 + torch.rand(2, K, P), "offset": torch.randn(2, rank),
        "gain": torch.ones(2, rank), "shift": torch.zeros(2, rank), "out": 0.1 * torch.randn(2, K, 2 * rank),
        "spread": 0.2 * torch.rand(2, K, 2 * rank), "rough": torch.full((2, K), 0.3),
        "rougher": torch.full((2, K), 0.05), "noise": torch.full((2, K), 1e-3),
    }  # fmt: skip
    parameters, specs = torch.ones(2, P), torch.ones(2, K)
    parameters[1, -1], specs[1, -1] = 0, 0
    for name, places in (("input", 1), ("slope", 2), ("inverse_length", 2)):
        generated[name] = generated[name] * parameters.reshape(2, *(P if place == places else 1 for place in (1, 2)))
    x = 0.4 * torch.randn(2, N, P) * parameters[:, None]
    x[:, 0] = 0
    y = (0.5 * torch.randn(2, N, K) + x.sum(-1, keepdim=True)) * specs[:, None]
    y[:, 0] = 0
    known = torch.ones(2, N, K) * specs[:, None]
    known[0, 3, 1] = 0
    low, high = torch.full((2, P), 1e-6), torch.full((2, P), 1e-4)
    goals = torch.ones(2, N)
    goals[:, 0] = 0
    return Kit(
        net, generated, low, high, torch.tensor([[1.0, 1, 1, 0], [1, 1, 1, 1]]), torch.full((2, P), 1e-5).log(),
        torch.full((2, P), 0.5), torch.tensor([[0.5, -0.4, 0.3], [0.2, 0.6, 0.0]]), torch.full((2, K), 0.05), specs,
        parameters, x, y, known, goals, torch.tensor([0.0, 1.0]), ("one", "other"),
    )  # fmt: skip


def both(kit: Kit, count: int) -> Tensor:
    return torch.arange(2).repeat(count)


def test_the_kernel_is_the_networks(kit: Kit) -> None:
    f = kit.net.features(kit.generated, kit.x)
    here = kernel(kit.generated, kit.x, f, kit.x[:, :2], f[:, :2])
    assert torch.allclose(here, kit.net.kernel(kit.generated, kit.x, f, kit.x[:, :2], f[:, :2]), atol=1e-4)


def test_a_belief_is_the_networks_posterior_at_the_scale_of_students_t(kit: Kit) -> None:
    asked = 0.3 * torch.randn(2, 5, P, generator=torch.Generator().manual_seed(1))
    belief = believe(kit, kit.x, kit.y, kit.known)
    mean, deviation, chance = belief.predict(asked)
    expected, variance, works = kit.net.posterior(kit.generated, kit.x, kit.y, kit.known, asked)
    there = kit.specs[:, None] > 0
    assert torch.allclose(mean[there.expand_as(mean)], expected[there.expand_as(mean)], atol=2e-3)
    wide = deviation**2 / belief.scale()[:, None]
    assert torch.allclose(wide[there.expand_as(wide)], variance[there.expand_as(wide)], rtol=2e-2, atol=2e-4)
    assert torch.allclose(chance, torch.sigmoid(works), atol=1e-5)
    # at the start the variance is that of Student's t
    alone = believe(kit, kit.x[:, :1], kit.y[:, :1], kit.known[:, :1])
    assert torch.allclose(alone.scale(), torch.full((2, K), SPREAD), atol=1e-2)


def test_the_scale_is_the_posterior_of_an_inverse_gamma(kit: Kit) -> None:
    # the mean of s² by integration of prior times likelihood, for one spec
    belief = believe(kit, kit.x, kit.y, kit.known)
    beta, n = float(belief.beta[0, 0]), float(belief.count[0, 0])
    s = np.linspace(0.01, 80, 400_000)
    density = s ** (-FREEDOM / 2 - 1) * np.exp(-FREEDOM / 2 / s) * s ** (-n / 2) * np.exp(-beta / 2 / s)
    assert float(belief.scale()[0, 0]) == pytest.approx((s * density).sum() / density.sum(), rel=1e-2)


def test_samples_have_the_mean_and_the_variance_of_the_belief(kit: Kit) -> None:
    count = 3000
    worlds = draw_worlds(kit, both(kit, count), torch.Generator().manual_seed(2))
    asked = 0.4 * torch.randn(1, 4, P, generator=torch.Generator().manual_seed(3)).repeat(2, 1, 1)
    asked = asked * kit.parameters[:, None]
    values = worlds.values(asked.repeat(count, 1, 1)).reshape(count, 2, 4, K)
    mean, deviation, _ = believe(kit, kit.x, kit.y, kit.known).predict(asked)
    there = (kit.specs[:, None] > 0).expand(2, 4, K)
    # the belief's variance includes the noise of a measurement, a world has none
    noise = (kit.generated["noise"] * believe(kit, kit.x, kit.y, kit.known).scale())[:, None]
    wide = (deviation**2 - noise).clamp_min(0).sqrt()
    error = (values.mean(0) - mean).abs() / (wide / count**0.5)
    assert error[there].max() < 4.5
    ratio = values.std(0)[there] / wide[there]
    assert ratio.min() > 0.88 and ratio.max() < 1.12


def test_a_world_agrees_with_the_recorded_simulations(kit: Kit) -> None:
    worlds = draw_worlds(kit, both(kit, 200), torch.Generator().manual_seed(4))
    off = (worlds.values(worlds.kit.x) - worlds.kit.y) * worlds.kit.known
    # a value of noise 0.001 within a few of its deviations, although the prior's deviation is 0.6
    assert off.square().mean().sqrt() < 0.1


def test_a_recorded_design_meets_the_target_and_the_start_is_measurable(kit: Kit) -> None:
    worlds = draw_worlds(kit, both(kit, 50), torch.Generator().manual_seed(5))
    margins = worlds.margins[:, None] + worlds.kit.slopes[:, None] * worlds.values(worlds.kit.x)
    met = ((margins >= -1e-5) | (worlds.kit.specs[:, None] == 0)).all(-1) & (worlds.kit.goals > 0)
    works = worlds.chance(worlds.kit.x) >= worlds.limit[:, None]
    assert (met & works).any(1).all()
    assert (worlds.chance(torch.zeros(100, 1, P))[:, 0] >= worlds.limit).all()


def test_positions_become_changes(kit: Kit) -> None:
    changes = kit.changes(torch.full((2, 1, P), 0.5))
    assert changes[0, 0, 0] == pytest.approx(0, abs=1e-5)
    assert changes[0, 0, 3] == pytest.approx(np.log(5.05e-5 / 1e-5), abs=1e-4)


def test_boxes_follow_trusts_rule() -> None:
    draw = np.random.default_rng(0)
    scores = np.clip(np.cumsum(draw.normal(0, 0.02, (60, 40)), 0) + 0.4, 0, 0.99)
    box, best = Box.new(40), torch.tensor(scores[0])
    for row in scores[1:]:
        found = torch.tensor(row)
        box.follow(found, best)
        best = torch.maximum(best, found)
    expected = [box_side([(value, 0.0) for value in column], 0, 0.3) for column in scores.T.tolist()]
    assert box.side.tolist() == pytest.approx(expected)


def test_a_gain_is_the_expected_improvement() -> None:
    # one spec, far below its ramp's end: E max(0, 1 + X − b) of a normal X, in closed form
    mean, wide, best = torch.tensor([[[-0.4]]]), torch.tensor([[[0.05]]]), torch.tensor([0.58])
    draws = torch.randn(1, 200_000, 1, generator=torch.Generator().manual_seed(6))
    z = torch.tensor((0.6 - 0.58) / 0.05)
    expected = 0.05 * (z * torch.special.ndtr(z) + torch.exp(-(z**2) / 2) / (2 * np.pi) ** 0.5)
    assert float(gains(mean, wide, torch.ones(1, 1), best, draws)) == pytest.approx(float(expected), rel=1e-2)


def test_runs_improve_and_know_only_their_own_turns(kit: Kit) -> None:
    worlds = draw_worlds(kit, both(kit, 30), torch.Generator().manual_seed(9))
    played = play(worlds, 6, search, torch.Generator().manual_seed(10))
    start = score(worlds.margins[:, None], worlds.kit.specs)[:, 0]
    assert torch.equal(played.best[:, 0], start)
    assert (played.best.diff(dim=1) >= 0).all() and played.best[:, -1].mean() > start.mean() + 0.05
    # a run that was met takes no more turns
    for before, step in zip(played.steps, played.steps[1:], strict=False):
        assert set(step.rows.tolist()) <= set(before.rows.tolist())
        assert (step.before < 1).all()
    assert played.simulations == sum(step.rewards.numel() for step in played.steps)


def test_the_same_seed_plays_the_same(kit: Kit) -> None:
    def once() -> Tensor:
        draw = torch.Generator().manual_seed(11)
        torch.manual_seed(0)
        return play(draw_worlds(kit, both(kit, 8), draw), 4, policy(Proposer(), 2), draw).best

    assert torch.equal(once(), once())


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


@pytest.mark.parametrize("arm", arms.ARMS)
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


def test_words_that_the_network_was_not_taught_read_as_the_first() -> None:
    torch.manual_seed(4)
    state = {name: value.numpy() for name, value in Net().state_dict().items()}
    short = {**state, "metric.weight": state["metric.weight"][:40]}
    net = torch_net(Network(short, np.zeros(40), np.ones(40)))
    assert len(net.metric.weight) == len(METRIC_NAMES)
    assert torch.equal(net.metric.weight[-1], net.metric.weight[0])
