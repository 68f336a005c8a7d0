"""What a run says about itself, against cases worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from eda_agent.errors import InputError
from eda_agent.insight.explain import what_moved
from eda_agent.insight.front import front
from eda_agent.insight.sensitivity import sensitivity
from eda_agent.insight.verdict import judge, remedy_text
from eda_agent.problem.spec import Problem
from eda_agent.simulation.fake import FunctionSimulator

SPECS = [
    {"name": "gain", "unit": "dB", "minimum": 60.0, "maximum": None},
    {"name": "power", "unit": "W", "minimum": None, "maximum": 1e-3},
]
PARAMETERS = [
    {"name": "W", "unit": "m", "minimum": 1e-6, "maximum": 1e-4, "scale": "log", "locked": False},
    {"name": "m", "unit": "", "minimum": 1.0, "maximum": 10.0, "scale": "lin", "locked": False},
]


def turn(index: int, gain: float, power: float, width: float = 1e-5, units: float = 5.0) -> dict[str, Any]:
    specs = {
        "gain": {"corner": "nominal", "value": 60 + 60 * gain, "margin": gain, "met": gain >= 0},
        "power": {"corner": "nominal", "value": 1e-3, "margin": power, "met": power >= 0},
    }
    score = sum(1 + min(margin, 0.0) for margin in (gain, power)) / 2
    return {
        "index": index,
        "score": score,
        "met": gain >= 0 and power >= 0,
        "sizing": {"W": width, "m": units},
        "specs": specs,
    }


def test_a_spec_that_was_never_met_is_out_of_reach() -> None:
    turns = [turn(k, min(-0.5 + 0.04 * k, -0.14), 0.1) for k in range(30)]
    (finding,) = [finding for finding in judge(turns, SPECS, PARAMETERS, 1) if finding.kind == "out of reach"]
    assert finding.specs == ("gain",)
    assert "38.4 dB" not in finding.text
    assert f"{60 + 60 * (-0.5 + 0.36):.3g} dB" in finding.text


@pytest.mark.parametrize(
    ("margins", "kind"),
    [
        ([-0.5] * 20, "not met yet"),
        ([-0.5] * 21, "out of reach"),
        # 0.14 is missing, at 0.01 for each turn; 0.14 is missing, at 0.0025 for each turn: 56 turns, after 21
        ([-0.54 + 0.01 * k for k in range(41)], "not met yet"),
        ([-0.19 + 0.0025 * min(k, 20) for k in range(21)], "out of reach"),
    ],
)
def test_a_short_or_improving_run_says_not_met_yet_and_advises_no_other_target(margins: list[float], kind: str) -> None:
    (finding,) = judge([turn(k, margin, 0.1) for k, margin in enumerate(margins)], SPECS, PARAMETERS, 1)
    assert (finding.kind, finding.specs) == (kind, ("gain",))
    assert bool(remedy_text([finding])) == (kind == "out of reach")


def test_a_turn_without_a_value_is_on_no_front() -> None:
    turns = [turn(0, 0.1, 0.2), turn(1, 0.2, 0.1), turn(2, 0.3, 0.3)]
    # its margin is the worst, as in a journal, and not missing
    turns[2]["specs"]["gain"].update(value=None, margin=-1.0, met=False)
    assert [row["index"] for row in front(turns, "gain", "power", 1)] == [1, 0]
    assert [row["index"] for row in front(turns[2:], "gain", "power", 1)] == []


@pytest.mark.parametrize(("value", "missed"), [(50.0, "60 dB"), (90.0, "70 dB")])
def test_of_two_bounds_the_missed_one_is_the_target(value: float, missed: str) -> None:
    specs = [{**spec, "minimum": 60.0, "maximum": 70.0} if spec["name"] == "gain" else spec for spec in SPECS]
    turns = [turn(k, -0.5, 0.1) for k in range(21)]
    for one in turns:
        one["specs"]["gain"]["value"] = value
    (finding,) = [finding for finding in judge(turns, specs, PARAMETERS, 1) if finding.kind == "out of reach"]
    assert finding.text.endswith(f"target {missed}")


def test_two_specs_that_were_never_met_together_conflict() -> None:
    turns = [turn(k, 0.1, -0.2) if k % 2 else turn(k, -0.2, 0.1) for k in range(10)]
    kinds = {(finding.kind, finding.specs) for finding in judge(turns, SPECS, PARAMETERS, 1)}
    assert ("conflict", ("gain", "power")) in kinds
    assert not any(kind == "out of reach" for kind, _ in kinds)


def test_a_range_that_ends_too_early_is_named() -> None:
    turns = [turn(k, -0.5, 0.1, 1e-5) for k in range(10)] + [turn(10 + k, -0.1 + 0.01 * k, 0.1, 1e-4) for k in range(5)]
    findings = [finding for finding in judge(turns, SPECS, PARAMETERS, 1) if finding.kind == "range"]
    assert [(finding.specs, finding.parameters) for finding in findings] == [(("gain",), ("W",))]
    assert "maximum 100 um" in findings[0].text


def test_no_verdict_on_a_run_that_met_or_has_hardly_begun() -> None:
    assert judge([turn(k, -0.5, 0.1) for k in range(5)], SPECS, PARAMETERS, 1) == ()
    assert judge([turn(k, 0.5, 0.1) for k in range(12)], SPECS, PARAMETERS, 1) == ()


def test_the_front_is_what_no_turn_beats_in_both() -> None:
    points = [(0.1, 0.5), (0.2, 0.4), (0.15, 0.3), (0.5, 0.1), (0.5, 0.05), (-0.2, 0.9)]
    turns = [turn(k, gain, power) for k, (gain, power) in enumerate(points)]
    expected = [
        k for k, (a, b) in enumerate(points) if not any((c >= a and d >= b) and (c, d) != (a, b) for c, d in points)
    ]
    assert sorted(row["index"] for row in front(turns, "gain", "power", 1)) == sorted(expected)


def test_what_moved_is_against_the_best_turn_before() -> None:
    turns = [turn(0, -0.5, 0.1), turn(1, -0.2, 0.1, 2e-5), turn(2, -0.9, 0.1, 9e-5), turn(3, -0.1, 0.05, 2e-5, 6.0)]
    moves = what_moved(turns, 3, PARAMETERS, 1)
    assert moves is not None
    assert moves.against == 1
    assert dict(moves.sizes) == {"m": (5.0, 6.0)}
    assert list(moves.results) == ["gain", "power"]
    assert moves.gained == pytest.approx(0.05)
    assert what_moved(turns, 0, PARAMETERS, 1) is None


def test_sensitivities_are_the_slopes_of_margins(miller: Problem) -> None:
    weights = {name: 0.1 * (number + 1) for number, name in enumerate(miller.space.names)}

    def values(sizing: Any, corner: str) -> dict[str, float | None]:
        position = dict(zip(miller.space.names, miller.space.to_unit(sizing), strict=True))
        total = sum(weights[name] * position[name] for name in weights)
        # dc_gain's ramp is 60 dB: a margin of exactly `total`
        return {spec.name: 70 + 60 * total if spec.name == "dc_gain" else None for spec in miller.specs}

    found = sensitivity(miller, FunctionSimulator(miller, values), miller.space.initial)
    for name, weight in weights.items():
        assert found.slopes["dc_gain"][name] == pytest.approx(weight, rel=1e-6)
    assert all(slope is None for slope in found.slopes["gbw"].values())


def test_a_change_is_that_of_ten_percent(miller: Problem) -> None:
    """A power law in one size: 10 % more of it change the value by 1.1ⁿ − 1 to first order, n ln 1.1."""
    name = next(one.name for one in miller.space.parameters if one.scale == "log" and one.step is None)

    def values(sizing: Any, corner: str) -> dict[str, float | None]:
        return {spec.name: 3e7 * sizing[name] ** 0.5 if spec.name == "gbw" else None for spec in miller.specs}

    found = sensitivity(miller, FunctionSimulator(miller, values), miller.space.initial)
    value = 3e7 * miller.space.initial[name] ** 0.5
    assert found.changes["gbw"][name] == pytest.approx(value * 0.5 * math.log(1.1), rel=1e-2)
    # percentages are of the design's own value, not of the mean of its neighbours
    assert found.values["gbw"] == pytest.approx(value, rel=1e-12)
    others = [one.name for one in miller.space.parameters if one.name != name and one.maximum > one.minimum]
    assert others and all(found.changes["gbw"][other] == 0 for other in others)


@pytest.mark.parametrize("step", [0.0, -5.0, math.nan, math.inf, 0.6])
def test_a_step_that_is_no_share_of_a_range_is_refused(miller: Problem, step: float) -> None:
    with pytest.raises(InputError, match="no share of a range"):
        sensitivity(miller, FunctionSimulator(miller, lambda sizing: {}), miller.space.initial, step)
