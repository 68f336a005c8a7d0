"""A draft's comparator is measured at an overdrive at which it switches."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.run.drafting import draft_spec
from tests.problem.test_clocked_comparators import MODELS, inverter

HYSTERESIS = MODELS + (
    """.subckt c inp inn out ib vdd vss
M1 a inp t vss nch W=4u L=1u
M2 b inn t vss nch W=4u L=1u
M3 a a vdd vdd pch W=4u L=1u
M4 b b vdd vdd pch W=4u L=1u
M5 b a vdd vdd pch W=WX L=1u
M6 a b vdd vdd pch W=WX L=1u
M7 o b vdd vdd pch W=4u L=1u
M8 n a vdd vdd pch W=4u L=1u
M9 n n vss vss nch W=2u L=1u
M10 o n vss vss nch W=2u L=1u
M11 t ib vss vss nch W=4u L=1u
M12 ib ib vss vss nch W=4u L=1u
"""
    + inverter("13", "o", "p")
    + inverter("14", "p", "out")
    + ".ends\n"
)


@pytest.mark.parametrize("wide", [False, True])
def test_an_overdrive_within_the_hysteresis_is_raised(wide: bool, tmp_path: Path) -> None:
    """A cross-coupled load stronger than the diodes by k has a hysteresis, a weaker one has none (Gregorian, 1999)."""
    path = tmp_path / "c.spice"
    path.write_text(HYSTERESIS.replace("WX", "12u" if wide else "2u"))
    found = draft_spec(path, pdk="own")
    assert found["kind"] == "comparator without clock"
    assert found["measured"]["propagation_delay"] is not None
    (drive,) = [guess["value"] for guess in found["guessed"] if guess["what"] == "overdrive"]
    assert drive == ("100 mV" if wide else "20 mV")
    assert any("does not switch with a smaller overdrive than 100mV" in said for said in found["noticed"]) is wide
