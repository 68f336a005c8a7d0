"""A small circuit to resume: the five-transistor OTA in one testbench and one corner, whose netlist includes a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..conftest import CIRCUITS

SPECS = """
  dc_gain:        {testbench: loop, unit: dB, minimum: 60}
  gbw:            {testbench: loop, unit: Hz, minimum: 90M}
  power:          {testbench: loop, unit: W, maximum: 120u}
"""


@pytest.fixture
def amp(tmp_path: Path) -> Path:
    folder = tmp_path / "amp"
    folder.mkdir()
    text = (CIRCUITS / "ota_5t" / "spec.yaml").read_text()
    head = text[: text.index("  step: {template")]
    (folder / "spec.yaml").write_text(
        f"{head}specs:{SPECS}corners:\n  nominal: {{process: tt, vdd: 3.3, temperature: 27}}\nbudget: {{simulations:"
        " 40}\n"
    )
    netlist = (CIRCUITS / "ota_5t" / "ota_5t.spice").read_text()
    (folder / "ota_5t.spice").write_text(netlist.replace(".subckt", ".include load.inc\n.subckt", 1))
    (folder / "load.inc").write_text("* a file that the netlist includes\n.param nothing=1\n")
    return folder
