"""Every policy obeys one contract; the model-based ones beat chance on a problem with a known answer."""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from eda_agent.agent.env import Environment
from eda_agent.agent.parse import parse_reply, reply_schema
from eda_agent.agent.policies.base import Policy
from eda_agent.agent.policies.chat import ChatPolicy
from eda_agent.agent.policies.gaussian_process import fit
from eda_agent.agent.policies.registry import DEFAULT, FOLDERS, POLICIES, make_policy, options_of
from eda_agent.agent.policies.trust_region import SMALLEST, START, box_side
from eda_agent.cli.options import POLICY_NAMES
from eda_agent.errors import InputError, MissingError
from eda_agent.problem.spec import Problem
from eda_agent.simulation.fake import FunctionSimulator
from eda_agent.units import format_quantity

from ..conftest import ROOT
from .conftest import amplifier

OWN = "python:tests.agent.own_policy.Climb"
HAS_BO = importlib.util.find_spec("botorch") is not None
ELSEWHERE = {"chat", "local", "universal"}
"""What needs an endpoint or a model in a folder has tests of its own."""
LOCAL = [OWN, *(name for name, entry in POLICIES.items() if name not in ELSEWHERE and (HAS_BO or entry.extra != "bo"))]
SLOW = dict.fromkeys(("gp", "scbo", "auto", "embedded"), pytest.mark.slow)
"""Those that import or fit models of seconds."""
SCRIPT = {"scripted": {"script": ['{"sizing": {"W12": "5u"}}', '{"sizing": {"W12": "7u"}}']}}


def make(name: str, seed: int = 0) -> Policy:
    return make_policy(name, seed, SCRIPT.get(name))


def run(env: Environment, policy: Policy, count: int) -> list[dict[str, float]]:
    env.start()
    result = []
    for _ in range(count):
        turn = env.step(policy.propose(env.history))
        assert turn.sizing is not None
        result.append(dict(turn.sizing))
    return result


@pytest.mark.parametrize("name", [pytest.param(name, marks=SLOW.get(name, ())) for name in LOCAL])
class TestContract:
    COUNT = 12  # past the first exploration of every policy, ten turns at most

    def test_proposals_are_legal_and_reproducible(
        self, name: str, problem: Problem, simulator: FunctionSimulator
    ) -> None:
        first = run(Environment(problem, simulator), make(name), self.COUNT)
        again = run(Environment(problem, simulator), make(name), self.COUNT)
        assert first == again
        for sizing in first:
            assert problem.space.snap(sizing) == sizing

    def test_a_resumed_policy_goes_on_as_it_would_have(
        self, name: str, problem: Problem, simulator: FunctionSimulator
    ) -> None:
        env = Environment(problem, simulator)
        whole = run(env, make(name), self.COUNT)
        for cut in (3, self.COUNT - 2):
            resumed = Environment(problem, simulator, env.history.turns[: cut + 1])
            policy = make(name)
            for index in range(cut, self.COUNT):
                assert resumed.step(policy.propose(resumed.history)).sizing == whole[index], (cut, index)

    def test_the_seed_matters(self, name: str, problem: Problem, simulator: FunctionSimulator) -> None:
        if name != "scripted":
            assert run(Environment(problem, simulator), make(name, 0), 3) != run(
                Environment(problem, simulator), make(name, 1), 3
            )


@pytest.mark.slow
def test_the_trust_region_beats_chance(problem: Problem) -> None:
    import dataclasses

    hard = {"gbw": {"minimum": 150e6}, "power": {"maximum": 4e-5}, "dc_gain": {"minimum": 61.0}}
    specs = tuple(dataclasses.replace(spec, **hard.get(spec.name, {})) for spec in problem.specs)
    problem = dataclasses.replace(problem, specs=specs)

    def best(policy_name: str, seed: int) -> float:
        env = Environment(problem, FunctionSimulator(problem, amplifier))
        run(env, make(policy_name, seed), 30)
        return max(turn.value for turn in env.history.turns[1:])

    assert min(best("trust", seed) for seed in (0, 1)) > max(best("random", seed) for seed in range(5))


@pytest.mark.slow
def test_locked_parameters_stay(problem: Problem, simulator: FunctionSimulator) -> None:
    import dataclasses

    locked = [
        dataclasses.replace(entry, minimum=entry.initial, maximum=entry.initial, locked=True)
        if entry.name == "Cc"
        else entry
        for entry in problem.space.parameters
    ]
    problem = dataclasses.replace(problem, space=dataclasses.replace(problem.space, parameters=tuple(locked)))
    for name in LOCAL:
        assert {sizing["Cc"] for sizing in run(Environment(problem, simulator), make(name), 12)} == {
            problem.space.initial["Cc"]
        }, name


