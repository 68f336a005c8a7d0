"""`mc` on a terminal shows how many simulations there are and how long the others take."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

import eda_agent.cli.render
from eda_agent.cli.main import main


def test_progress_has_the_total_and_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = io.StringIO()
    terminal = Console(file=file, force_terminal=True, width=100, color_system=None)
    real = eda_agent.cli.render.console
    monkeypatch.setattr(
        eda_agent.cli.render, "console", lambda *, to_stdout=False: real(to_stdout=True) if to_stdout else terminal
    )
    assert main(["mc", "ota_5t", "--samples", "6", "--workers", "1", "--corner", "all", "--no-cache"]) in {0, 1}
    assert "of 6 samples meet every spec" in capsys.readouterr().out
    shown = re.findall(r"Monte Carlo: (\d+) of (\d+) simulations · +(\S+) left", file.getvalue())
    (total,) = {int(of) for _, of, _ in shown}
    # the last one that is shown has all simulations: 6 samples of as many decks
    assert total % 6 == 0 and total > 6 and int(shown[-1][0]) == total
    assert any(re.fullmatch(r"\d+:\d\d", left) for _, _, left in shown)
