"""A resistor as layout tools write it for a comparison: two ends, a substrate, its resistance and a model."""

from __future__ import annotations

from pathlib import Path

from .test_dialects_met import draft_of

DIVIDED = """* a divider behind a follower, as for LVS
.subckt half vdd vss in out
XM1 vdd in a vss sky130_fd_pr__nfet_01v8 W=10 L=1
R1 a out vss 12000.5 res_high_po
R2 out vss vss 24k res_high_po
.ends
"""


def test_its_resistance_counts_where_no_size_is_known(tmp_path: Path) -> None:
    draft = draft_of(DIVIDED, tmp_path)
    text = Path(draft.source).read_text()
    assert "R1 a out 12000.5\n" in text and "R2 out vss 24k\n" in text
    assert any("their resistance counts" in note for note in draft.changed)
