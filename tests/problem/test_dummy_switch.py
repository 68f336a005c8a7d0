"""A dummy switch follows the switch whose charge it takes up; a capacitor of the same form does not."""

from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.load import load_problem

MODELS = """* circuit
.model nch nmos level=1 vto=0.5 kp=200u
.model pch pmos level=1 vto=-0.5 kp=80u
"""
SWITCH = """.subckt sw in out clk clkb vdd vss
M1 out clk in vss nch w=8u l=0.5u
M2 out clkb out vss nch w=4u l=0.5u
M3 out clkb in vdd pch w=16u l=0.5u
M4 out clk out vdd pch w=8u l=0.5u
.ends
"""
PAIR = """.subckt pair inp inn op on vb vdd vss
M1 on inp t vss nch w=8u l=0.5u
M2 op inn t vss nch w=8u l=0.5u
M3 on inn on vss nch w=4u l=0.5u
M4 op inp op vss nch w=4u l=0.5u
M5 t vb vss vss nch w=8u l=1u
R1 vdd on 10k
R2 vdd op 10k
.ends
"""


def test_a_dummy_switch_has_half_of_the_switch_s_width(tmp_path: Path) -> None:
    (tmp_path / "sw.spice").write_text(MODELS + SWITCH)
    draft = read_circuit(tmp_path / "sw.spice", tmp_path)
    assert {draft.structure.roles[name] for name in ("m2", "m4")} == {"dummy"}
    text = write_draft(draft, "sw.spice")
    assert "M2.w: {of: M1.w, ratio: 0.5}" in text and "M4.w: {of: M3.w, ratio: 0.5}" in text


def test_the_neutralising_capacitors_of_a_pair_are_no_dummies(tmp_path: Path) -> None:
    (tmp_path / "pair.spice").write_text(MODELS + PAIR)
    roles = read_circuit(tmp_path / "pair.spice", tmp_path).structure.roles
    assert {roles["m3"], roles["m4"]} == {"MOS capacitor"}


def test_an_unknown_metric_is_named_with_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "sw.spice").write_text(MODELS + SWITCH)
    text = write_draft(read_circuit(tmp_path / "sw.spice", tmp_path), "sw.spice")
    (tmp_path / "spec.yaml").write_text(text.replace("  on_resistance: {", "  on_resistence: {"))
    with pytest.raises(InputError, match=r"(?s)unknown metric .on_resistence.*did you mean on_resistance") as caught:
        load_problem(tmp_path / "spec.yaml")
    assert len(str(caught.value)) < 400
