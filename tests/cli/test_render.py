"""Tables for people: nothing is cut off or rounded into what it is not."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from eda_agent.cli.render import PIPED_WIDTH, console
from eda_agent.cli.spec_table import spec_table
from eda_agent.units import format_score

SPEC = {"name": "gain", "unit": "dB", "minimum": 60.0, "maximum": None}


def shown(corners: list[str], width: int = 100) -> str:
    evaluation = {"values": {corner: {"gain": 60.0 + number} for number, corner in enumerate(corners)}}
    result = {"corner": corners[-1], "value": 60.0, "margin": 0.1, "met": True, "why": ""}
    screen = Console(file=io.StringIO(), width=width, color_system=None)
    screen.print(spec_table([SPEC], {"gain": result}, corners, evaluation))
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_few_corners_stand_side_by_side_and_many_as_a_range() -> None:
    few = shown(["nominal", "slow", "fast"])
    assert all(cell in few for cell in ("nominal", "slow", "fast", "60 dB", "61 dB", "62 dB"))
    many = shown([f"ss_1.62V_{number}C" for number in range(17)], width=80)
    assert all(cell in many for cell in ("min", "max", "worst in", "60 dB", "76 dB", "ss_1.62V_16C"))
    assert "…" not in many


def test_a_score_is_one_only_when_it_is() -> None:
    assert format_score(1.0) == "1.0000"
    assert format_score(0.99999) == "0.9999"
    assert format_score(0.1) == "0.1000"


def test_a_censored_value_is_written_as_a_bound_with_its_reason() -> None:
    spec = {"name": "settling", "unit": "s", "minimum": None, "maximum": 5e-7}
    result = {"corner": "slow", "value": 1e-6, "margin": -0.5, "met": False, "why": "not settled", "bound": ">"}
    for corners in (["nominal", "slow"], ["nominal", "slow", *"abcd"]):
        evaluation = {
            "values": {corner: {"settling": 2e-6 if corner == "nominal" else 1e-6} for corner in corners},
            "bounds": [["slow", "settling", ">"]],
        }
        screen = Console(file=io.StringIO(), width=120, color_system=None)
        screen.print(spec_table([spec], {"settling": result}, corners, evaluation))
        assert isinstance(screen.file, io.StringIO)
        text = screen.file.getvalue()
        assert "fail (not settled)" in text
        # of several corners the highest lies above every value that is known
        assert ("> 1 us" if len(corners) == 2 else "> 2 us") in text


def test_a_pipe_has_room_for_every_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert console().width == PIPED_WIDTH
    assert "…" not in shown([f"ss_1.62V_{number}C" for number in range(17)], width=console().width)
    monkeypatch.setenv("COLUMNS", "90")
    assert console().width == 90


def test_words_give_way_before_numbers_do() -> None:
    """`15 uV/√Hz` was cut to `15 uV…` and `+0.125` to `+0.…`, so that a verdict's words fit (a margin was a number)."""
    spec = {"name": "input_noise", "unit": "V/√Hz", "minimum": None, "maximum": 15e-6}
    result = {
        "corner": "slow",
        "value": 24.8e-6,
        "margin": -0.125,
        "met": False,
        "why": "the output moves 148 mV for a step of 450 mV",
    }
    values = {"nominal": {"input_noise": 23.7e-6}, "slow": {"input_noise": 24.8e-6}}
    table = spec_table([spec], {"input_noise": result}, ["nominal", "slow"], {"values": values})
    screen = Console(file=io.StringIO(), width=72, color_system=None)
    screen.print(table)
    assert isinstance(screen.file, io.StringIO)
    narrow = screen.file.getvalue()
    assert "…" not in narrow and all(
        cell in narrow for cell in ("≤ 15 uV/√Hz", "23.7 uV/√Hz", "24.8 uV/√Hz", "-65 %", "450 mV")
    )
