"""What the screens say, without a screen: verdicts, digits, bars, rates; and that the view knows no widget."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.closeness import is_close
from eda_agent.record.fold import RunState, fold
from eda_agent.record.journal import read_journal
from eda_agent.tui import view
from eda_agent.tui.status import clock, status, status_line
from eda_agent.tui.view import bar, describe, position, printable, size_rows, spec_rows, turn_of, turn_row


@pytest.fixture(scope="module")
def state(recorded: Path) -> RunState:
    return fold(read_journal(recorded / "journal.jsonl"))


def test_no_widget_is_known_here() -> None:
    code = (
        "import sys, eda_agent.tui.view, eda_agent.tui.feed, eda_agent.run.process; sys.exit('textual' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_specs_of_the_best_and_of_any_turn(state: RunState) -> None:
    best = turn_of(state, None)
    assert best is not None and best["index"] == state.best["index"]
    rows = spec_rows(state, best)
    assert [row.name for row in rows] == [spec["name"] for spec in state.started["specs"]]
    for row, spec in zip(rows, state.started["specs"], strict=True):
        result = best["specs"][row.name]
        far, close = ("pass", "thin") if result["met"] else ("fail", "near")
        assert row.verdict == (close if is_close(spec, result["value"], result["bound"]) else far)
        assert len(row.cells) == 3
        # every corner's own verdict agrees with its own value, and the worst is the spec's
        assert (all(verdict in {"pass", "thin"} for _, verdict in row.cells)) == result["met"]
    assert spec_rows(state, turn_of(state, 0)) != rows


@given(st.floats(0, 1), st.floats(0, 1))
def test_bars_grow_with_what_they_show(one: float, other: float) -> None:
    assert len(bar(one)) == view.BAR and bar(0) == " " * view.BAR and bar(1) == "█" * view.BAR
    eighths = [sum(view._BLOCKS.index(cell) for cell in bar(share)) for share in sorted((one, other))]
    assert eighths == sorted(eighths) and eighths[0] == round(min(one, other) * 64)


def test_sizes_stand_where_they_are_in_their_range(state: RunState) -> None:
    log = {"minimum": 1e-6, "maximum": 1e-4, "scale": "log"}
    assert position(log, 1e-5) == pytest.approx(0.5) and position({**log, "scale": "lin"}, 1e-5) == pytest.approx(
        9 / 99
    )
    assert position({**log, "maximum": 1e-6}, 1e-6) == 0.0
    rows = size_rows(state, turn_of(state, None))
    assert [row.name for row in rows] == [entry["name"] for entry in state.started["parameters"]]
    locked = RunState(
        started={**state.started, "parameters": [{**state.started["parameters"][0], "locked": True}]},
        turns=state.turns,
        best=state.best,
    )
    assert size_rows(locked, turn_of(state, None))[0].mark == "locked"


def test_turns_say_what_moved_and_what_it_gained(state: RunState) -> None:
    parameters = state.started["parameters"]
    best: Any = None
    for place, turn in enumerate(state.turns):
        row = turn_row(state.turns, place, parameters, best, state.corners)
        assert row.best == (best is None or turn["score"] > best["score"])
        if best is not None:
            assert row.gain == (
                "≈ 0" if abs(turn["score"] - best["score"]) < 5e-5 else f"{turn['score'] - best['score']:+.4f}"
            )
            assert "→" in row.moved
        best = turn if row.best else best
    assert best["index"] == state.best["index"]


def test_status_tells_rate_and_what_is_left() -> None:
    evaluation = {"jobs": 4, "cached": 1}
    turns = [
        {
            "index": index,
            "t": 100.0 + 0.5 * index,
            "score": 0.5,
            "evaluation": evaluation,
            "proposal": {"policy": "trust"},
        }
        for index in range(11)
    ]
    begun = {"problem": "p", "policy": "auto", "budget": {"simulations": 30}, "workers": 2, "t": 99.0}
    state = RunState(started=begun, turns=turns, best={"index": 0, "score": 0.99999, "met": False})
    state.pace.extend(1.0 + 0.5 * index for index in range(11))
    state.worked, state._last = 6.0, 105.0
    shown = status(state, 106.0, True)
    assert (
        shown.rate == pytest.approx(2.0)
        and shown.left == pytest.approx(10.0)
        and shown.elapsed == 7.0
        and shown.cached == 0.25
    )
    assert shown.policy == "auto (trust)" and shown.state == "running"
    line = status_line(shown)
    assert "best 0.9999 ·" in line and "10/30 simulations" in line and "cache 25 %" in line and "10 s left" in line
    assert status(state, 106.0, False).state == "interrupted" and status(state, 106.0, False).left is None
    state.paused = True
    assert status(state, 106.0, True).state == "paused"
    assert status_line(status(RunState(), 0.0, False)) == "no run yet"
    assert status_line(status(RunState(), 0.0, True)) == "starting"
    assert "best" not in status_line(status(RunState(started=begun), 101.0, True))
    assert [clock(seconds) for seconds in (5.9, 65, 3723)] == ["6 s", "1:05", "1:02:03"]


@given(st.text())
def test_words_of_others_cannot_drive_the_terminal(text: str) -> None:
    shown = printable(text)
    assert all(letter.isprintable() for letter in shown) and "\x1b" not in shown


def test_the_run_as_text(state: RunState) -> None:
    text = describe(state)
    assert f"at turn {state.best['index']}" in text and len(text.splitlines()) == 1 + len(state.started["specs"]) + len(
        state.started["parameters"]
    )


def test_a_censored_value_reads_as_a_bound_and_says_why(state: RunState) -> None:
    corner, spec = state.started["corners"][0], state.started["specs"][0]
    limit = spec["minimum"] if spec["minimum"] is not None else spec["maximum"]
    bound = "<" if spec["minimum"] is not None else ">"
    best = turn_of(state, None)
    assert best is not None
    values = {name: {**row, spec["name"]: limit} for name, row in best["evaluation"]["values"].items()}
    result = {
        **best["specs"][spec["name"]],
        "corner": corner,
        "value": limit,
        "bound": bound,
        "why": "not settled",
        "met": False,
        "margin": -0.5,
    }
    turn = {
        **best,
        "evaluation": {"values": values, "bounds": [[corner, spec["name"], bound]]},
        "specs": {**best["specs"], spec["name"]: result},
    }
    row = spec_rows(state, turn)[0]
    # its value is that of the target, which the others meet by and this one does not
    assert row.cells[0][0].startswith(f"{bound} ") and row.cells[0][1] == "fail" and row.why == "not settled"
    assert all(verdict == "pass" for _, verdict in row.cells[1:])
    assert row.extremes[0 if bound == "<" else 1].startswith(bound)


def test_the_range_over_corners_is_in_the_unit_of_the_target() -> None:
    """`615 mOhm` beside `≤ 2 Ohm` took the room of the next column."""
    spec = {"name": "load_regulation", "metric": "load_regulation", "unit": "Ohm", "minimum": None, "maximum": 2.0}
    values = {"nominal": 0.884, "a": 0.615, "b": 1.8}
    result = {"corner": "b", "value": 1.8, "margin": 0.1, "met": True, "satisfaction": 1.0, "why": ""}
    turn = {
        "index": 1,
        "specs": {"load_regulation": result},
        "evaluation": {"values": {corner: {"load_regulation": value} for corner, value in values.items()}},
    }
    state = RunState(started={"specs": [spec], "corners": list(values), "parameters": []}, turns=[turn])
    assert spec_rows(state, turn)[0].extremes == ("0.615", "0.884", "1.8", "b")
