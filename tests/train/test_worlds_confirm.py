"""Confirmation on ngspice: a policy of worlds plays a real history; every target is met by a recorded design."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from eda_agent.agent.env import Environment
from eda_agent.agent.policies.universal_prior import UniversalPrior, load_universal
from eda_agent.problem.spec import Problem
from eda_agent.train.universal import make
from eda_agent.train.universal.record import read_record
from eda_agent.train.worlds.confirm import WorldPolicy, aimed, summary
from eda_agent.train.worlds.order import CLAIMED
from eda_agent.train.worlds.play import policy, search
from eda_agent.train.worlds.proposer import Proposer
from tests.agent.untrained import write_untrained
from tests.train.histories import made_up
from tests.train.test_learn import SMALL


def test_a_policy_of_worlds_plays_a_history(problems: dict[str, Problem], tmp_path: Path) -> None:
    whole = problems["tia"]
    problem = replace(whole, corners=whole.corners[:1], specs=tuple(replace(one, corners=()) for one in whole.specs))
    prior = load_universal(write_untrained(tmp_path), problem)
    assert isinstance(prior, UniversalPrior)
    torch.manual_seed(0)
    env = Environment(problem, made_up(problem))
    env.start()
    for act in (search, policy(Proposer()), search):
        with torch.no_grad():
            found = [WorldPolicy(prior, act, 3).propose(env.history).sizing for _ in range(2)]
        assert found[0] is not None and found[0] == found[1] == problem.space.snap(found[0])
        turn = env.step(WorldPolicy(prior, act, 3).propose(env.history))
        assert turn.sizing != env.history.turns[0].sizing


def test_a_target_is_met_by_a_recorded_design(tmp_path: Path) -> None:
    make.make([SMALL], tmp_path, 60)
    record = read_record(next(tmp_path.glob("records/*.npz")))
    problem = record.problem(tmp_path / "files")
    for seed in range(5):
        made = aimed(record, problem, random.Random(seed))
        assert made is not None
        met = [
            all(spec.met(None if np.isnan(value) else value) for spec, value in zip(made.specs, row, strict=True))
            for row in record.values.tolist()
        ]
        assert any(met)


def test_a_summary_compares_the_same_runs() -> None:
    rows = [{"search": [0.5, 0.9, 1.0, 1.0], **{arm: [0.5, 0.8, 0.9, 1.0] for arm in CLAIMED}} for _ in range(3)]
    rows.append({"search": [1.0] * 4, **{arm: [1.0] * 4 for arm in CLAIMED}})
    text = summary({"runs": [{"circuit": f"c{place}", **row} for place, row in enumerate(rows)]})
    assert text.startswith("3 runs on 3 circuits")
    # log10 of 0.2 and 0.1 at 5 turns, of 0.1 and 0.001 at 10
    assert "| TL-GRPO − the search | +0.301 (+0.301 … +0.301) | +2.000 (+2.000 … +2.000) | +0.000" in text
