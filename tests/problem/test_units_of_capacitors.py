"""A capacitor larger than the PDK allows is drafted as units in parallel, of the same area."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eda_agent.problem.draft import Draft, read_circuit, write_draft
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
CAP = "sky130_fd_pr__cap_mim_m3_1"
OTA = """* t
.subckt c inp inn out ib vdd vss
XM1 d1 inp t vss {N} W=5 L=0.5
XM2 out inn t vss {N} W=5 L=0.5
XM3 d1 d1 vdd vdd {P} W=4 L=0.5
XM4 out d1 vdd vdd {P} W=4 L=0.5
XM5 t ib vss vss {N} W=2 L=1 m=4
XM6 ib ib vss vss {N} W=2 L=1 m=1
XC1 out d1 {CAP} {size}
.ends
"""


def drafted(folder: Path, size: str) -> tuple[Draft, Problem]:
    (folder / "c.spice").write_text(OTA.format(N=N, P=P, CAP=CAP, size=size))
    draft = read_circuit(folder / "c.spice", folder)
    (folder / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    return draft, load_problem(folder / "spec.yaml")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.floats(2, 150).map(lambda w: round(w, 2)), st.floats(2, 150).map(lambda w: round(w, 2)), st.integers(1, 4))
def test_the_area_stays_and_every_unit_is_legal(tmp_path: Path, width: float, length: float, units: int) -> None:
    draft, problem = drafted(tmp_path, f"W={width} L={length} m={units}")
    start = problem.space.initial
    one = start["XC1.w"] * start["XC1.l"]
    assert 2e-6 <= start["XC1.w"] <= 30e-6 and 2e-6 <= start["XC1.l"] <= 30e-6
    assert one * start["XC1.m"] == pytest.approx(width * length * units * 1e-12, rel=1e-6)
    # no more units than needed
    assert start["XC1.m"] == units * math.ceil(width / 30) * math.ceil(length / 30)
    assert any("units" in note for note in draft.changed) == (max(width, length) > 30)
    assert not any("sizing starts at" in note.message for note in problem.notes)


def test_a_line_without_m_gets_one_and_micrometres_stay(tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, "W=60 L=30 MF=1 $ Miller")
    text = draft.source.read_text()
    assert re.search(r"XC1 out d1 \S+ W=30 L=30 MF=1 m=2 \$ Miller", text)
    assert problem.space.initial["XC1.m"] == 2 and "XC1.m" in problem.space.names
    assert (tmp_path / "c.spice").read_text().count("W=60") == 1


def test_a_size_that_a_parameter_sets_is_left_and_said(tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, "W=wc L=20\n.param wc=60")
    assert not draft.changed and draft.source == tmp_path / "c.spice"
    assert any("sizing starts at" in note.message for note in problem.notes)
