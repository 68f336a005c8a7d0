"""A follower's compensation and a port `in` beside `inn` have the words that designers use."""

from __future__ import annotations

from pathlib import Path

from eda_agent.problem.draft import read_circuit
from eda_agent.problem.draft.port_names import disagreements

FOLLOWER = """* two stages in unity feedback
.model n nmos level=1 vto=0.5 kp=200u
.model p pmos level=1 vto=-0.5 kp=80u
.subckt follower inp out ib vdd vss
M1 n1 out t vdd p w=20u l=1u
M2 n2 inp t vdd p w=20u l=1u
M3 n1 n1 vss vss n w=5u l=1u
M4 n2 n1 vss vss n w=5u l=1u
M5 t ib vdd vdd p w=20u l=1u
M6 out n2 vss vss n w=30u l=1u
M7 out ib vdd vdd p w=60u l=1u
M8 ib ib vdd vdd p w=5u l=1u
Rz n2 z 1.5k
Cc z out 1.5p
.ends
"""


def test_a_millers_capacitor_of_a_follower_is_compensation(tmp_path: Path) -> None:
    (tmp_path / "f.spice").write_text(FOLLOWER)
    roles = read_circuit(tmp_path / "f.spice", tmp_path).structure.roles
    assert (roles["rz"], roles["cc"]) == ("nulling resistor", "compensation capacitor")


def test_in_beside_inn_is_the_input() -> None:
    assert disagreements({"inp": "in", "inn": "inn"}) == []
    assert len(disagreements({"inp": "inn", "inn": "in"})) == 1
    assert len(disagreements({"inp": "inn", "inn": "inp"})) == 2
