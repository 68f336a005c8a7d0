"""Decks of other programs: a library below a variable, a sweep over a table."""

from pathlib import Path

from eda_agent.problem.draft import read_circuit, write_draft

DECK = """* a deck
.subckt stage in out vdd vss
{device}
R1 vdd out 10k
.ends
V1 vdd 0 1.8
V2 in 0 0.8 ac 1
X1 in out vdd 0 stage
{cards}
.meas ac gain find vm(out) at=10
.end
"""


def test_a_library_below_a_variable_names_the_pdk(tmp_path: Path) -> None:
    device = "XM1 out in vss vss sky130_fd_pr__nfet_01v8 W=2 L=0.5"
    cards = ".lib $::SKYWATER_MODELS/sky130.lib.spice ss\n.ac dec 5 1 1g"
    (tmp_path / "tb.spice").write_text(DECK.format(device=device, cards=cards))
    draft = read_circuit(tmp_path / "tb.spice", tmp_path)
    assert draft.pdk.name == "sky130A" and draft.process == "ss" and draft.own_bench is not None


def test_the_sweep_over_a_table_goes_with_the_table(tmp_path: Path) -> None:
    device = "M1 out in vss vss nch W=2u L=0.5u"
    cards = ".model nch nmos level=1\n.param cl=1p\n.data loads cl\n1p\n2p\n.enddata\n.ac dec 5 1 1g SWEEP data=loads"
    (tmp_path / "tb.sp").write_text(DECK.format(device=device, cards=cards))
    draft = read_circuit(tmp_path / "tb.sp", tmp_path)
    assert draft.own_bench is not None and [one.text for one in draft.own_bench.text.analyses] == [".ac dec 5 1 1g"]
    assert any("sweep of .ac was left out" in said for said in draft.changed)


def test_a_width_of_metres_is_said(tmp_path: Path) -> None:
    device = "M1 out in vss vss nch W=4 L=0.5u"
    (tmp_path / "tb.sp").write_text(DECK.format(device=device, cards=".model nch nmos level=1\n.ac dec 5 1 1g"))
    draft = read_circuit(tmp_path / "tb.sp", tmp_path)
    write_draft(draft, draft.source.name)
    assert any(said.startswith("M1.w is 4 m,") and "write 4u" in said for said in draft.noticed), draft.noticed
