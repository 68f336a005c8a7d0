"""Beliefs and samples of worlds have their closed forms, and runs follow the product's rules."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from eda_agent.agent.policies.trust_region import box_side
from eda_agent.agent.universal.graph import METRIC_NAMES
from eda_agent.agent.universal.network import Network
from eda_agent.agent.universal.posterior import FREEDOM, SPREAD, Measured, Posterior
from eda_agent.problem.spec import Problem
from eda_agent.train.universal.lessons import OWN
from eda_agent.train.universal.net import Net
from eda_agent.train.worlds import arena
from eda_agent.train.worlds.arena import Kit, kit_of, torch_net
from eda_agent.train.worlds.belief import believe, kernel
from eda_agent.train.worlds.play import play, policy, search
from eda_agent.train.worlds.proposer import Proposer
from eda_agent.train.worlds.search import Box, gains
from eda_agent.train.worlds.world import draw_worlds, score
from tests.train.test_learn import made_up as lesson_of
from tests.train.worlds_kit import K, P, both, made_up_kit


@pytest.fixture(scope="module")
def kit() -> Kit:
    return made_up_kit()


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


def test_words_that_the_network_was_not_taught_read_as_the_first() -> None:
    torch.manual_seed(4)
    state = {name: value.numpy() for name, value in Net().state_dict().items()}
    short = {**state, "metric.weight": state["metric.weight"][:40]}
    net = torch_net(Network(short, np.zeros(40), np.ones(40)))
    assert len(net.metric.weight) == len(METRIC_NAMES)
    assert torch.equal(net.metric.weight[-1], net.metric.weight[0])


def test_an_arena_is_read_as_the_product_reads_it(problems: dict[str, Problem]) -> None:
    torch.manual_seed(5)
    problem, size = problems["tia"], len(METRIC_NAMES)
    weights = {name: value.detach().numpy().astype(float) for name, value in Net().state_dict().items()}
    network = Network(weights, np.zeros(size), np.ones(size))
    taught = lesson_of(problem, 1, 12)
    kit = kit_of(network, [arena._circuit("tia", taught, problem)])
    assert len(kit.circuits) == 3 and kit.goals.sum(1).tolist() == [11] * 3
    # the first arena is read at the netlist's own design; its turns are four others
    places, asked = [OWN, 2, 3, 4], [5, 6, 7]
    turns = Measured(*(getattr(taught.turns, name)[places] for name in ("x", "values", "points")))
    expected, _, works = Posterior(network, taught.graph, turns, 0).predict(taught.turns.x[asked])
    own = kit.take(torch.tensor([0]))
    belief = believe(own, own.x[:, places], own.y[:, places], own.known[:, places])
    mean, _, chance = belief.predict(own.x[:, asked])
    assert np.allclose(mean[0].numpy(), expected - taught.turns.values[OWN], atol=2e-3)
    assert np.allclose(chance[0].numpy(), works, atol=1e-4)
    # positions in the ranges become the product's sizes
    units = np.random.default_rng(0).random((4, len(problem.space.names)))
    sizes = np.array([list(problem.space.from_unit(row).values()) for row in units.tolist()])
    changes = own.changes(torch.as_tensor(units[None], dtype=torch.float32))[0].numpy()
    assert np.allclose(changes, np.log(sizes) - taught.graph.initial - taught.turns.x[OWN], atol=0.05)  # grids
