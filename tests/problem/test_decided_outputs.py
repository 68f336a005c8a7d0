"""What a latch has decided is read behind it: through a second latch of gates, with a clock behind inverters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eda_agent.problem.draft.port_names import named

from .test_clocked_comparators import MODELS, inverter
from .test_dialects_met import draft_of


def nor(name: str, one: str, other: str, out: str) -> str:
    return (
        f"MP{name}1 {name}x {one} vdd vdd pch W=4u L=0.5u\nMP{name}2 {out} {other} {name}x vdd pch W=4u L=0.5u\n"
        f"MN{name}1 {out} {one} vss vss nch W=2u L=0.5u\nMN{name}2 {out} {other} vss vss nch W=2u L=0.5u\n"
    )


STRONG_ARM = """M0 tail ck vss vss nch W=4u L=0.5u
MR tail ck vdd vdd pch W=1u L=0.5u
M1 d1 inp tail vss nch W=8u L=0.5u
M2 d2 inn tail vss nch W=8u L=0.5u
M3 x y d1 vss nch W=8u L=0.5u
M4 y x d2 vss nch W=8u L=0.5u
M5 x y vdd vdd pch W=8u L=0.5u
M6 y x vdd vdd pch W=8u L=0.5u
M7 x ck vdd vdd pch W=2u L=0.5u
M8 y ck vdd vdd pch W=2u L=0.5u
"""


def netlist(swapped: bool) -> str:
    """A latch, inverters, and a latch of NORs; swapped: its two outputs have each other's name."""
    behind = inverter("a", "x", "xb") + inverter("b", "y", "yb") + nor("c", "yb", "q", "qn") + nor("d", "xb", "qn", "q")
    if swapped:
        behind = re.sub(r"\bqn?\b", lambda found: {"q": "qn", "qn": "q"}[found[0]], behind)
    ready = nor("e", "xb", "yb", "busy")
    clock = inverter("k1", "clk", "ckn") + inverter("k2", "ckn", "ck")
    return f"{MODELS}.subckt c clk inp inn q qn busy vdd vss\n{STRONG_ARM}{behind}{ready}{clock}.ends\n"


@pytest.mark.parametrize("swapped", [False, True])
def test_the_output_that_follows_an_input_is_told_through_two_latches(swapped: bool, tmp_path: Path) -> None:
    """With inp above inn, x falls first, xb rises and resets q: truth from the tables of the gates."""
    draft = draft_of(netlist(swapped), tmp_path)
    assert draft.kind.name == "comparator"
    ports = draft.kind.ports
    assert (ports["inp"], ports["inn"], ports["clk"]) == ("inp", "inn", "clk")
    assert (ports["outp"], ports["outn"]) == (("q", "qn") if swapped else ("qn", "q"))
    assert draft.kind.bias == {"busy": "open"}


def test_names_tell_which_input_is_which(tmp_path: Path) -> None:
    """Both sides are alike, so that no line says that a name is wrong."""
    text = (
        netlist(False)
        .replace("inp inn q qn", "in_n in_p q qn")
        .replace("d1 inp", "d1 in_n")
        .replace("d2 inn", "d2 in_p")
    )
    draft = draft_of(text, tmp_path)
    assert (draft.kind.ports["inp"], draft.kind.ports["inn"]) == ("in_p", "in_n")
    assert not any("inverts" in said or "does not invert" in said for said in draft.noticed)


def test_the_word_output_is_no_positive_output() -> None:
    """`OUTPUT_N` begins as `OUTP` does."""
    assert [port for port in ("output", "OUTPUT_N", "outp", "OUTPUT_P", "vout_p1") if named("outp", port)] == [
        "outp",
        "OUTPUT_P",
        "vout_p1",
    ]
    assert named("outn", "OUTPUT_N") and not named("outn", "output")
