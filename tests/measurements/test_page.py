"""docs/measurements.md knows every metric and every template: a new one needs a second method, or a word that there is none."""

from __future__ import annotations

import re

from eda_agent.metrics import METRICS
from eda_agent.problem.bias import BIAS_METRICS
from eda_agent.problem.load_testbench import template_names

from ..conftest import NAMES, ROOT

PAGE = (ROOT / "docs" / "measurements.md").read_text(encoding="utf-8")


def test_every_metric_has_a_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", PAGE[: PAGE.index("## Templates")], re.MULTILINE)
    assert sorted(name for name, _ in rows if name in METRICS) == sorted(METRICS)
    for name, row in rows:
        if name in METRICS:
            if "[loop gain]" in row:
                continue
            _definition, _valid, method, circuits, difference, tolerance = row.split("|")
            assert all(cell.strip() for cell in (method, circuits, difference, tolerance)), name
    assert all(f"`{name}`" in PAGE for name in BIAS_METRICS)


def test_every_template_has_circuits_that_exist() -> None:
    table = PAGE[PAGE.index("## Templates") :]
    rows = re.findall(r"^\| (`.*`) \| (.*) \|$", table, re.MULTILINE)
    assert sorted(name for names, _ in rows for name in re.findall(r"`(\w+)`", names)) == template_names()
    named = {word for _, row in rows for word in re.findall(r"\w+", row)} & set(NAMES)
    assert named >= {"strongarm", "ldo", "two_stage_miller", "telescopic", "tia", "ring_vco"}
