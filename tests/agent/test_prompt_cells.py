"""The prompt of a circuit made of cells: each device has the role that it has in its own cell, and no file is named."""

from __future__ import annotations

from pathlib import Path

from eda_agent.agent.prompt.facts import facts_text
from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.load import load_problem

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
# device names repeat in every cell, as designers' cells have them
CELLS = f"""** sch_path: /designs/ota.sch
* created by a tool
* An OTA of three cells ***
.subckt ota inp inn out ib vdd vss
x1 inp inn d1 out t vss pair
x2 d1 out vdd load
x3 t ib vss tail
.ends
.subckt pair p n a b t s
XM1 a p t s {N} W=5 L=0.5
XM2 b n t s {N} W=5 L=0.5
XM3 a a a s {N} W=5 L=0.5
.ends
.subckt load a b v
XM1 a a v v {P} W=4 L=0.5
XM2 b a v v {P} W=4 L=0.5
.ends
.subckt tail t i s
XM1 t i s s {N} W=2 L=1 m=4
XM2 i i s s {N} W=2 L=1 m=1
.ends
"""


def test_roles_are_those_of_the_cell(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(CELLS)
    (tmp_path / "spec.yaml").write_text(write_draft(read_circuit(tmp_path / "c.spice", tmp_path), "c.spice"))
    text = facts_text(load_problem(tmp_path / "spec.yaml"))
    assert text.startswith("# c: An OTA of three cells (")
    assert "ota.sch" not in text and "created" not in text
    rows = [line for line in text.splitlines() if line.startswith("XM")]
    assert [line.rpartition(" ; ")[2] for line in rows] == [
        "input pair",
        "input pair",
        "dummy",
        "load mirror",
        "load mirror",
        "tail source",
        "bias diode",
    ]
