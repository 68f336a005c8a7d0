"""A double-tail comparator with two clocks, and a comparator with a latch of gates behind its buffers: recognised,
drafted, sized and signed off in corners.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.evidence import cases
from tests.problem.test_clocked_comparators import ARM, MODELS, TAIL, inverter, nand

from .test_kinds_signed_off import CORNERS
from .test_signoff_circuits import run

BEHIND = inverter("a", "ln", "s") + inverter("b", "lp", "r") + inverter("c", "s", "sn") + inverter("d", "r", "rn")
BEHIND += nand("e", "sn", "qb", "q") + nand("f", "rn", "q", "qb")
CIRCUITS = {
    "double tail": ("outp outn clk nclk", TAIL, "ports: {clkb: nclk}"),
    "gates behind": ("q qb clk", ARM + BEHIND, "ports: {outp: q, outn: qb}"),
}
SPECS = """  delay: {testbench: clock, unit: s, maximum: 600p}
  power: {testbench: clock, unit: W, maximum: 400u}
  decision_energy: {testbench: clock, unit: J, maximum: 4p}
  kickback: {testbench: kick, unit: V, maximum: 60m}
"""


@pytest.mark.parametrize("name", cases(CIRCUITS, "double tail"))
def test_a_comparator_is_recognised_sized_and_signed_off(name: str, tmp_path: Path) -> None:
    ports, body, wanted = CIRCUITS[name]
    (tmp_path / "c.spice").write_text(f"{MODELS}.subckt cmp inp inn {ports} vdd vss\n{body}.ends\n")
    said = run(tmp_path, "init", "c.spice", "--supply", "3")
    draft = (tmp_path / "spec.yaml").read_text()
    assert said.startswith("cmp: comparator, own") and wanted in draft, said + draft
    assert not re.search(r"could not be measured|^  #", draft, re.MULTILINE), draft
    head = re.split(r"^specs:$", draft, flags=re.MULTILINE)[0]
    (tmp_path / "spec.yaml").write_text(f"{head}specs:\n{SPECS}{CORNERS}budget: {{simulations: 60}}\n")
    shown = run(tmp_path, "size", "spec.yaml", "--workers", "1", "--out", "run")
    assert re.search(r"re-simulated in 4 corners: met", shown), shown[-3000:]
