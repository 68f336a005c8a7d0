"""A small closed-form problem for what lies above the simulator: a gain-bandwidth-power trade-off with known
answers.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

from eda_agent.agent.env import Environment
from eda_agent.agent.universal.network import Network
from eda_agent.metrics import METRICS
from eda_agent.problem.spec import Corner, Problem, Spec
from eda_agent.simulation.fake import FunctionSimulator

from .endpoint import Server, serving

if TYPE_CHECKING:
    from eda_agent.train.universal.net import Net


def amplifier(sizing: Mapping[str, float], corner: str) -> dict[str, float | None]:
    """gm ~ √(W·m), power ~ m, gain ~ L, with a corner that is slower by a fifth."""
    derate = 0.8 if corner == "slow" else 1.0
    transconductance = math.sqrt(sizing["W12"] / 1e-6 * sizing["m5"]) * 1e-5
    return {
        "gbw": derate * transconductance / (2 * math.pi * sizing["Cc"]),
        "dc_gain": 40 + 20 * math.log10(sizing["L12"] / 1.5e-7),
        "power": 1e-5 * sizing["m5"],
        "phase_margin": 90 - 30 * math.log10(sizing["Rz"] / 100) * 0.1,
    }


def make_problem(miller: Problem) -> Problem:
    """The Miller op-amp's design space with specs that `amplifier` answers."""
    specs = (
        Spec("gbw", METRICS["gbw"], "", 20e6, None),
        Spec("dc_gain", METRICS["dc_gain"], "", 55.0, None, weight=2.0),
        Spec("power", METRICS["power"], "", None, 8e-5, objective="minimize"),
        Spec("phase_margin", METRICS["phase_margin"], "", 85.0, None),
    )
    corners = (Corner("nominal", "tt", 1.8, 27.0, {}), Corner("slow", "ss", 1.62, 125.0, {}))
    return dataclasses.replace(miller, specs=specs, corners=corners, testbenches={})


@pytest.fixture
def problem(miller: Problem) -> Problem:
    return make_problem(miller)


@pytest.fixture
def simulator(problem: Problem) -> FunctionSimulator:
    return FunctionSimulator(problem, amplifier)


@pytest.fixture
def server() -> Iterator[Server]:
    """An endpoint of a language model."""
    with serving() as server:
        yield server


@pytest.fixture
def env(problem: Problem, simulator: FunctionSimulator) -> Environment:
    """A game of the small problem, started."""
    env = Environment(problem, simulator)
    env.start()
    return env


@pytest.fixture(scope="session")
def net() -> Net:
    """A universal surrogate without training; torch is imported for those that ask."""
    from .universal_kit import untrained_net

    return untrained_net()


@pytest.fixture(scope="session")
def network(net: Net) -> Network:
    """The same network in numpy."""
    from .universal_kit import network_of

    return network_of(net)