def test_gaussian_process_against_its_definition() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.random((25, 3))
    outputs = np.sin(4 * inputs[:, 0]) + inputs[:, 1]
    process = fit(inputs, outputs)
    # a dense solve with the fitted kernel is the textbook posterior
    scales, variance = np.exp(process.log_scales), np.exp(process.log_variance)

    def kernel(a: Any, b: Any) -> Any:
        distance = np.linalg.norm((a[:, None] - b[None]) / scales, axis=2) * np.sqrt(5)
        return variance * (1 + distance + distance**2 / 3) * np.exp(-distance)

    points = rng.random((10, 3))
    matrix = kernel(inputs, inputs) + 1e-4 * np.eye(25)
    targets = (outputs - outputs.mean()) / outputs.std()
    mean = outputs.mean() + outputs.std() * kernel(points, inputs) @ np.linalg.solve(matrix, targets)
    spread = outputs.std() * np.sqrt(
        np.diag(kernel(points, points) - kernel(points, inputs) @ np.linalg.solve(matrix, kernel(inputs, points)))
    )
    got_mean, got_spread = process.predict(points)
    assert got_mean == pytest.approx(mean, rel=1e-6)
    assert got_spread == pytest.approx(spread, rel=1e-3, abs=1e-4)
    # it has learnt the function, and that the third input does not matter
    assert np.abs(got_mean - (np.sin(4 * points[:, 0]) + points[:, 1])).max() < 0.1
    assert process.log_scales[2] > process.log_scales[0]


def test_gaussian_process_gradient_against_finite_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    import scipy.optimize

    rng = np.random.default_rng(1)
    inputs, outputs = rng.random((12, 2)), rng.random(12)
    captured: list[Any] = []
    original = scipy.optimize.minimize

    def capture(function: Any, start: Any, **options: Any) -> Any:
        captured.append(function)
        return original(function, start, **options)

    monkeypatch.setattr(scipy.optimize, "minimize", capture)
    fit(inputs, outputs)
    theta = np.array([0.1, -0.4, 0.3])
    expected = approx_fprime(theta, lambda point: captured[0](point)[0], 1e-7)
    assert captured[0](theta)[1] == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_the_box_grows_shrinks_and_opens_again(problem: Problem, simulator: FunctionSimulator) -> None:
    env = Environment(problem, simulator)
    run(env, make("random"), 3)
    flat = [env.history.rank_keys[0]] * 200
    sides = [box_side(flat[:count], 3) for count in range(4, 200)]
    assert sides[0] == START
    assert min(sides) >= SMALLEST
    assert sides.count(START) > 6


