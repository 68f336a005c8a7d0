"""Shared fixtures: shipped circuits, a cache of the session's own, real simulator pools."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from eda_agent.bench.suite import FRESH
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.simulation.local_pool import LocalPool
from tests.evidence import Record
from tests.quick import Quick

ROOT = Path(__file__).parent.parent
CIRCUITS = ROOT / "circuits"
NAMES = sorted({path.parent.name for path in CIRCUITS.glob("*/spec.yaml")} - {*FRESH})
"""The shipped circuits without those of the suite `fresh`, which tests/test_fresh.py checks."""

MAX_ID = 120
"""Characters of a parameter in the name of a test."""

_approx = pytest.approx


def _relative(expected: Any, rel: float | None = None, abs: float | None = None, nan_ok: bool = False) -> Any:
    """`pytest.approx` without its 1e-12 beside a relative tolerance: that let any number of picoseconds, A/√Hz or m²
    pass.
    """
    if abs is None and (rel is not None or (isinstance(expected, (int, float)) and expected != 0)):
        rel, abs = 1e-6 if rel is None else rel, 0.0
    return _approx(expected, rel, abs, nan_ok)


pytest.approx = _relative  # type: ignore[assignment]  # the same but for what is left out


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="unit tests only, without any process (tests/quick.py)")
    parser.addoption("--evidence", type=Path, help="write the result here if all passed (tests/evidence.py)")


# a slow machine fails no law: tests of speed say so themselves
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--quick"):
        config.pluginmanager.register(Quick(), "quick")
    if (path := config.getoption("--evidence")) is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Record(path), "evidence")


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """A short name for a long text: a name of megabytes is sent between processes and set in each one's environment."""
    if isinstance(val, (str, bytes)) and len(val) > MAX_ID:
        return f"{ascii(val[: MAX_ID // 2])[:MAX_ID]}... of {len(val)}"
    return None


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads what a user's earlier runs and settings left behind."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["EDA_AGENT_CACHE"], os.environ["EDA_AGENT_CONFIG"] = str(folder), str(folder / "config")
    yield folder
    del os.environ["EDA_AGENT_CACHE"], os.environ["EDA_AGENT_CONFIG"]


@pytest.fixture(scope="session")
def problems() -> dict[str, Problem]:
    return {name: load_problem(CIRCUITS / name) for name in NAMES}


@pytest.fixture(scope="session")
def miller(problems: dict[str, Problem]) -> Problem:
    return problems["two_stage_miller"]


@pytest.fixture(scope="session")
def pool() -> Iterator[LocalPool]:
    with LocalPool(2) as pool:
        yield pool
