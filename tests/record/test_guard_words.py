"""A guarded run has one limit per row, and every view says what the guard band does."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from eda_agent.record.best_turn import best_turn
from eda_agent.record.fold import RunState
from eda_agent.record.guard_words import only_the_guard, thin_advice, tightened_lines
from eda_agent.record.labels import target_text
from eda_agent.record.report import Evidence, html_report
from eda_agent.record.report.specs import spec_rows
from eda_agent.record.report.yields import yields

GAIN = {"name": "dc_gain", "metric": "dc_gain", "unit": "dB", "minimum": 46.2, "maximum": None, "asked": [44.0, None]}
SETTLING = {"name": "settling", "unit": "s", "minimum": None, "maximum": 23.75e-9, "asked": [None, 25e-9]}
FOUND = {
    "mean": 44.36,
    "deviation": 0.0209,
    "minimum": 44.0,
    "maximum": None,
    "yield": 1.0,
    "interval": [0.83, 1.0],
    "values": [44.34, 44.38],
    "bounds": ["", ""],
}


def samples(passed: int, **specs: Any) -> dict[str, Any]:
    share = passed / 20
    return {
        "samples": 20,
        "passed": passed,
        "seed": 0,
        "yield": share,
        "interval": [share, share],
        "corners": ["tt"],
        "specs": specs,
    }


def test_samples_are_compared_with_the_target_asked_for() -> None:
    shown = yields(samples(20, dc_gain=FOUND), [GAIN])
    (row,) = shown["rows"]
    assert row["target"] == "≥ 44 dB" and row["kind"] == "pass"
    # (44.36 - 44) / 0.0209 / 3
    assert row["sigmas"] == "> 10 σ" and float(row["cpk"]) == pytest.approx(0.36 / 0.0209 / 3, abs=0.01)
    assert "the targets asked for, without the guard band" in shown["summary"]
    assert target_text({**GAIN, **FOUND}) == "≥ 44 dB"


def test_a_limit_is_never_rounded(state: RunState) -> None:
    changed = copy.deepcopy(state)
    (spec,) = [one for one in changed.started["specs"] if one["name"] == "slew_rate_up"]
    spec["minimum"] = 26.25e6
    (row,) = [one for one in spec_rows(changed, best_turn(changed)) if one["name"] == "slew_rate_up"]
    assert row["bounds"] == "≥ 26.25" and row["target"] == "≥ 26.25 V/us"
    assert target_text(SETTLING) == "≤ 23.75 ns, asked ≤ 25 ns"


def test_a_share_of_a_target_in_db_is_told_in_db() -> None:
    heading, *lines = tightened_lines([GAIN, SETTLING, {**GAIN, "asked": None}])
    assert heading == "tightened targets:"
    assert lines == [
        "  dc_gain ≥ 46.2 dB, asked ≥ 44 dB",
        "  settling ≤ 23.75 ns, asked ≤ 25 ns",
        "! the share is one of the number in dB: dc_gain by 2.2 dB",
    ]
    assert tightened_lines([{**GAIN, "asked": None}]) == []


def test_the_head_of_a_report_has_the_yield_of_a_design_that_loses_samples(state: RunState) -> None:
    met = copy.deepcopy(state)
    best = best_turn(met)
    best["met"] = True
    for result in best["specs"].values():
        result["met"] = True
    page = html_report(met, Evidence(monte_carlo=samples(8)))
    assert '<p class="badge near">! met in 3 corners; yield 40.0 % (tt)</p>' in page
    assert '<p class="badge pass">✓ every spec met' in html_report(met, Evidence(monte_carlo=samples(20)))


def test_only_the_guard_band_is_missed(state: RunState) -> None:
    assert only_the_guard(None) == "" and only_the_guard({"met": False, "asked_met": False}) == ""
    missed = copy.deepcopy(state)
    missed.verified = {**missed.verified, "met": False, "asked_met": True}
    assert "Your own targets are met; the guard band beyond them is not." in html_report(missed)


def test_thin_margins_name_what_gives_more() -> None:
    spec = {**SETTLING, "asked": None}
    thin = {"settling": {"value": 23.7e-9, "met": True}}
    assert thin_advice([spec], thin).startswith("1 spec met by a thin margin (settling): size with --guard 5%")
    assert thin_advice([spec], {"settling": {"value": 20e-9, "met": True}}) == ""
    assert thin_advice([SETTLING], thin) == ""
