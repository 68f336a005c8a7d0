"""The specs that a network reads. A user's own measurement that is none of the metrics of its training is left out: the
weights of a word without training are random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eda_agent.agent.universal.graph import METRIC_NAMES, CircuitGraph
from eda_agent.agent.universal.network import Network
from eda_agent.problem.spec import Problem


def told_graph(problem: Problem, graph: CircuitGraph, network: Network) -> tuple[CircuitGraph, Sequence[int]]:
    """The graph with only the specs that the network reads, and their places: those of its training and, because the
    turns decide on them, all whose metric has a name of the vocabulary.
    """
    told = [
        place
        for place, (spec, metric) in enumerate(zip(problem.specs, graph.metrics.tolist(), strict=True))
        if network.taught(metric) or spec.metric.name in METRIC_NAMES
    ]
    return (
        replace(
            graph,
            metrics=graph.metrics[told],
            templates=graph.templates[told],
            spec_features=graph.spec_features[told],
            scales=graph.scales[told],
        ),
        told,
    )
