"""What the end of `size` says when a run is not met."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from eda_agent.cli import outcome
from eda_agent.problem.spec import Problem


@pytest.mark.parametrize(
    ("verified", "said"),
    [
        ({"met": True, "asked_met": True}, False),  # a testbench that does not test
        ({"met": False, "asked_met": True}, True),
        ({"met": False, "asked_met": False}, False),
        (None, False),
    ],
)
def test_the_guard_band_is_blamed_only_if_it_is_the_reason(
    verified: dict[str, Any] | None, said: bool, miller: Problem
) -> None:
    from rich.console import Console

    screen = Console(file=io.StringIO())
    ended = SimpleNamespace(problem=miller, turns=[], verified=verified, folder=Path("run"), simulations=6)
    outcome._what_blocks(cast(Any, screen), cast(Any, ended))
    assert ("guard band" in cast(io.StringIO, screen.file).getvalue()) is said
