"""What a diagnosis advises would meet the specs: the relaxed target is one that the best design reaches."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.insight.verdict import judge, remedy_text
from eda_agent.problem.spec import Problem
from eda_agent.record.labels import parameter_table
from eda_agent.units import parse_quantity

PARAMETER = {"name": "L3", "unit": "m", "minimum": 1e-6, "maximum": 2e-6}


def turns(values: list[float], minimum: float | None, maximum: float | None) -> list[dict[str, Any]]:
    """Turns of one spec that none meets; the better the value, the longer L3."""
    result = []
    for place, value in enumerate(values):
        margin = value - minimum if minimum is not None else (maximum or 0.0) - value
        result.append(
            {
                "index": place,
                "score": 0.5 + 0.01 * place,
                "met": False,
                "sizing": {"L3": 2e-6 if place >= len(values) - 5 else 1.5e-6},
                "specs": {"gain": {"value": value, "met": False, "margin": margin, "corner": "tt", "bound": ""}},
                "evaluation": {"values": {"tt": {"gain": value}}, "failures": []},
            }
        )
    return result


def spec(minimum: float | None, maximum: float | None, unit: str = "dB") -> dict[str, Any]:
    return {"name": "gain", "metric": "dc_gain", "unit": unit, "minimum": minimum, "maximum": maximum}


def test_a_spec_out_of_reach_names_the_size_and_the_target() -> None:
    values = [40.0 + 0.22 * place for place in range(20)] + [44.398 + 0.003 * place for place in range(25)]
    findings = judge(turns(values, 46.2, None), [spec(46.2, None)], [PARAMETER], 1)
    assert findings[0].text.startswith("gain was met in none of 44 turns, nor at the start: at best 44.5 dB in tt")
    assert findings[0].text.endswith("target 46.2 dB")
    assert remedy_text(findings) == "widen L3 beyond 2 um, or lower gain to 44.4 dB"
    assert remedy_text(()) == ""


def test_no_range_is_advised_beyond_the_models() -> None:
    values = [40.0 + 0.22 * place for place in range(20)] + [44.398 + 0.003 * place for place in range(25)]
    findings = judge(turns(values, 46.2, None), [spec(46.2, None)], [{**PARAMETER, "least": 1e-7, "most": 2e-6}], 1)
    assert remedy_text(findings) == "lower gain to 44.4 dB"
    (said,) = [one.text for one in findings if one.kind == "range"]
    assert said.endswith("that are best on gain, the limit of its models")


def test_a_run_knows_the_limits_of_its_models(miller: Problem) -> None:
    """Those of the PDK's rule; a capacitor has none."""
    rule = miller.pdk.device("sky130_fd_pr__nfet_01v8")
    rows = {row["name"]: row for row in parameter_table(miller)}
    assert rule is not None and (rows["W12"]["least"], rows["W12"]["most"]) == pytest.approx(rule.width)
    assert (rows["L12"]["least"], rows["L12"]["most"]) == pytest.approx(rule.length) and "most" not in rows["Cc"]


@given(best=st.floats(1e-9, 1e3), low=st.booleans())
def test_the_advised_target_is_met_by_the_best_design(best: float, low: bool) -> None:
    minimum, maximum = (2 * best, None) if low else (None, best / 2)
    values = [best * (0.9 if low else 1.1)] * 21 + [best]
    findings = judge(turns(values, minimum, maximum), [spec(minimum, maximum, "s")], [], 1)
    (advised,) = re.findall(r"(?:lower|raise) gain to (.*)$", remedy_text(findings))
    target = parse_quantity(advised.replace(" ", ""), "s")
    assert target <= best * (1 + 1e-8) if low else target >= best * (1 - 1e-8)
    assert target == pytest.approx(best, rel=0.0101)
