"""A row of specs × corners says its unit once."""

from __future__ import annotations

import pytest

from eda_agent.spec_text import in_one_unit


@pytest.mark.parametrize(
    ("metric", "unit", "limit", "small"),
    [("line_regulation", "V/V", 0.01, "0.000137"), ("power", "W", 80e-6, "100 pW")],
)
def test_a_small_value_repeats_only_a_unit_of_its_own(metric: str, unit: str, limit: float, small: str) -> None:
    spec = {"name": metric, "metric": metric, "unit": unit, "minimum": None, "maximum": limit}
    value = 0.000137 if unit == "V/V" else 1e-10
    shown, texts = in_one_unit(spec, [(value, ""), (limit / 2, "")])
    assert texts[0] == small and shown.endswith(unit) and unit not in texts[1]
