"""Who gets which credit: hand-computed groups, and the incumbent reward's law."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.train.advantages import centred, standardised
from eda_agent.train.algorithms import ALGORITHMS, algorithm
from eda_agent.train.credit import Credit, best_descendant
from eda_agent.train.samples import Group, Sample, Trajectory


def trajectory(
    rewards: list[list[float]], before: float = 0.0, repeated: Collection[tuple[int, int]] = ()
) -> Trajectory:
    groups, best = [], before
    for turn, row in enumerate(rewards):
        samples = [Sample(np.zeros(2, int), np.zeros(1, int), np.zeros(1, np.float32), reward=reward) for reward in row]
        for place, sample in enumerate(samples):
            sample.repeated = (turn, place) in repeated
        groups.append(Group(samples, best))
        best = max(best, row[0])
    return Trajectory("c", "t", groups, best)


def advantages(made: Trajectory) -> list[list[float]]:
    return [[sample.advantage for sample in group.samples] for group in made.groups]


def test_tl_grpo_normalises_every_turn_by_itself() -> None:
    made = trajectory([[0.2, 0.4, 0.6], [0.9, 0.5, 0.7]])
    algorithm("tl_grpo").assign([made], standardised, Credit())
    share = 0.2 / (0.2 + 1e-4)
    np.testing.assert_allclose(advantages(made), [[-share, 0.0, share], [share, -share, 0.0]], atol=1e-12)


def test_incumbent_reward_by_hand() -> None:
    # the baseline has 0.3, the first turn's own action 0.5
    made = trajectory([[0.5, 0.2], [0.4, 0.8]], before=0.3)
    algorithm("tl_grpo").assign([made], centred, Credit(incumbent=1.0))
    np.testing.assert_allclose(advantages(made), [[0.1, -0.1], [-0.15, 0.15]], atol=1e-12)
    algorithm("tl_grpo").assign([made], centred, Credit(incumbent=0.5))
    np.testing.assert_allclose(advantages(made), [[0.125, -0.125], [-0.175, 0.175]], atol=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0, 1))
def test_incumbent_rewards_sum_to_the_best_turns_gain(own: list[float], before: float) -> None:
    made = trajectory([[reward] for reward in own], before)
    gains = Credit(incumbent=1.0).turns(
        [group.rewards for group in made.groups],
        [group.before for group in made.groups],
        [np.zeros(1, bool)] * len(own),
    )
    assert sum(float(gain[0]) for gain in gains) == pytest.approx(max(0.0, max(own) - before), abs=1e-9)


def test_descendants_and_repeats() -> None:
    assert best_descendant([0.2, 0.1, 0.9, 0.3], 1.0) == [0.9, 0.9, 0.9, 0.3]
    assert best_descendant([0.2, 0.1, 0.8], 0.5) == [0.2, 0.4, 0.8]
    made = trajectory([[0.2, 0.4], [0.8, 0.6]], repeated={(1, 1)})
    algorithm("tl_grpo").assign([made], centred, Credit(descendants=1.0, repeat=0.1))
    # turn 1: own action is worth 0.8; turn 2: the repeated one 0.5
    np.testing.assert_allclose(advantages(made), [[0.2, -0.2], [0.15, -0.15]], atol=1e-12)


def test_grpo_gives_every_turn_the_value_of_its_trajectory() -> None:
    made = [trajectory([[0.2], [0.8], [0.1]]), trajectory([[0.4], [0.3]]), trajectory([[0.6]])]
    algorithm("grpo").assign(made, standardised, Credit())
    share = 0.2 / (0.2 + 1e-4)
    assert [row[0][0] for row in map(advantages, made)] == pytest.approx([share, -share, 0.0])
    assert [row[0] for row in advantages(made[0])] == pytest.approx([share] * 3)


def test_every_algorithm_simulates_as_much() -> None:
    for name in ALGORITHMS:
        plan = algorithm(name).plan(5, 8)
        assert plan.tasks * plan.trajectories * plan.turns * plan.group == 40, name


def test_single_turn_is_tl_grpo_with_one_turn() -> None:
    one, other = trajectory([[0.1, 0.9, 0.4]]), trajectory([[0.1, 0.9, 0.4]])
    algorithm("single_turn_grpo").assign([one], standardised, Credit())
    algorithm("tl_grpo").assign([other], standardised, Credit())
    assert advantages(one) == advantages(other)
