"""The lines of a run: no line says what the one before has said, and an interrupt says how good the best is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eda_agent.agent.control import Control
from eda_agent.cli import progress
from eda_agent.cli.commands import mc
from eda_agent.cli.commands.runs import lines
from eda_agent.cli.interrupted import interrupted
from eda_agent.cli.main import main
from eda_agent.record.run_row import RunRow
from eda_agent.run import Request, size

from ..conftest import CIRCUITS


def better(index: int, score: float, met: bool = False) -> dict[str, Any]:
    return {"type": "best.updated", "index": index, "score": score, "specs": {"gain": {"met": met}}}


def test_a_turn_with_the_same_digits_has_no_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(request: Request, tell: Any, control: Control) -> Any:
        for index, score in enumerate((0.5, 0.99651, 0.99652, 0.99658, 0.9966, 1.0), 1):
            tell(better(index, score, score == 1.0))

    monkeypatch.setattr(progress, "size", run)
    progress.with_progress(Request(Path("spec.yaml")), Control(), lambda event: None, quiet=False)
    said = capsys.readouterr().err
    assert [f"turn {index}:" in said for index in range(1, 7)] == [True, True, False, False, True, True]


def test_an_interrupt_says_how_good_the_best_design_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size(Request(CIRCUITS / "ota_5t", "random", simulations=1, out=tmp_path / "run"))
    assert interrupted([str(tmp_path / "run")], json=False) == 130
    said = capsys.readouterr().err
    assert f"continue with: eda-agent size {tmp_path / 'run'} --resume" in said
    assert "best so far: turn " in said and "score 0." in said
    assert interrupted([], json=False) == 130 and "best" not in capsys.readouterr().err


def test_an_interrupt_before_the_first_sample_says_that_nothing_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("eda_agent.simulation.montecarlo.monte_carlo", stopped)
    assert mc.mc_command is not None and main(["mc", "ota_5t", "--samples", "2"]) == 130
    assert "no sample was simulated in every testbench: there is nothing to keep" in capsys.readouterr().err


def test_columns_without_room_are_named() -> None:
    row = RunRow("amp", "auto", 0, 0.99, False, 7, "unfinished", 1.8e9)
    shown = lines({"runs/" + 40 * "x": row}, 80)
    assert shown[-1].startswith("not shown in 80 columns: ") and "when" in shown[-1]
    assert "not shown" not in "".join(lines({"runs/x": row}, None))
