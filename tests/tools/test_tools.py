"""Tools against a closed-form simulator, and closer looks against the evaluation and theory, on real ngspice."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from eda_agent.agent.env import Environment
from eda_agent.agent.history import History
from eda_agent.agent.proposing import objections
from eda_agent.agent.turn import Proposal
from eda_agent.errors import InputError
from eda_agent.metrics.landmarks import landmarks
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.fake import FunctionSimulator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from eda_agent.tools import TOOLS, Context, call, schemas

from ..agent.conftest import amplifier, make_problem


@pytest.fixture
def fake(miller: Problem) -> Context:
    problem = make_problem(miller)
    env = Environment(problem, FunctionSimulator(problem, amplifier))
    env.start()
    env.step(Proposal({**problem.space.initial, "W12": 20e-6}))
    return Context(problem, env.simulator, env.history.turns, left=10)


@pytest.fixture(scope="module")
def real(miller: Problem, pool: LocalPool, own_cache: Any) -> Iterator[Context]:
    problem = replace(miller, corners=miller.corners[:1])
    evaluator = Evaluator(problem, Workbench(problem, own_cache / "models"), pool, NoCache())
    env = Environment(problem, evaluator)
    env.start()
    yield Context(problem, evaluator, env.history.turns, left=10)


def test_every_tool_has_a_valid_schema_and_a_short_description(fake: Context) -> None:
    listed = json.loads(json.dumps(schemas(fake.problem)))
    assert [entry["function"]["name"] for entry in listed] == list(TOOLS)
    for entry in listed:
        Draft202012Validator.check_schema(entry["function"]["parameters"])
        assert len(entry["function"]["description"]) < 250


def test_proposals_are_complete_and_keep_the_best_sizes(fake: Context) -> None:
    result = call("propose", fake, {"reasoning": "more gm", "sizings": [{"w12": "30u"}, {"Cc": "1p", "m5": "4"}]})
    one, other = result.proposals
    assert one.sizing == {**fake.sizing(1), "W12": 30e-6}
    assert other.sizing == {**fake.sizing(1), "Cc": 1e-12, "m5": 4.0}
    assert one.reasoning == "more gm"


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("propose", '{"reasoning": "r", "sizings": [{"W12": "40"}]}', "did you mean 40u"),
        ("propose", '{"reasoning": "r", "sizings": [{"W13": "40u"}]}', "did you mean 'W"),
        ("propose", '{"reasoning": "r", "sizings": []}', "at least one"),
        ("propose", {"reasoning": "r", "sizings": [{"m5": str(n)} for n in range(1, 10)]}, "more than 8"),
        ("propose", '{"sizings": [{"W12": "40u"}]}', "reasoning is missing"),
        ("propose", "{", "not JSON"),
        ("propose", "[1]", "must be an object"),
        ("sensitivity", {"turns": 1}, "did you mean turn"),
        ("sensitivity", {"turn": 9}, "turn 9 has no sizing; the latest turns with one are 0, 1"),
        ("operating_points", {"turn": "one"}, "must be an integer"),
        ("gm_id", {"device": "xm1", "L": "500n"}, "no simulator that makes tables"),
        ("shell", {}, "the tools are propose"),
    ],
)
def test_wrong_arguments_are_one_message_for_the_caller(fake: Context, name: str, arguments: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        call(name, fake, arguments)


def test_what_would_be_simulated_in_vain_is_said_before(fake: Context) -> None:
    given = [{"Cc": "20p"}, {"W12": "20u"}, {"W12": "30u"}, {"W12": "30u"}]
    said = objections(
        History(fake.problem, fake.turns), call("propose", fake, {"reasoning": "r", "sizings": given}).proposals
    )
    assert said == [
        "sizing 1: Cc = 20 pF moved into its range: now 10 pF",
        "sizing 2: turn 1 had exactly these sizes",
        "sizing 4: it equals another of your sizings",
    ]


def test_sensitivities_agree_with_the_closed_form_and_are_counted(fake: Context) -> None:
    result = call("sensitivity", fake, {})
    rows = result.data["changes"]
    # gbw ~ √W12/Cc and gain ~ 20 log L, per +10 %
    assert rows["W12"]["gbw"] == pytest.approx(100 * (math.sqrt(1.1) - 1))
    assert rows["Cc"]["gbw"] == pytest.approx(100 * (1 / 1.1 - 1), rel=0.02)
    assert rows["L12"]["dc_gain"] == pytest.approx(20 * math.log10(1.1), rel=0.02)
    assert rows["W12"]["power"] == 0.0
    # twelve sizes in one corner of two
    assert result.simulations == 6
    with pytest.raises(InputError, match="name fewer"):
        call("sensitivity", replace(fake, left=6), {})
    assert call("sensitivity", fake, {"sizes": ["W12"]}).simulations == 1


def test_an_upper_end_is_left_downwards(fake: Context) -> None:
    fake.turns = [replace(fake.turns[0], sizing={**fake.sizing(0), "W12": 50e-6})]
    assert call("sensitivity", fake, {"sizes": ["W12"], "turn": 0}).data["changes"]["W12"]["gbw"] > 4.0


def test_a_closer_look_agrees_with_the_evaluation(real: Context) -> None:
    turn = real.turns[0]
    assert turn.evaluation is not None
    data = call("operating_points", real, {}).data
    for name, point in turn.evaluation.operating_points.items():
        # five digits
        assert data["devices"][name]["id"] == pytest.approx(point.id, rel=5e-5)
        assert data["devices"][name]["vds"] == pytest.approx(point.vds, rel=5e-5)
    # Kirchhoff: the tail is below the input by the pair's |vgs|
    nodes = data["nodes"]
    assert nodes["inp"] - nodes["tail"] == pytest.approx(data["devices"]["xm2"]["vgs"], rel=1e-4)
    # intrinsic: two thirds of the oxide's capacitance in saturation and less below; 4 nm of oxide on 2 um x 0.5 um
    assert 0.2 < data["devices"]["xm1"]["cgg"] / (2e-6 * 0.5e-6 * 8.3e-3) < 1.0


def test_shares_of_noise_add_up_to_the_noise_that_is_measured(real: Context) -> None:
    evaluation = real.turns[0].evaluation
    assert evaluation is not None
    found = call("noise", real, {"turn": 0}).data["noise"]["loop"]
    assert sum(found["shares"].values()) == pytest.approx(1.0)
    # at the spot frequency the follower's gain is 1
    assert found["output"] == pytest.approx(evaluation.values["nominal"]["input_noise"], rel=2e-3)
    assert found["shares"]["xm1"] == pytest.approx(found["shares"]["xm2"], rel=0.02)


def test_waveforms_agree_with_the_metrics(real: Context) -> None:
    evaluation = real.turns[0].evaluation
    assert evaluation is not None
    gain = call("waveform", real, {"what": "loop ac", "points": 200}).data
    assert gain["gain"][0] == pytest.approx(evaluation.values["nominal"]["dc_gain"])
    crossover = float(np.interp(0.0, -np.array(gain["gain"]), gain["frequency"]))
    assert crossover == pytest.approx(evaluation.values["nominal"]["gbw"], rel=0.02)
    step = call("waveform", real, {"what": "step tran", "points": 5, "start": "200n", "stop": "0.4u"}).data
    assert step["time"] == pytest.approx([200e-9, 250e-9, 300e-9, 350e-9, 400e-9])
    with pytest.raises(InputError, match="the axis reaches from"):
        call("waveform", real, {"what": "step tran", "start": "1"})


def test_a_table_of_a_device_agrees_with_the_circuit(real: Context) -> None:
    """gm/Id and the current per width of the bias diode, whose |vds| is near half the supply."""
    device = call("operating_points", real, {}).data["devices"]["xm8"]
    length, width = real.problem.space.initial["Lb"], real.problem.space.initial["Wb"]
    found = call("gm_id", real, {"device": "xm8", "L": str(length), "gm_id": device["gm_id"]}).data
    assert found["current_per_width"] == pytest.approx(device["id"] / width, rel=0.1)
    assert found["vgs"] == pytest.approx(device["vgs"], rel=0.03)
    back = call("gm_id", real, {"device": "xm8", "L": str(length), "current_per_width": str(device["id"] / width)}).data
    assert back["gm_id"] == pytest.approx(device["gm_id"], rel=0.05)
    # pmos, and what no device reaches
    assert call("gm_id", real, {"device": "xm6", "L": "500n", "gm_id": 12}).data["gm_id"] == pytest.approx(12, rel=0.02)
    # a prompt shows the model's name without its maker
    asked = {"L": "500n", "gm_id": 12}
    one, other = (call("gm_id", real, {"device": name, **asked}).data for name in ("xm6", "pfet_01v8"))
    assert {**one, "device": ""} == {**other, "device": ""} and other["model"].endswith("pfet_01v8")
    for arguments, says in (
        ({"L": "500n", "gm_id": 60}, "the device reaches"),
        ({"L": "10n", "gm_id": 12}, "is outside"),
        ({"L": "500n"}, "either gm_id or current_per_width"),
    ):
        with pytest.raises(InputError, match=says):
            call("gm_id", real, {"device": "xm6", **arguments})


def test_landmarks_of_two_poles_are_where_theory_has_them() -> None:
    frequency = np.geomspace(1.0, 1e9, 2000)
    transfer = 1000 / ((1 + 1j * frequency / 1e3) * (1 + 1j * frequency / 1e7))
    found = landmarks(frequency, transfer)
    assert found.gain == pytest.approx(60.0, rel=1e-3)
    assert found.corner == pytest.approx(1e3, rel=1e-2)
    assert found.turns[135.0] == pytest.approx(1e7, rel=1e-2)
    assert found.turns[90.0] == pytest.approx(math.sqrt(1e3 * 1e7), rel=1e-2)
    assert found.crossover is not None and found.phase is not None
    expected = -math.degrees(math.atan(found.crossover / 1e3) + math.atan(found.crossover / 1e7))
    assert found.phase == pytest.approx(expected, rel=1e-3)
    assert 180.0 not in found.turns
