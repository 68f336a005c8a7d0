"""Sizes that nothing measured answers to are no parameters, and dummies follow the device beside them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import eda_agent as ea
from eda_agent.problem.draft import Draft, read_answers, read_circuit, write_draft
from eda_agent.problem.draft.answers import Answers
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
CORE = f"""XM1 d1 inp t vdd {P} W=8 L=0.5 m=2
XM2 out inn t vdd {P} W=8 L=0.5 m=2
XM3 d1 d1 vss vss {N} W=2 L=1 m=2
XM4 out d1 vss vss {N} W=2 L=1 m=2
"""
# a constant-gm bias whose resistor stands outside, at rs
BIASED = f"""* OTA
.subckt c inp inn out rs vdd vss
{CORE}XM5 t bp vdd vdd {P} W=4 L=1 m=4
XM6 bp bp vdd vdd {P} W=4 L=1 m=2
XM7 n3 bp vdd vdd {P} W=4 L=1 m=2
XM8 bp n3 rs vss {N} W=4 L=1 m=8
XM9 n3 n3 vss vss {N} W=4 L=1 m=2
.ends
"""


def drafted(folder: Path, text: str, answers: Answers | None = None) -> tuple[Draft, Problem]:
    (folder / "c.spice").write_text(text)
    draft = read_circuit(folder / "c.spice", folder, answers=answers)
    (folder / "spec.yaml").write_text(write_draft(draft, "c.spice"))
    return draft, load_problem(folder / "spec.yaml")


def of_devices(problem: Problem) -> set[str]:
    return {name.partition(".")[0] for name in problem.space.names}


def test_a_branch_whose_current_a_source_sets_is_not_sized(tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, BIASED)
    assert draft.kind.bias == {"rs": "sink"}
    # XM6 is the unit of the mirror, whose sizes are those of the tail source
    assert of_devices(problem) == {"XM1", "XM3", "XM5"}
    (said,) = (note for note in draft.noticed if "is a parameter" in note)
    assert all(name in said for name in ("XM7", "XM8", "XM9", "--bias rs=10kohm"))


def test_ngspice_agrees_that_nothing_answers(tmp_path: Path) -> None:
    """Twice and half of each size that was left out changes no measured value by 1 %."""
    drafted(tmp_path, BIASED, read_answers(size=["XM8", "XM9"]))
    own, *others = ea.simulate(
        tmp_path, [{}, {"XM8.w": "8u"}, {"XM8.w": "2u"}, {"XM9.w": "8u"}, {"XM9.w": "2u"}, {"XM9.l": "2u"}]
    )
    for other in others:
        for name, value in dict(own).items():
            if name != "saturation":
                assert other[name] == pytest.approx(value, rel=0.01), (name, other)


def test_with_the_resistor_outside_they_count(tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, BIASED, read_answers(bias=["rs=10kohm"]))
    assert {"XM7", "XM8", "XM9"} <= of_devices(problem)
    assert not any("is a parameter" in note for note in draft.noticed)


def test_the_user_may_size_them_all_the_same(tmp_path: Path) -> None:
    _, problem = drafted(tmp_path, BIASED, read_answers(size=["XM8"]))
    assert of_devices(problem) == {"XM8"}


def test_the_diode_at_a_current_port_counts(tmp_path: Path) -> None:
    text = f"* OTA\n.subckt c inp inn out ib vdd vss\n{CORE}XM5 t ib vdd vdd {P} W=4 L=1 m=4\n"
    text += f"XM6 ib ib vdd vdd {P} W=4 L=1 m=2\n.ends\n"
    draft, problem = drafted(tmp_path, text)
    assert of_devices(problem) == {"XM1", "XM3", "XM5"}
    assert not any("is a parameter" in note for note in draft.noticed)


def test_a_diode_between_a_held_voltage_and_a_rail_is_not_sized(tmp_path: Path) -> None:
    text = f"* OTA\n.subckt c inp inn out vb vdd vss\n{CORE}XM5 t vb vdd vdd {P} W=4 L=1 m=4\n"
    text += f"XM6 vb vb vdd vdd {P} W=1 L=3 m=2\n.ends\n"
    draft, problem = drafted(tmp_path, text, read_answers(bias=["vb=1.0V"]))
    assert of_devices(problem) == {"XM1", "XM3", "XM5"}
    assert any("a voltage source holds vb" in note and "XM6" in note for note in draft.noticed)


DUMMIES = """XD1 d1 d1 d1 vss {N} W=2 L=0.15 m=2
XD2 vdd vdd vdd vdd {P} W=4 L=1 m=2
XD3 vss vss vss vss {N} W=0.7 L=1 m=2
"""


def test_dummies_follow_the_device_beside_them(tmp_path: Path) -> None:
    text = f"* OTA\n.subckt c inp inn out ib vdd vss\n{CORE}XM5 t ib vdd vdd {P} W=4 L=1 m=4\n"
    text += f"XM6 ib ib vdd vdd {P} W=4 L=1 m=2\n{DUMMIES.format(N=N, P=P)}.ends\n"
    draft, problem = drafted(tmp_path, text)
    assert of_devices(problem) == {"XM1", "XM3", "XM5"}
    edits = problem.space.edits({**problem.space.initial, "XM3.w": 7e-6, "XM5.w": 9e-6, "XM5.l": 2e-6})
    sizes = {(edit.device, edit.attribute): value for edit, value in edits.items() if edit.device.startswith("xd")}
    # of another length: the width alone; with no device of its width beside it: neither
    assert sizes == {("xd1", "w"): 7.0, ("xd2", "w"): 9.0, ("xd2", "l"): 2.0}
    said = "\n".join(draft.noticed)
    assert re.search(r"follow the width .*: XD1, XD2", said) and re.search(r"keep their sizes: XD3", said)
