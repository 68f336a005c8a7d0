"""docs/measurements.md knows every metric and every template: a new one needs a second method, or a word that there is
none.
"""

from __future__ import annotations

import re

import pytest

from eda_agent.metrics import METRICS
from eda_agent.problem.bias import BIAS_METRICS
from eda_agent.problem.load_testbench import template_names

from ..conftest import NAMES, ROOT
from .plain import HERE

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
    ours = {*NAMES, *(path.parent.name for path in HERE.glob("*/spec.yaml"))}
    for names, circuits in rows:
        # two circuits, those of another row, or a closed form beside a deck that another row has
        found = {word for word in re.findall(r"\w+", circuits) if word in ours}
        assert len(found) >= 2 or "two" in circuits or "see [" in circuits or "closed form" in circuits, names
    # every circuit that stands beside the tests is on the page
    assert all(f"`{path.parent.name}`" in PAGE for path in HERE.glob("*/spec.yaml"))


def test_a_relative_tolerance_is_one_for_small_numbers_too() -> None:
    """Jitter in picoseconds, noise in pA/√Hz and areas in um² stand on this page: pytest's own 1e-12 would let any of
    them pass.
    """
    assert pytest.approx(1e-12, rel=0.05) != 2e-12
    assert pytest.approx(1e-12) != 2e-12
    assert pytest.approx(1e-12, rel=0.05) == 1.04e-12
