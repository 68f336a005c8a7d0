"""What a draft takes from the pulse of a deck's source."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.draft.conditions import common_mode_of

from .test_what_designers_bring import OTA, drafted


@pytest.mark.parametrize(
    ("source", "common"),
    [("PULSE(0.6 1.2 0 1n 1n 1u 2u)", 0.9), ("dc 0.8 pulse 0.6 1.2 0 1n", 0.8), ("sin(0.7 1m 1meg)", 0.7)],
)
def test_the_common_mode_is_the_middle_of_a_pulse(source: str, common: float, tmp_path: Path) -> None:
    # at one end of it the tail of the pair may be off
    deck = f"{OTA}Vdd vdd 0 1.8\nVin in 0 {source}\nXdut in fb out ib vdd 0 ota\n.tran 1n 4u\n.end\n"
    draft, _ = drafted(tmp_path, deck)
    text = (tmp_path / "spec.yaml").read_text()
    assert f"vcm: {common * 1e3:g}m" in text and common_mode_of(draft) == pytest.approx(common)
