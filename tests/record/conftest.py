"""A run that is shown, shared by the tests of the page and of the tables."""

from __future__ import annotations

import pytest

from eda_agent.record.fold import RunState, fold
from eda_agent.record.journal import read_journal
from eda_agent.run import Request, size

from ..conftest import CIRCUITS


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> RunState:
    folder = tmp_path_factory.mktemp("report") / "run"
    size(Request(CIRCUITS / "two_stage_miller", "random", simulations=12, out=folder))
    return fold(read_journal(folder / "journal.jsonl"))
