"""Netlists as designers of other repositories write them, in our own words: what the first look must not miss."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.draft import read_circuit
from eda_agent.problem.draft.conditions import held_of, supply_of
from eda_agent.problem.draft.flat import conditions_of
from tests.problem.test_hidden_output import written

FOLLOWER = """.subckt buf out in vdd vss vb
M1 x in t vss nch W=4u L=1u
M2 out out t vss nch W=4u L=1u
M3 x x vdd vdd pch W=8u L=1u
M4 out x vdd vdd pch W=8u L=1u
M5 t vb vss vss nch W=4u L=1u
.ends
"""


def test_a_pair_whose_output_is_a_gate_of_it_is_a_buffer(tmp_path: Path) -> None:
    draft = read_circuit(written(tmp_path, FOLLOWER), tmp_path)
    assert draft.kind.name == "buffer"
    assert (draft.kind.ports["in"], draft.kind.ports["out"]) == ("in", "out")
    assert draft.kind.bias["vb"] == "voltage"


def test_an_output_may_have_diodes_as_loads(tmp_path: Path) -> None:
    text = """.subckt gm vp vn vo ib vdd vss
M1 a vp t vdd pch W=8u L=1u
M2 b vn t vdd pch W=8u L=1u
M3 a a vss vss nch W=4u L=1u
M4 b b vss vss nch W=4u L=1u
M5 t ib vdd vdd pch W=8u L=1u
M6 ib ib vdd vdd pch W=8u L=1u
M7 c a vss vss nch W=4u L=1u
M8 c c vdd vdd pch W=8u L=1u
M9 d c vdd vdd pch W=8u L=1u
M10 vo vo d vdd pch W=8u L=1u
M11 vo vo e vss nch W=4u L=1u
M12 e b vss vss nch W=4u L=1u
.ends
"""
    draft = read_circuit(written(tmp_path, text), tmp_path)
    assert (draft.kind.name, draft.kind.ports["out"]) == ("op-amp", "vo")


@pytest.mark.parametrize("mirror", ["", "M6 n n vss vss nch W=2u L=1u\nM7 p n vss vss nch W=2u L=1u\n"])
def test_a_delay_cell_is_a_gate_with_a_bias(tmp_path: Path, mirror: str) -> None:
    text = f""".subckt cell in out vc vdd vss
M1 out in s vdd pch W=4u L=0.5u
M2 out in r vss nch W=2u L=0.5u
M3 s p vdd vdd pch W=4u L=1u
M4 r {"n" if mirror else "vc"} vss vss nch W=2u L=1u
M5 p p vdd vdd pch W=4u L=1u
M8 {"n" if mirror else "p"} vc {"vdd vdd pch" if mirror else "vss vss nch"} W=2u L=1u
{mirror}.ends
"""
    draft = read_circuit(written(tmp_path, text), tmp_path)
    assert (draft.kind.name, draft.kind.ports["in"], draft.kind.ports["out"]) == ("gate", "in", "out")
    assert draft.kind.bias["vc"] == "voltage"


MIRROR = """* a mirror as it is simulated
Vdd v_dd 0 2.5
Ibias v_dd g 20u
Vo o 0 0.6
M1 g g 0 0 nch W=1u L=2u
M2 o g 0 0 nch W=2u L=2u
.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05
.end
"""


def test_a_bias_from_the_supply_alone_keeps_its_value(tmp_path: Path) -> None:
    """Nothing but the bias source stands on the supply, so it is no port; its voltage and the current are known."""
    assert dict(conditions_of(MIRROR.splitlines()).amps) == {"g": pytest.approx(20e-6)}
    (tmp_path / "c.spice").write_text(MIRROR)
    draft = read_circuit(tmp_path / "c.spice", tmp_path)
    assert draft.kind.name == "current reference"
    assert supply_of(draft) == 2.5
    held = held_of(draft, "g", draft.kind.bias["g"])
    assert (held.kind, held.amount, held.guess) == ("current", "20u", "")


def test_a_current_out_of_the_circuit_into_the_supply_is_counted_so() -> None:
    """A source from a net to ground draws current out of it, one from a net to a held supply too."""
    for line in ("I1 a 0 3u", "I1 a vdd 3u"):
        assert conditions_of(["* t", "V1 vdd 0 1", line, "M1 a a vdd vdd p"]).amps == {"a": pytest.approx(-3e-6)}
