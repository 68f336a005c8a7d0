"""A bootstrapped switch and a sample and hold with a buffer: recognised, drafted, sized and signed off in corners."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.problem.test_clocked_comparators import MODELS
from tests.problem.test_sample_hold import BOOTSTRAPPED, BUFFERED

from .test_kinds_signed_off import CORNERS
from .test_signoff_circuits import run

CIRCUITS = {
    "bootstrapped": (
        "in out clk clkb",
        BOOTSTRAPPED,
        "  acquisition_time: {testbench: sample, unit: s, maximum: 10n}\n"
        "  pedestal: {testbench: sample, unit: V, maximum: 60m}\n"
        "  tracking_resistance: {testbench: resistance, maximum: 300}\n  droop: {testbench: hold, unit: V/ms, maximum: 5}\n",
    ),
    "buffered": (
        "in out clk ib",
        BUFFERED,
        "  acquisition_time: {testbench: sample, unit: s, maximum: 90n}\n"
        "  tracking_error: {testbench: sample, unit: V, maximum: 15m}\n  power: {testbench: sample, maximum: 400u}\n",
    ),
}


@pytest.mark.evidence
@pytest.mark.parametrize("name", CIRCUITS)
def test_a_sample_and_hold_is_recognised_sized_and_signed_off(name: str, tmp_path: Path) -> None:
    ports, body, specs = CIRCUITS[name]
    (tmp_path / "c.spice").write_text(f"{MODELS}.subckt sh {ports} vdd vss\n{body}.ends\n")
    said = run(tmp_path, "init", "c.spice", "--supply", "3")
    draft = (tmp_path / "spec.yaml").read_text()
    assert said.startswith("sh: sample and hold, own"), said
    assert not re.search(r"could not be measured|^  #", draft, re.MULTILINE), draft
    head = re.split(r"^specs:$", draft, flags=re.MULTILINE)[0]
    (tmp_path / "spec.yaml").write_text(f"{head}specs:\n{specs}{CORNERS}budget: {{simulations: 60}}\n")
    shown = run(tmp_path, "size", "spec.yaml", "--workers", "1", "--out", "run")
    assert re.search(r"re-simulated in 4 corners: met", shown), shown[-3000:]
