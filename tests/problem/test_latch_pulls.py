"""The devices that pull against a latch are equal; one that holds only one side has no twin."""

from __future__ import annotations

from pathlib import Path

from eda_agent.problem.draft import Answers, read_circuit

from .test_answers import drafted
from .test_what_designers_bring import N, P

SHIFTER = f"""* level shifter
.subckt ls in out vddl vddh vss
XM1 inb in vss vss {N} w=1 l=0.15
XM2 inb in vddl vddl {P} w=2 l=0.15
XM3 a in vss vss {N} w=8 l=0.5
XM4 b inb vss vss {N} w=8 l=0.5
XM5 a b vddh vddh {P} w=1 l=0.5
XM6 b a vddh vddh {P} w=1 l=0.5
XM7 out a vddh vddh {P} w=4 l=0.5
XM8 out a vss vss {N} w=2 l=0.5
.ends
"""


def test_the_pull_downs_of_a_level_shifter_are_equal(tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, SHIFTER, Answers())
    assert {("xm3", "xm4"), ("xm5", "xm6")} <= set(draft.structure.matched)
    assert "XM4.w" not in problem.space.names


def test_a_device_on_one_side_alone_has_no_twin(tmp_path: Path) -> None:
    text = SHIFTER.replace(f"XM4 b inb vss vss {N} w=8 l=0.5\n", "")
    (tmp_path / "c.spice").write_text(text)
    draft = read_circuit(tmp_path / "c.spice", tmp_path)
    assert not any({"xm3", "xm4"} <= set(group) for group in draft.structure.matched)
