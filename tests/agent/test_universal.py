"""The universal surrogate: what it reads is what the netlist says, what it predicts is a Gaussian process, and bad
weights are no weights.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from eda_agent.agent.universal import checkpoint
from eda_agent.agent.universal.checkpoint import FILE, read_network, write_network
from eda_agent.agent.universal.graph import (
    KINDS,
    METRIC_NAMES,
    VOCABULARY,
    circuit_graph,
    scale_of,
    transformed,
)
from eda_agent.agent.universal.network import FLAGS, KNOTS, Network, point_features
from eda_agent.agent.universal.posterior import SPREAD, Posterior
from eda_agent.metrics import METRICS
from eda_agent.problem.bias import BIAS_METRICS
from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.spec import Problem
from eda_agent.train.universal.net import Net

from .universal_kit import READ, graph_of, measured


@pytest.mark.parametrize("name", READ)
def test_sizes_follow_the_parameters(name: str, problems: dict[str, Problem]) -> None:
    """At a sizing drawn at random, widths, lengths and values are those that the netlist elaborates to."""
    problem = problems[name]
    graph, space = graph_of(problem), problem.space
    elaboration = Elaboration(
        problem.netlist, problem.subckt, stub_devices(problem.pdk), list(space.edits(space.initial))
    )
    sizing = space.from_unit(np.random.default_rng(1).random(len(space.parameters)).tolist())
    x = np.log([sizing[one] for one in space.names]) - graph.initial
    found = np.exp(graph.sizes + graph.powers @ x)
    devices = {device.label: device.values for device in elaboration.devices(space.edits(sizing))}
    for place, (label, kind) in enumerate(zip(graph.labels, graph.kinds, strict=True)):
        values = devices[label]
        if KINDS[kind] in ("nmos", "pmos"):
            metres = problem.pdk.scale * 1e6
            assert found[place].tolist() == pytest.approx(
                [values["w"] * metres, values["l"] * metres, values.get("m", 1.0)], rel=1e-4
            )
        elif KINDS[kind] == "c":
            assert found[place, 0] == pytest.approx(values["capacitance"] * 1e12, rel=1e-4)
    assert graph.flags.shape[1] == FLAGS and (graph.terminals >= 0)[graph.kinds < KINDS.index("r")].all()


def test_values_are_transformed_as_margins_are_linear_in_them(problems: dict[str, Problem]) -> None:
    for spec in problems["two_stage_miller"].specs:
        value = 3.0
        there = transformed(spec, np.array(value)) * scale_of(spec)
        assert there == pytest.approx(math.log(value) if spec.metric.ramp == "log" else value)
        assert np.isnan(transformed(spec, np.array(-1.0))) == (spec.metric.ramp == "log")


@pytest.mark.parametrize("name", READ)
def test_numpy_says_what_torch_says(name: str, problems: dict[str, Problem], net: Net, network: Network) -> None:
    from eda_agent.train.universal.lessons import Lesson, stacked

    graph = graph_of(problems[name])
    turns = measured(graph, 6)
    bounds = np.zeros(turns.values.shape, np.int8)
    # beside a larger circuit, so that padding counts for nothing
    other = graph_of(problems["class_ab_output"])
    lessons = [
        Lesson(one, told, np.zeros(told.values.shape, np.int8), np.ones(6, bool), told.x, "", "")
        for one, told in ((graph, turns), (other, measured(other, 6)))
    ]
    assert bounds.shape == turns.values.shape
    inputs = stacked(lessons, [0, 0], (network.middle, network.spread))
    asked = np.random.default_rng(5).normal(0, 0.3, (9, len(graph.initial)))

    def tensor(array: np.ndarray, width: int) -> torch.Tensor:
        return torch.as_tensor(np.pad(array, ((0, 0), (0, width - array.shape[1]))).astype(np.float32))[None].expand(
            2, -1, -1
        )

    width, specs = inputs["powers"].shape[-1], inputs["metrics"].shape[1]
    y = turns.values - turns.values[0]
    with torch.no_grad():
        mean, variance, works = net.posterior(
            net.encode(inputs),
            tensor(turns.x - turns.x[0], width),
            tensor(np.nan_to_num(y), specs),
            tensor(np.isfinite(y).astype(float), specs),
            tensor(asked - turns.x[0], width),
        )
    posterior = Posterior(network, graph, turns, 0)
    found, deviation, chance = posterior.predict(asked)
    count = len(graph.metrics)
    assert found - posterior.base == pytest.approx(mean[0, :, :count].numpy(), abs=3e-3)
    assert deviation / np.sqrt(SPREAD * posterior.surprise) == pytest.approx(
        variance[0, :, :count].sqrt().numpy(), rel=1e-2
    )
    assert chance == pytest.approx(torch.sigmoid(works[0]).numpy(), abs=1e-4)


def test_features_of_operating_points_are_nothing_where_there_are_none() -> None:
    points = np.array([[1e-5, 2e-4, 1e-6, 0.5, 0.15, 0.65, 0.9], [np.nan] * 7, [0.0, 0.0, 0.0, 0.5, 0.1, 0.2, 0.0]])
    found = point_features(points, 1.8)
    assert found[0].tolist() == pytest.approx([0.0, 20 / 12 - 1, math.log(200) / 3 - 1, 1.5, 0.45, 0.5, 1.0])
    assert not found[1].any() and np.isfinite(found[2]).all() and found[2, -1] == 1.0


def test_a_circuit_that_is_too_large_or_has_no_logarithms_is_not_read(
    problems: dict[str, Problem], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from eda_agent.agent.universal import graph

    problem = problems["ota_5t"]
    first, *others = problem.space.parameters
    through_zero = replace(
        problem, space=replace(problem.space, parameters=(replace(first, minimum=0.0, scale="lin"), *others))
    )
    assert circuit_graph(through_zero) is None
    for name in ("MAX_DEVICES", "MAX_NETS", "MAX_PARAMETERS", "MAX_SPECS"):
        with monkeypatch.context() as patch:
            patch.setattr(graph, name, 2)
            assert circuit_graph(problem) is None


@pytest.mark.slow
def test_weights_are_read_back_and_bad_ones_are_none(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / FILE
    write_network(path, network, {"steps": 1})
    assert path.stat().st_size < 4_000_000
    again = read_network(path)
    assert again is not None and again.middle == pytest.approx(network.middle)
    assert all(again.weights[name] == pytest.approx(value, abs=2e-3) for name, value in network.weights.items())
    assert again.widening.tolist() == [1.0] * len(KNOTS)
    for widening in (np.full(len(KNOTS), np.nan), np.zeros(len(KNOTS)), np.ones(2)):
        write_network(path, replace(network, widening=widening), {})
        assert read_network(path) is None
    write_network(path, network, {"steps": 1})
    whole = path.read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"nothing", whole[:100] + b"\0" * 200 + whole[300:]):
        path.write_bytes(content)
        assert read_network(path) is None
    assert read_network(tmp_path / "none.npz") is None
    for changes in (
        {"middle.bias": np.full(96, np.nan)},
        {"middle.bias": np.zeros(5)},
        {"works.0.weight": np.zeros((7, 7))},
        {"metric.weight": np.zeros((2, 64))},
    ):
        write_network(path, Network({**network.weights, **changes}, network.middle, network.spread), {})
        assert read_network(path) is None, changes.keys()
    write_network(
        path,
        Network(
            {name: value for name, value in network.weights.items() if name != "film.bias"},
            network.middle,
            network.spread,
        ),
        {},
    )
    assert read_network(path) is None
    write_network(path, network, {})
    # words that were appended since are no other words, but one in the middle makes others of them
    longer = {name: (*words, "new") for name, words in VOCABULARY.items()}
    monkeypatch.setattr(checkpoint, "VOCABULARY", longer)
    assert read_network(path) is not None
    monkeypatch.setattr(checkpoint, "VOCABULARY", {**VOCABULARY, "metric": ("", "new", *METRIC_NAMES[1:])})
    assert read_network(path) is None
    monkeypatch.undo()
    monkeypatch.setattr(checkpoint, "VERSION", 99)
    assert read_network(path) is None


def test_the_widening_scales_the_deviations_alone(problems: dict[str, Problem], network: Network) -> None:
    graph = graph_of(problems["ota_5t"])
    turns = measured(graph, 3)
    wide = replace(network, widening=np.array([4.0, 2.0, 1.0, 1.0, 1.0]))
    plain, wider = (Posterior(one, graph, turns, 0).predict(turns.x) for one in (network, wide))
    assert wider[0] == pytest.approx(plain[0], nan_ok=True) and wider[2] == pytest.approx(plain[2])
    assert wider[1] == pytest.approx(2 * plain[1], nan_ok=True)


def test_a_word_that_the_weights_do_not_know_is_any(problems: dict[str, Problem], network: Network) -> None:
    graph = graph_of(problems["ota_5t"])
    turns = measured(graph, 3)
    beyond, any_ = (
        replace(graph, metrics=np.full_like(graph.metrics, number)) for number in (len(METRIC_NAMES) + 5, 0)
    )
    found = [Posterior(network, one, turns, 0).predict(turns.x)[0] for one in (beyond, any_)]
    assert found[0] == pytest.approx(found[1], nan_ok=True)


def test_every_metric_has_its_word() -> None:
    """A new one is appended: ids of those before it are in the weights."""
    assert set(METRIC_NAMES) >= {**METRICS, **BIAS_METRICS}.keys() and len(set(METRIC_NAMES)) == len(METRIC_NAMES)
    first = (
        "",
        "bandwidth",
        "cmrr",
        "compliance_range",
        "current_density",
        "dc_gain",
        "delay",
        "drain_current",
        "dropout",
        "gain_margin",
        "gate_area",
        "gbw",
    )
    assert METRIC_NAMES[: len(first)] == first
