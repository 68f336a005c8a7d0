"""Decks that other people wrote for other simulators: what of them is the circuit, and what served the simulation."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.load import load_problem

LOOP = """* an op-amp of another process, measured by HSPICE's loop analysis
.subckt amp inm inp out vdd vss
xm1 a inm t vss n25 w = 2u l = 0.4u nf = 1
xm2 b inp t vss n25 w = 2u l = 0.4u nf = 1
xm3 a a vdd vdd p25 w = 2u l = 0.4u nf = 1
xm4 b a vdd vdd p25 w = 2u l = 0.4u nf = 1
xm5 t n vss vss n25 w = 2u l = 0.6u nf = 1
xm6 n n vss vss n25 w = 2u l = 0.6u nf = 1
xm7 n n vdd vdd p25 w = 0.5u l = 1u nf = 1
xm8 out b vdd vdd p25 w = 8u l = 0.4u nf = 1
xm9 out n vss vss n25 w = 4u l = 0.6u nf = 1
c1 b out 200f
{aids}
.ends
xi inm inp out vdd 0 amp
v1 inm out 0
v2 vdd 0 2.5
v3 inp 0 1.2 ac 1
cl out 0 75f
.ac dec 10 1k 10g
.lstb mode=single
+ vsource='v1'
.probe ac lstb(db)
.meas ac phase_margin find lstb(p) when lstb(db)=0
.end
"""


def test_hspice_s_loop_analysis_gives_way_to_templates(tmp_path: Path) -> None:
    netlist = tmp_path / "amp.sp"
    netlist.write_text(LOOP.replace("{aids}", ""))
    draft = read_circuit(netlist, tmp_path, "gf180mcuD", None)
    assert draft.kind.name == "op-amp" and any(".lstb" in line for line in draft.changed)
    (tmp_path / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    assert {"loop", "step"} <= set(load_problem(tmp_path / "spec.yaml").testbenches)


def test_an_unknown_process_names_its_models_only(tmp_path: Path) -> None:
    netlist = tmp_path / "amp.sp"
    netlist.write_text(LOOP.replace("{aids}", "").replace("n25", "fast").replace("p25", "slow"))
    with pytest.raises(InputError, match="it names fast, slow\n"):
        read_circuit(netlist, tmp_path, None, None)


def test_passives_of_a_simulation_are_not_sized(tmp_path: Path) -> None:
    netlist = tmp_path / "amp.sp"
    netlist.write_text(LOOP.replace("{aids}", "c2 inm x 1G\nr2 x out 100g\nr3 out y 10k\nc3 y b 1p"))
    draft = read_circuit(netlist, tmp_path, "gf180mcuD", None)
    text = write_draft(draft, draft.source.name)
    assert "  C2:" not in text and "  R2:" not in text and "  R3:" in text and "  C3:" in text
    assert sum("serves the simulation" in line for line in draft.noticed) == 2
    (tmp_path / "spec.yaml").write_text(text)
    load_problem(tmp_path / "spec.yaml")
