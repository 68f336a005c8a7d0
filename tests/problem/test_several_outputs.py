"""A block with two regulated outputs is asked which of them is meant."""

from __future__ import annotations

from pathlib import Path

from eda_agent.problem.draft import read_circuit
from eda_agent.problem.draft.answers import Answers

from .test_dialects_met import draft_of

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"


def loop(name: str, reference: str, out: str) -> str:
    """A regulator that compares its output itself, behind an NMOS follower."""
    return f"""XM{name}1 {name}x {reference} {name}t vss {N} W=10 L=1
XM{name}2 {name}g {out} {name}t vss {N} W=10 L=1
XM{name}3 {name}x {name}x vdd vdd {P} W=4 L=1
XM{name}4 {name}g {name}x vdd vdd {P} W=4 L=1
XM{name}5 {name}t b vss vss {N} W=4 L=1
XM{name}6 vdd {name}g {out} vss {N} W=100 L=0.5
R{name} {out} vss 10k
"""


def deck(*loops: str) -> str:
    return f"* references\n.subckt two vdd vss b r1 r2 o1 o2\nXMb b b vss vss {N} W=4 L=1\n{''.join(loops)}.ends\n"


def test_two_regulated_outputs_are_named(tmp_path: Path) -> None:
    draft = draft_of(deck(loop("a", "r1", "o1"), loop("c", "r2", "o2")), tmp_path)
    assert draft.kind.name == ""
    assert any("each of o1, o2 is regulated" in doubt for doubt in draft.kind.doubts)
    answers = Answers(kind="regulator with its divider", ports={"out": "o1"})
    named = read_circuit(tmp_path / "c.spice", tmp_path, answers=answers)
    # no source stands on the other output
    assert named.kind.ports["out"] == "o1" and named.kind.bias["o2"] == "open"


def test_one_is_not_asked_for(tmp_path: Path) -> None:
    draft = draft_of(deck(loop("a", "r1", "o1")), tmp_path)
    assert draft.kind.name == "regulator with its divider" and draft.kind.ports["out"] == "o1"


FOLLOWER = f"""XMf1 fx r2 ft vss {N} W=10 L=1
XMf2 o2 o2 ft vss {N} W=10 L=1
XMf3 fx fx vdd vdd {P} W=4 L=1
XMf4 o2 fx vdd vdd {P} W=4 L=1
XMf5 ft b vss vss {N} W=4 L=1
"""


def test_the_output_of_a_follower_beside_is_no_bias(tmp_path: Path) -> None:
    """The gate and drain of a pair's transistor meet there, as in the diode of a bias."""
    draft = draft_of(deck(loop("a", "r1", "o1"), FOLLOWER), tmp_path)
    assert draft.kind.ports["out"] == "o1" and draft.kind.bias["o2"] == "open"
    assert draft.kind.bias["b"] == "source"
