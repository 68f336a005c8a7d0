"""A report names its least margin, what it leaves out, and why a run was not met."""

from __future__ import annotations

import copy
from typing import Any

from eda_agent.record.best_turn import best_turn
from eda_agent.record.fold import RunState
from eda_agent.record.report import html_report
from eda_agent.record.report.sizes import turn_rows
from eda_agent.record.report.specs import least_text, spec_rows
from eda_agent.record.report.yields import yields
from eda_agent.record.tables import markdown_summary
from eda_agent.spec_text import margin_text, value_text

UNDERSHOOT = {"name": "undershoot", "unit": "V", "minimum": None, "maximum": 0.2}


def with_value(state: RunState, value: float) -> tuple[RunState, dict[str, Any]]:
    """The run with `saturation`, a spec in V, at this value in its worst corner."""
    changed = copy.deepcopy(state)
    best = best_turn(changed)
    (spec,) = [one for one in changed.started["specs"] if one["name"] == "saturation"]
    result = best["specs"]["saturation"]
    result.update(value=value, met=value >= spec["minimum"], margin=-9.0, why="")
    return changed, best


def test_a_thin_margin_is_marked_and_the_least_one_is_named(state: RunState) -> None:
    (spec,) = [one for one in state.started["specs"] if one["name"] == "saturation"]
    run, best = with_value(state, 1.004 * spec["minimum"])
    rows = spec_rows(run, best)
    row = next(one for one in rows if one["name"] == "saturation")
    assert (row["verdict"], row["share"]) == ("✓ thin", "+0.4 %")
    page = html_report(run)
    assert '✓<span class="word"> thin</span>' in page and "(+0.4 %)" in page
    said = least_text([row])
    assert said == f"saturation {row['margin']} (+0.4 %) in {row['corner']}; 1 spec met by a thin margin"
    assert f"Least margin: {least_text(rows)}." in page


def test_turns_say_how_many_changes_they_leave_out(state: RunState) -> None:
    changed = copy.deepcopy(state)
    last = copy.deepcopy(changed.turns[0])
    last.update(index=changed.turns[-1]["index"] + 1, score=2.0)
    last["sizing"] = {name: 1.5 * value for name, value in last["sizing"].items()}
    changed.turns = [changed.turns[0], last]
    row = turn_rows(changed)[-1]
    assert row["index"] == last["index"]
    assert len(row["sizes"]) == 5 and row["sizes"][-1] == f"+{len(last['sizing']) - 4} others"


def test_a_run_too_short_for_a_diagnosis_says_so(state: RunState) -> None:
    short = copy.deepcopy(state)
    short.turns = [turn for turn in short.turns if turn["index"] in {0, best_turn(short)["index"]}]
    best = best_turn(short)
    best["met"] = False
    page = html_report(short)
    assert "Why specs are not met" in page and "cannot tell: a diagnosis needs 8" in page
    best["met"] = True
    assert "Why specs are not met" not in html_report(short)


def test_a_mean_is_told_from_its_limit_and_a_far_limit_has_no_digits() -> None:
    assert value_text(UNDERSHOOT, 0.19996, digits=3, inside=True) == "199.96 mV"
    assert value_text(UNDERSHOOT, 0.2, digits=3, inside=True) == "200 mV"
    assert value_text(UNDERSHOOT, 0.19996) == "200 mV"
    found = {"mean": 0.1, "deviation": 0.1 / 282, "yield": 1.0, "interval": [0.9, 1.0], "values": [0.1], "bounds": [""]}
    data = {"samples": 1, "passed": 1, "seed": 0, "yield": 1.0, "interval": [0.9, 1.0], "corners": ["tt"]}
    (row,) = yields({**data, "specs": {"undershoot": found}}, [UNDERSHOOT])["rows"]
    assert (row["sigmas"], row["cpk"]) == ("> 10 σ", "> 10")


def test_markdown_has_margins_worst_corners_and_versions(state: RunState) -> None:
    text, best = markdown_summary(state), best_turn(state)
    assert f"eda-agent {state.hello['version']}, ngspice" in text and f"Turn {best['index']}" in text
    for spec in state.started["specs"]:
        result = best["specs"][spec["name"]]
        (line,) = [line for line in text.splitlines() if line.startswith(f"| {spec['name']} |")]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[3] == margin_text(spec, result["value"], result.get("bound", "")) and cells[4] == result["corner"]