def test_what_optuna_warns_of_is_not_written_across_the_terminal() -> None:
    # in a process of its own: Optuna writes to the standard error that it found when it was imported
    script = (
        "import eda_agent.agent.policies.optuna_study, optuna\n"
        "logger = optuna.logging.get_logger('optuna._gp.gp')\n"
        "logger.warning('The optimization of kernel parameters failed')\n"
        "logger.error('heard')\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stderr
    assert "heard" in said
    assert "kernel" not in said


@pytest.mark.skipif(not HAS_BO, reason="needs the extra bo")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.slow
def test_scbo_fits_all_specs_at_once_as_it_would_each_alone() -> None:
    import torch

    from eda_agent.agent.policies.scbo import _fitted

    rng = np.random.default_rng(3)
    inputs, unseen = torch.from_numpy(rng.random((25, 4))), torch.from_numpy(rng.random((50, 4)))
    # scales, offsets and smoothness differ from column to column, and one spec says nothing
    outputs = torch.stack(
        [1e3 * (2 * inputs[:, 0]).sin(), inputs.prod(dim=1) - 7, (9 * inputs[:, 1]).cos(), torch.ones(25).double()],
        dim=1,
    )
    together = _fitted(inputs, outputs).posterior(unseen)
    for column in range(outputs.shape[1]):
        alone = _fitted(inputs, outputs[:, [column]]).posterior(unseen)
        tolerance = 0.01 * float(outputs[:, column].std()) + 1e-3
        for found, expected in ((together.mean, alone.mean), (together.variance.sqrt(), alone.variance.sqrt())):
            assert np.allclose(found[:, column].detach(), expected[:, 0].detach(), atol=tolerance)


def test_registry(problem: Problem) -> None:
    assert tuple(POLICIES) == POLICY_NAMES
    assert DEFAULT in POLICIES and set(FOLDERS) <= {name for name in POLICIES if "model" in options_of(name)}
    with pytest.raises(InputError, match="one of"):
        make_policy("nope", 0)
    with pytest.raises(InputError, match="--endpoint"):
        make_policy("chat", 0)
    if not HAS_BO:
        with pytest.raises(MissingError, match=r"eda-agent\[bo\]"):
            make_policy("scbo", 0)


@pytest.mark.parametrize("name", [name for name, entry in POLICIES.items() if HAS_BO or not entry.extra])
def test_a_policy_takes_the_options_that_its_entry_names(name: str) -> None:
    module, _, symbol = POLICIES[name].builder.partition(":")
    builder = getattr(importlib.import_module(f"eda_agent.agent.policies.{module}"), symbol)
    taken = set(inspect.signature(builder).parameters)
    if "options" in taken:
        # with an endpoint, the rest goes to the policy of the endpoint
        taken |= set(inspect.signature(ChatPolicy).parameters)
    assert {"seed", *options_of(name)} <= taken
    assert f"`{name}`" in (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("asked", ["trust:folder", "random:x"])
def test_an_option_that_a_policy_has_not_is_refused(asked: str) -> None:
    """It ended the run with a TypeError."""
    with pytest.raises(InputError, match="has no option 'model'"):
        make_policy(asked, 0)
    with pytest.raises(InputError, match="has no option 'colour'"):
        make_policy("trust", 0, {"colour": "blue"})


def test_scripted_needs_a_script() -> None:
    for script in (None, [], "/nowhere/file"):
        with pytest.raises(InputError):
            make_policy("scripted", 0, {"script": script})


@pytest.mark.parametrize("position", [0.0, 0.3, 0.7, 1.0])
def test_a_reply_of_the_schema_is_a_proposal(problem: Problem, position: float) -> None:
    """The schema goes to models as JSON. Every size of the space can be written in it, and is read as what it means."""
    schema = json.loads(json.dumps(reply_schema(problem.space)))
    sizes = schema["properties"]["sizing"]
    assert schema["type"] == sizes["type"] == "object" and schema["required"] == ["reasoning", "sizing"]
    assert list(sizes["properties"]) == sizes["required"] == list(problem.space.names)
    assert schema["additionalProperties"] is sizes["additionalProperties"] is False
    sizing = problem.space.from_unit([position] * len(problem.space.names))
    written = {name: format_quantity(value, digits=4).replace(" ", "") for name, value in sizing.items()}
    for name, text in written.items():
        assert re.fullmatch(sizes["properties"][name]["pattern"], text), text
        assert not re.fullmatch(sizes["properties"][name]["pattern"], f"{text} or so")
    proposal = parse_reply(json.dumps({"reasoning": "why", "sizing": written}), problem.space, problem.space.initial)
    assert proposal.error == "" and proposal.sizing == pytest.approx(sizing, rel=1e-3)


def test_no_library_of_a_proposal_brings_threads_of_its_own() -> None:
    """scipy's BLAS is not numpy's, and is loaded when the first process is fitted: within the limit that was set
    before.
    """
    program = """
import json
from threadpoolctl import threadpool_info
from eda_agent.agent.policies.base import single_threaded
found = []
with single_threaded():
    import numpy as np, scipy.linalg, scipy.optimize
    minimize, solve = scipy.optimize.minimize, scipy.linalg.cho_solve
    def counted(call):
        def count(*given, **named):
            found.append([pool["num_threads"] for pool in threadpool_info()])
            return call(*given, **named)
        return count
    scipy.optimize.minimize, scipy.linalg.cho_solve = counted(minimize), counted(solve)
    from eda_agent.agent.policies.gaussian_process import fit
    fit(np.random.default_rng(0).random((9, 2)), np.arange(9.0)).predict(np.zeros((1, 2)))
print(json.dumps([found, [pool["num_threads"] for pool in threadpool_info()]]))
"""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2"}
    environment.pop("OMP_NUM_THREADS", None)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    during, after = json.loads(done.stdout)
    assert len(during) > 2 and all(set(threads) == {1} for threads in during)
    assert set(after) == {min(2, os.cpu_count() or 1)}
