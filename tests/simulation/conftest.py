"""Fixtures of tests that simulate."""

from __future__ import annotations

import pytest


@pytest.fixture
def fewer_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no sizing escapes is seen with few."""
    monkeypatch.setattr("eda_agent.simulation.soundness.judgement.DRAWS", 4)
