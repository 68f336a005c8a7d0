"""Entrances: a circuit's own positions are those that were taught, and another netlist of it enters by what its devices
measure.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from eda_agent.agent.env import Environment
from eda_agent.agent.policies import auto
from eda_agent.agent.policies.auto import AutoPolicy
from eda_agent.agent.policies.embedded import shipped_model
from eda_agent.agent.policies.prior_search import DISPROVED
from eda_agent.agent.policies.surrogate import Surrogate
from eda_agent.agent.policies.surrogate_checkpoint import FILE, find
from eda_agent.agent.policies.surrogate_prior import JUDGED_AFTER
from eda_agent.agent.turn import Proposal
from eda_agent.bench.suite import LEARNED
from eda_agent.cli.main import main
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.simulation.fake import FunctionSimulator
from tests.conftest import ROOT
from tests.train.histories import made_up

SHIPPED = shipped_model() / FILE


def surrogate(problem: Problem) -> Surrogate:
    found = find(SHIPPED, problem)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Problem]:
    """Each netlist as `init` drafts a spec for it: other roles, other ranges, multipliers that the shipped specs
    hold.
    """
    result = {}
    for name in ("two_stage_miller", "ldo", "ota_5t"):
        folder = tmp_path_factory.mktemp(name)
        shutil.copy(ROOT / "circuits" / name / f"{name}.spice", folder)
        assert main(["init", str(folder / f"{name}.spice")]) == 0
        result[name] = load_problem(folder / "spec.yaml")
    return result


@pytest.mark.parametrize("name", LEARNED)
def test_the_shipped_circuits_enter_where_they_are(name: str, problems: dict[str, Problem]) -> None:
    points = np.random.default_rng(0).random((200, len(problems[name].space.parameters)))
    inside, outside = surrogate(problems[name]).parameter_map.positions(points)
    assert inside == pytest.approx(points, abs=1e-6) and outside == pytest.approx(np.zeros(200), abs=1e-6)


def test_a_draft_enters_by_its_devices(drafted: dict[str, Problem], miller: Problem) -> None:
    """Two copies of twice the width, four of the width: the same place, and the one that the shipped spec calls so."""
    problem = drafted["two_stage_miller"]
    assert len(problem.space.parameters) == len(miller.space.parameters) + 1
    sizing = {**problem.space.initial, "W6": 6e-6, "XM6.m": 4.0}
    other = {**sizing, "W6": 12e-6, "XM6.m": 2.0}
    wanted = miller.space.to_unit({name: sizing[name] for name in miller.space.names})
    for one, exact in ((sizing, True), (other, False)):
        inside, outside = surrogate(problem).parameter_map.positions(np.array([problem.space.to_unit(one)]))
        # how a width is cut up counts a little
        assert inside[0] == pytest.approx(wanted, abs=1e-6 if exact else 0.005) and outside[0] < (
            1e-6 if exact else 0.005
        )


def test_what_one_parameter_cannot_say_the_others_make_up(drafted: dict[str, Problem]) -> None:
    """One copy of a wide pass device, wider than the taught spec lets a copy be: more copies there, and nothing
    outside.
    """
    problem = drafted["ldo"]
    sizing = {**problem.space.initial, "Wp": 100e-6, "mp": 10.0}
    mapping = surrogate(problem).parameter_map
    inside, outside = mapping.positions(np.array([problem.space.to_unit(sizing)]))
    taught = [
        one.minimum * (one.maximum / one.minimum) ** place for one, place in zip(mapping.ranges, inside[0], strict=True)
    ]
    assert taught[7] <= 50e-6 * (1 + 1e-9) and taught[7] * taught[9] == pytest.approx(1000e-6, rel=0.01)
    assert outside[0] < 0.005


def test_a_drafted_circuit_is_begun_by_the_search_that_knows(drafted: dict[str, Problem]) -> None:
    for problem in drafted.values():
        env = Environment(problem, made_up(problem))
        env.start()
        assert "similar designs" in AutoPolicy(0).propose(env.history).reasoning


def test_first_turns_that_measure_something_else_end_its_say(
    drafted: dict[str, Problem], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is simulated is no op-amp, by decades: after `JUDGED_AFTER` turns the model has the run, once, and it is
    said why.
    """
    problem = drafted["two_stage_miller"]

    def no_amplifier(sizing: Mapping[str, float], corner: str) -> dict[str, float | None]:
        positions = problem.space.to_unit(sizing)
        waves = [math.sin(9 * positions[number % len(positions)] + number) for number in range(len(problem.specs))]
        return {spec.name: spec.target * 30**wave for spec, wave in zip(problem.specs, waves, strict=True)}

    # without the universal surrogate, which would be next
    monkeypatch.setattr(auto, "shipped_weights", lambda: tmp_path / "none.npz")
    env = Environment(problem, FunctionSimulator(problem, no_amplifier))
    env.start()
    policy, seen = AutoPolicy(0), []
    for _ in range(JUDGED_AFTER + 3):
        proposal = policy.propose(env.history)
        assert AutoPolicy(0).propose(env.history) == proposal
        seen.append((proposal.policy, proposal.handover))
        env.step(Proposal(proposal.sizing, policy=proposal.policy, handover=proposal.handover))
    assert seen[: JUDGED_AFTER - 1] == [("trust", "")] * (JUDGED_AFTER - 1)
    assert seen[JUDGED_AFTER - 1] == ("embedded", DISPROVED) and seen[JUDGED_AFTER:] == [("embedded", "")] * 3
