"""A recorded run: what the real program wrote, once a session."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from eda_agent.run import Request, size
from tests.conftest import CIRCUITS

from .old_run import FIXTURE


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve turns of the default optimiser on a five-transistor OTA in three corners."""
    folder = tmp_path_factory.mktemp("recorded") / "ota"
    size(Request(CIRCUITS / "ota_5t", "trust", simulations=12, out=folder))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(FIXTURE, tmp_path / "runs" / "ota")
    return tmp_path / "runs" / "ota"
