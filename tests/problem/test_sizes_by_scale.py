"""`.option scale` counts for sizes that are names or expressions too."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.load import load_problem

DECK = """* sizes are numbers of micrometres
.option scale=1u
.param wi=1.68 li=0.5
.model nch nmos level=1 vto=0.5 kp=200u
.model pch pmos level=1 vto=-0.5 kp=80u
.subckt ota inp inn out ib vdd vss
M1 x inp t vss nch W={wi} L={li}
M2 out inn t vss nch W={wi} L={li}
M3 x x vdd vdd pch W='2*wi+0.5' L=0.5
M4 out x vdd vdd pch W='2*wi+0.5' L=0.5
M5 t ib vss vss nch W=4 L=1
M6 ib ib vss vss nch W=4 L=1
.ends
"""


def test_named_sizes_are_in_the_unit_of_scale(tmp_path: Path) -> None:
    (tmp_path / "ota.cir").write_text(DECK)
    draft = read_circuit(tmp_path / "ota.cir", tmp_path)
    (tmp_path / "spec.yaml").write_text(write_draft(draft, Path(draft.source).name))
    space = load_problem(tmp_path).space
    first = {one.name: (one.initial, one.unit) for one in space.parameters}
    assert first["wi"] == (pytest.approx(1.68e-6), "m") and first["li"] == (pytest.approx(0.5e-6), "m")
    text = Path(draft.source).read_text()
    assert "W={wi*1e-06}" in text and "W={(2*wi+0.5)*1e-06}" in text and "L=5e-07" in text
