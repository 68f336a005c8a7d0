"""Folds and junctions against KLayout's extraction of what is drawn, and the rule's own laws."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from math import inf

import pya
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.klayout import mos, place, recognition
from eda_agent.klayout.fold import Diffusion, Rule, arrays, drawn_junctions, folded, junctions, rule_data, rule_of
from eda_agent.klayout.table import Device, read_table

WIDTHS = st.integers(84, 12_000).map(lambda steps: steps * 5e-9)
GROUPS = st.lists(
    st.tuples(WIDTHS, st.integers(1, 4), st.integers(1, 3), st.sampled_from([None, 0, 1])), min_size=1, max_size=5
)


def devices(rows: list[tuple[float, int, int, int | None]]) -> list[Device]:
    return [
        Device(f"m{number}", "nmos", w, 0.5e-6, nf, m, (f"d{number}", f"g{number}", f"s{number}", "b"), block)
        for number, (w, m, nf, block) in enumerate(rows)
    ]


def extracted(layout: pya.Layout, cell: pya.Cell) -> dict[str, list[float]]:
    """Net → area (m²) and perimeter (m) of the diffusions on it, finger by finger as the extractor finds them."""
    found: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    # a netlist lives as long as what extracted it
    database = recognition.extract(layout, cell, combine=False)
    for circuit in database.netlist().each_circuit():
        for device in circuit.each_device():
            for terminal, area, around in (("S", "AS", "PS"), ("D", "AD", "PD")):
                sums = found[device.net_for_terminal(terminal).name]
                sums[0] += device.parameter(area) * 1e-12
                sums[1] += device.parameter(around) * 1e-6
    return found


@settings(max_examples=25, deadline=None)
@given(GROUPS)
def test_junctions_are_those_that_are_extracted_from_the_drawing(
    rows: list[tuple[float, int, int, int | None]],
) -> None:
    mos.library()
    table = read_table("demonstration")
    assert table.diffusion is not None
    diffusion = Diffusion(**{name: value * table.unit for name, value in table.diffusion.items()})
    meant = folded(devices(rows), Rule())
    layout = pya.Layout()
    layout.dbu = 0.001
    found = extracted(layout, place.place(layout, "top", devices(rows), ("s0", "vdd"), table))
    for name, one in drawn_junctions(meant, diffusion).items():
        number = name[1:]
        assert found[f"d{number}"] == pytest.approx([one.ad, one.pd], rel=1e-4)
        assert found[f"s{number}"] == pytest.approx([one.as_, one.ps], rel=1e-4)


@given(GROUPS, st.sampled_from([5e-6, 10e-6, inf]), st.sampled_from([0.0, 5e-9, 10e-9]))
def test_a_fold_keeps_the_width_and_folding_twice_changes_nothing(
    rows: list[tuple[float, int, int, int | None]], widest: float, grid: float
) -> None:
    rule = Rule(widest, grid=grid)
    once = folded(devices(rows), rule)
    assert folded(once, rule) == once
    for before, after in zip(devices(rows), once, strict=True):
        assert after.width == pytest.approx(before.width, abs=grid / 2 * after.nf + 1e-15)
        assert after.nf == before.nf if before.nf > 1 else after.finger <= widest + grid
        if grid:
            assert after.finger / grid == pytest.approx(round(after.finger / grid), abs=1e-6)
        if after.nf > before.nf:
            assert after.finger >= rule.least
    # every finger is drawn exactly once
    counted: dict[str, int] = defaultdict(int)
    for unit in (unit for array in arrays(once) for unit in array if not unit.dummy):
        counted[unit.device.name] += unit.fingers
    assert counted == {device.name: device.fingers for device in once}
    assert rule_of(rule_data(rule)) == rule


def test_a_folded_drain_has_half_the_junction() -> None:
    """Two fingers share their drain: area and perimeter by hand."""
    alone, two = junctions(1, 4e-6, Diffusion(0.3e-6, 0.3e-6)), junctions(2, 2e-6, Diffusion(0.3e-6, 0.3e-6))
    assert (alone.ad, alone.pd) == pytest.approx((1.2e-12, 8.6e-6))
    assert (two.ad, two.pd) == pytest.approx((0.6e-12, 4.6e-6))
    assert (two.as_, two.ps) == pytest.approx((1.2e-12, 9.2e-6))


def test_the_rule_needs_nothing_but_the_standard_library() -> None:
    """The loop reads it without KLayout."""
    code = "import sys; sys.modules['pya'] = sys.modules['klayout'] = None; import eda_agent.klayout.fold"
    subprocess.run([sys.executable, "-c", code], check=True)
