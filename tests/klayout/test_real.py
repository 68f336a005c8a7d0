"""SKY130's own PCells, by mouse, where `real.py` finds the library: opened, sized, written back and checked."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.klayout import real
from tests.klayout.by_mouse import play, present
from tests.klayout.test_application import display, home

__all__ = ["display", "home"]
pytestmark = [
    pytest.mark.skipif(
        any(shutil.which(program) is None for program in ("klayout", "Xvfb", "xdotool")),
        reason="KLayout, Xvfb and xdotool are installed by make test",
    ),
    pytest.mark.skipif(
        real.place("sky130A") is None,
        reason=f"SKY130's PCells are in no package; {real.variable('sky130A')} names their folder",
    ),
    pytest.mark.xdist_group("klayout-window"),
]


def test_a_layout_of_skywater130_is_sized_written_back_and_checked(display: str, home: Path, tmp_path: Path) -> None:
    outcome = play(display, home, tmp_path, None, "sky130A", **real.environment("sky130A", home))
    there = present(outcome.netlist)
    assert "sky130_fd_pr__nfet_01v8" in outcome.netlist and there["XM5.w"] == 1.97 and there["XM7.m"] == 26
    assert outcome.stop == "met"
    assert re.search(r"^xm6 \| \d+ \| 7.9 → ", outcome.preview, re.MULTILINE)
    assert re.search(r"^cc \| 1 \| 22.86 → ", outcome.preview, re.MULTILINE)
    assert (
        outcome.report.startswith("LVS: the 8 transistors, 1 resistor and 1 capacitor agree")
        and "by the layers of sky130A" in outcome.report
    )
