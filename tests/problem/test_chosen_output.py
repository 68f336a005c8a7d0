"""The output of an amplifier that shows further driven nets: by the path of the signal, not by a well."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from eda_agent.problem.draft import ratios, read_circuit
from eda_agent.problem.draft.text import _word
from eda_agent.problem.line_edit import Edit
from tests.problem.test_hidden_output import written

FIRST = """M0 t ib vss vss nch W=4u L=1u
M9 ib ib vss vss nch W=4u L=1u
M1 d inn t vss nch W=8u L=1u
M2 n1 inp t vss nch W=8u L=1u
M3 d d vdd vdd pch W=8u L=1u
M4 n1 d vdd vdd pch W=8u L=1u
M5 drv n1 vdd vdd pch W=16u L=1u
M6 drv ib vss vss nch W=4u L=1u
"""
FOLLOWER = """M7 vss drv out out pch W=30u L=1u
M8 out n1 vdd vdd pch W=16u L=1u
M10 out ib vss vss nch W=4u L=1u
.ends
"""
THIRD = """M7 out drv vdd vdd pch W=30u L=1u
M8 out ib vss vss nch W=4u L=1u
.ends
"""


@pytest.mark.parametrize("stage", [FOLLOWER, THIRD])
@pytest.mark.parametrize("name", ["out", "vx"])
def test_the_signal_ends_on_the_output(tmp_path: Path, stage: str, name: str) -> None:
    text = f".subckt amp inp inn drv ib out vdd vss\n{FIRST}{stage}".replace("out", name)
    draft = read_circuit(written(tmp_path, text), tmp_path)
    assert draft.kind.name == "op-amp"
    assert draft.kind.ports["out"] == name
    # a source of the testbench would fight what drives it
    assert draft.kind.bias == {"drv": "open", "ib": "source"}
    assert any("whether" in doubt and "DRV" in doubt and "--port out=" in doubt for doubt in draft.kind.doubts)


def test_a_second_supply_is_still_held(tmp_path: Path) -> None:
    text = f".subckt amp inp inn drv ib vddo vdd vss\n{FIRST}M7 vss drv vddo vddo pch W=30u L=1u\n.ends\n"
    draft = read_circuit(written(tmp_path, text), tmp_path)
    assert draft.kind.bias["vddo"] == "high"


def test_names_with_brackets_are_quoted_in_ratios() -> None:
    """xschem's vectors, such as XMD[0]: YAML reads a bracket as a list."""
    leader, follower = Edit("c", "xm[1]", "w"), Edit("c", "xmd[0]", "w")
    rows = ratios.written(ratios.Ratios({follower: (leader, 1.0)}), {leader: "xm[1].w"}, {follower: "xmd[0].w"}, _word)
    assert yaml.safe_load(f"ratios: {{{', '.join(rows)}}}") == {"ratios": {"xmd[0].w": {"of": "xm[1].w", "ratio": 1}}}
