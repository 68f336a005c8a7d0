"""The cells and single devices that stand beside the sized circuit have the models of the PDK too."""

from pathlib import Path

from benchmarks.beside_ngspice import library
from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.load import load_problem
from eda_agent.run.own_deck import try_own_deck

from .test_equal_to_ngspice import as_printed, printed

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
LIB = ".lib sky130.lib.spice tt"
DECK = f"""* a stage of one kind of transistor in front of a buffer with another, and a transistor as a load
{LIB}
.param wp=3
.subckt stage in out vdd vss
XM1 out in vss vss {N} W=5 L=0.5
RD vdd out 20k
.ends
.subckt buf in out vdd vss w=2
XM1 out in vss vss {N} W=0.42 L=0.15
XM2 out in vdd vdd {P} W={{w}} L=0.35
.ends
Vdd vdd 0 1.8
Vg g 0 0.75
Xs g mid vdd 0 stage
Xo mid o2 vdd 0 buf w={{wp}}
XMload o2 vdd 0 0 {N} W=1.3 L=8
.control
op
print v(mid) v(o2)
.endc
.end
"""


def test_the_cut_library_has_the_models_of_the_whole_deck(tmp_path: Path) -> None:
    (tmp_path / "tb.spice").write_text(DECK)
    draft = read_circuit(tmp_path / "tb.spice", tmp_path, "sky130A", "stage")
    assert draft.subckt == "stage"
    (tmp_path / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    found = try_own_deck(load_problem(tmp_path / "spec.yaml")).results["tb"]
    (tmp_path / "plain.spice").write_text(DECK.replace(LIB, library(DECK, [LIB])))
    theirs = printed(tmp_path / "plain.spice")
    assert len(theirs) == 2
    assert {name: as_printed(found[name][0], text) for name, text in theirs.items()} == theirs
