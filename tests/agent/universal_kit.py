"""A small universal surrogate with random weights, and circuits it reads."""

from __future__ import annotations

import numpy as np
import torch

from eda_agent.agent.universal.graph import METRIC_NAMES, CircuitGraph, circuit_graph
from eda_agent.agent.universal.network import Network
from eda_agent.agent.universal.posterior import Measured
from eda_agent.problem.spec import Problem
from eda_agent.train.universal.net import Net

READ = ("ota_5t", "three_stage_nmc", "tia", "class_ab_output", "ring_vco")


def graph_of(problem: Problem) -> CircuitGraph:
    graph = circuit_graph(problem)
    assert graph is not None
    return graph


def measured(graph: CircuitGraph, count: int, seed: int = 0) -> Measured:
    """Turns of made-up numbers, the first of them whole; a seventh of the others is not measured."""
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(count, len(graph.metrics)))
    values[1:][draw.random((count - 1, values.shape[1])) < 0.15] = np.nan
    return Measured(
        draw.normal(0, 0.3, (count, len(graph.initial))), values, draw.normal(size=(count, len(graph.labels), 7))
    )


def untrained_net() -> Net:
    """Untrained, with weights large enough that every part counts."""
    torch.manual_seed(3)
    made = Net(drop=0.0).eval()
    with torch.no_grad():
        for name in ("out", "slope", "sizes", "spread", "length"):
            getattr(made, name).weight.normal_(0, 0.3)
    return made


def network_of(net: Net) -> Network:
    """The same in numpy."""
    weights = {name: value.detach().numpy().astype(np.float64) for name, value in net.state_dict().items()}
    draw = np.random.default_rng(0)
    return Network(weights, draw.normal(size=len(METRIC_NAMES)), draw.uniform(0.5, 2, len(METRIC_NAMES)))
