"""Outputs that a netlist hides: the other half of a latch, and a stage above a tail that is a diode."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.draft import read_circuit
from eda_agent.problem.draft.answers import read_answers
from eda_agent.problem.draft.port_roles import outputs_of
from eda_agent.problem.structure import Structure
from eda_agent.problem.structure.circuit import Fet
from eda_agent.run.drafting import draft_spec

MODELS = """* a demonstration process
.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05 cgso=200p cgdo=200p cj=700u mj=0.5 tox=8n
.model pch pmos level=1 vto=-0.5 kp=80u lambda=0.05 cgso=200p cgdo=200p cj=700u mj=0.5 tox=8n
"""
STRONG_ARM = """M0 t clk vss vss nch W=4u L=0.5u
M1 x inp t vss nch W=4u L=0.5u
M2 y inn t vss nch W=4u L=0.5u
M3 on op x vss nch W=4u L=0.5u
M4 op on y vss nch W=4u L=0.5u
M5 on op vdd vdd pch W=4u L=0.5u
M6 op on vdd vdd pch W=4u L=0.5u
M7 on clk vdd vdd pch W=2u L=0.5u
M8 op clk vdd vdd pch W=2u L=0.5u
M9 x clk vdd vdd pch W=2u L=0.5u
M10 y clk vdd vdd pch W=2u L=0.5u
.ends
"""


def written(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "c.spice"
    path.write_text(MODELS + text)
    return path


def test_a_comparator_with_one_output_measures_as_with_both(tmp_path: Path) -> None:
    answers = read_answers(supply=3)
    found = {}
    for name, ports in (("one", "inp inn op clk vdd vss"), ("both", "inp inn op clk vdd vss on")):
        path = written(tmp_path / name, f".subckt comp {ports}\n{STRONG_ARM}")
        found[name] = draft_spec(path, answers=answers)
        assert found[name]["kind"] == "comparator" and not found[name]["faults"]
    assert found["one"]["measured"]["delay"] == pytest.approx(found["both"]["measured"]["delay"], rel=1e-6)
    assert "ON of the latch became a port" in found["one"]["changed"] and not found["both"]["changed"]
    # the user's file stays as it is
    assert ".subckt comp inp inn op clk vdd vss\n" in (tmp_path / "one" / "c.spice").read_text()


def test_an_amplifier_whose_tail_is_a_diode_has_its_output(tmp_path: Path) -> None:
    text = """.subckt amp out inn inp vdd vss
M1 t t vss vss nch W=4u L=1u
M2 d inn t vss nch W=8u L=1u
M3 out inp t vss nch W=8u L=1u
M4 out d vdd vdd pch W=8u L=1u
M5 d d vdd vdd pch W=8u L=1u
.ends
"""
    draft = read_circuit(written(tmp_path, text), tmp_path)
    assert draft.kind.name == "op-amp"
    # without the pair's current mirror inverted: a rise at M2's gate raises the output, at M3's it falls
    assert {role: draft.kind.ports[role] for role in ("out", "inp", "inn")} == {
        "out": "out",
        "inp": "inn",
        "inn": "inp",
    }


def test_a_switch_of_both_types_to_a_bias_diode_drives_nothing() -> None:
    fets = (
        Fet("n", "nmos", "ib", "en", "g", "vss"),
        Fet("p", "pmos", "ib", "enb", "g", "vdd"),
        Fet("d", "nmos", "g", "g", "vss", "vss"),
    )
    circuit = Structure(("ib", "en", "enb", "vdd", "vss"), fets, (), "vdd", "vss")
    assert outputs_of(circuit, ["ib"]) == []
