"""LVS of layouts that keep the fingers of an earlier size, against the schematic's widths."""

from __future__ import annotations

import pya
import pytest

from eda_agent.klayout import lvs, mos, place, planning, writeback
from eda_agent.klayout.drawn_fingers import as_drawn, counting
from eda_agent.klayout.steps import finish
from eda_agent.klayout.table import devices, read_table


def circuit(width: float) -> dict[str, object]:
    row = {"name": "xm6", "kind": "pmos", "w": width, "l": 0.31e-6, "nf": 1, "m": 4, "block": None}
    return {
        "name": "amp",
        "ports": ["out", "in", "vdd"],
        "others": [],
        "pdk": "",
        "devices": [{**row, "nets": ["out", "in", "vdd", "vdd"]}],
        "layout": {"widest": 10e-6, "narrowest": 1e-6, "grid": 5e-9, "table": "demonstration", "areas": "drawn"},
    }


@pytest.mark.parametrize("width", [26.26e-6, 26.267e-6, 33.333e-6, 12.34e-6])
def test_a_device_that_keeps_its_fingers_agrees(width: float) -> None:
    """47.4 um is six fingers. Of 26.267 um six are 4.38 um each on the grid and four would be 6.565 um: both are
    the schematic's width as it can be drawn, and 0.08 um of all apart.
    """
    mos.library()
    table = read_table("demonstration")
    layout = pya.Layout()
    layout.dbu = 0.001
    cell = place.place(layout, "amp", devices(circuit(47.4e-6)), ("vss", "vdd"), table)
    assert finish(counting(cell, table)) == {"xm6": 24}
    meant = circuit(width)
    writeback.apply(planning.plan(layout, cell, devices(meant), table))
    assert finish(counting(cell, table)) == {"xm6": 24}
    result = lvs.check(layout, cell, meant, table=table, name="demonstration")
    assert result.devices_match, result.differences
    # a width that is another by one step of every finger is a difference
    other = lvs.check(layout, cell, circuit(width + 6 * 10e-9), table=table, name="demonstration")
    assert not other.devices_match


def test_what_is_drawn_with_its_own_fold_stays() -> None:
    table = read_table("demonstration")
    once = as_drawn(circuit(26.267e-6), {}, table)
    assert once["devices"][0]["nf"] == 4 and once["devices"][0]["w"] == pytest.approx(26.26e-6)
    assert as_drawn(once, {"xm6": 16}, table) == once
