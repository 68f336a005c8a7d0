"""Ablations: what is taken away has no effect any more, and the rest stays as it is."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from eda_agent.agent.language.words import ROLES
from eda_agent.agent.universal.graph import METRIC_NAMES, circuit_graph
from eda_agent.agent.universal.network import POINT_FEATURES, Generated, Network
from eda_agent.problem.spec import Problem
from eda_agent.train.universal.ablations import PARTS, Ablated
from eda_agent.train.universal.net import Net

OUTPUTS = [field.name for field in fields(Generated) if field.name != "network"]


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(0)
    state = {name: value.detach().numpy().astype(np.float64) for name, value in Net().state_dict().items()}
    return Network(state, np.zeros(len(METRIC_NAMES)), np.ones(len(METRIC_NAMES)))


def test_an_ablation_takes_away_its_part_and_nothing_else(network: Network, problems: dict[str, Problem]) -> None:
    graph = circuit_graph(problems["ota_5t"])
    assert graph is not None
    draw = np.random.default_rng(0)
    x, points = draw.normal(size=len(graph.initial)), draw.normal(size=(len(graph.labels), POINT_FEATURES))
    values = draw.normal(size=len(graph.metrics))

    def generated(name: str, **changed: object) -> dict[str, np.ndarray]:
        told = {"graph": graph, "points": points, "values": values, **changed}
        found = Ablated.of(network, PARTS[name]).encode(told["graph"], x, told["points"], told["values"])  # type: ignore[arg-type]  # a mapping of three kinds
        return {output: getattr(found, output) for output in OUTPUTS}

    def equal(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> set[str]:
        return {name for name in OUTPUTS if np.array_equal(one[name], other[name])}

    whole = generated("whole")
    plain = network.encode(graph, x, points, values)
    assert equal(whole, {name: getattr(plain, name) for name in OUTPUTS}) == set(OUTPUTS)
    for name, gone in {
        "mean": {"slope", "out"},
        "kernel of features": {"spread"},
        "kernel of sizes": {"rough", "rougher"},
    }.items():
        assert equal(whole, generated(name)) == set(OUTPUTS) - gone
        assert all(np.abs(generated(name)[one]).max() <= 1e-6 for one in gone)
    others: dict[str, dict[str, object]] = {
        "operating points": {"points": draw.normal(size=points.shape)},
        "roles": {"graph": replace(graph, roles=draw.integers(len(ROLES), size=len(graph.roles)))},
        "measured values": {"values": draw.normal(size=len(values))},
    }
    for name, changed in others.items():
        assert equal(whole, generated("whole", **changed)) != set(OUTPUTS)
        assert equal(generated(name), generated(name, **changed)) == set(OUTPUTS)
