"""Speed without a freeze: what must not grow faster than the layout, against the slow ways that say the same."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pya
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.klayout import lvs, mos, place, planning, recognition, writeback
from eda_agent.klayout.boxes import Boxes
from eda_agent.klayout.steps import Pace, each
from eda_agent.klayout.table import devices, read_table


def large(count: int, scale: float = 1.0) -> dict[str, Any]:
    """So many transistors, as `export --devices` says them; many of different sizes, half of them on each rail."""
    rows = [
        {
            "name": f"x{number // 8}.m{number % 8}",
            "kind": ("pmos", "nmos")[number % 2],
            "w": (2e-6 + number % 50 * 0.1e-6) * scale,
            "l": 0.28e-6 + number % 7 * 0.02e-6,
            "nf": 2,
            "m": 1,
            "nets": [f"n{number}", f"n{number * 7 % count}", *[("vdd", "vss")[number % 2]] * 2],
            "block": None,
            "role": "",
        }
        for number in range(count)
    ]
    return {
        "name": "large",
        "pdk": "ptm45",
        "ports": ["vdd", "vss"],
        "devices": rows,
        "cards": [],
        "rails": ["vss", "vdd"],
        "others": [],
    }


def placed(found: dict[str, Any]) -> tuple[pya.Layout, pya.Cell]:
    mos.library()
    layout = pya.Layout()
    layout.dbu = 0.001
    return layout, place.place(layout, "large", devices(found), tuple(found["rails"]), read_table("demonstration"))


BOX = st.builds(lambda x, y, w, h: pya.Box(x, y, x + w, y + h), *[st.integers(0, 60)] * 2, *[st.integers(0, 30)] * 2)


@settings(max_examples=60, deadline=None)
@given(st.lists(BOX, max_size=12), st.lists(st.tuples(st.integers(0, 11), BOX), max_size=3))
def test_boxes_that_overlap_are_those_that_a_comparison_of_all_finds(
    boxes: list[pya.Box], moves: list[tuple[int, pya.Box]]
) -> None:
    index = Boxes(boxes)
    boxes = list(boxes)
    if boxes:
        for number, box in moves:
            index.move({number % len(boxes): box})
            boxes[number % len(boxes)] = box
    for number, box in enumerate(boxes):
        assert sorted(index.overlapping(number)) == [
            other
            for other, one in enumerate(boxes)
            if other != number
            and max(one.left, box.left) < min(one.right, box.right)
            and max(one.bottom, box.bottom) < min(one.top, box.top)
        ]
        assert sorted(index.touching(box)) == [other for other, one in enumerate(boxes) if one.touches(box)]


def test_labels_join_the_nets_that_klayout_joins() -> None:
    """`join_labelled` and KLayout's own `join_net_names`, also where one piece has two labels."""
    layout = pya.Layout()
    layout.dbu = 0.001
    top = layout.create_cell("top")
    metal, text, via = (layout.layer(number, 0) for number in (1, 2, 3))
    for number, labels in enumerate(("a", "b", "a", "c", "b c", "d", "", "d e", "e", "b")):
        top.shapes(metal).insert(pya.Box(number * 1000, 0, number * 1000 + 500, 500))
        top.shapes(via).insert(pya.Box(number * 1000, 0, number * 1000 + 50, 50))
        for label in labels.split():
            top.shapes(text).insert(pya.Text(label, pya.Trans(number * 1000 + 250, 250)))

    def nets(by_klayout: bool) -> list[tuple[str, int]]:
        found = pya.LayoutToNetlist(pya.RecursiveShapeIterator(layout, top, []))
        region, words = found.make_layer(metal, "metal"), found.make_text_layer(text, "text")
        found.connect(region)
        found.connect(region, words)
        if by_klayout:
            found.join_net_names("*")
        found.extract_netlist()
        circuit = next(iter(found.netlist().each_circuit()))
        if not by_klayout:
            recognition.join_labelled(circuit)
        return sorted(
            (str(net.name), found.shapes_of_net(net, region, True).count()) for net in circuit.each_net() if net.name
        )

    # a piece with two labels is neither net: a short is seen
    assert nets(False) == nets(True) == [("a", 2), ("b", 2), ("b,c", 1), ("c", 1), ("d", 1), ("d,e", 1), ("e", 1)]


def test_extraction_of_many_devices_takes_seconds() -> None:
    """400 transistors took 6 s, and 3,000 minutes."""
    layout, cell = placed(large(400))
    begun = time.process_time()
    found = lvs.check(layout, cell, large(400))
    assert found.devices_match and time.process_time() - begun < 3.0


def test_work_in_slices_is_the_same_work() -> None:
    """Driven in slices of no length at all, with the layout looked at in between."""
    layout, cell = placed(large(24))
    table = read_table("demonstration")
    plan = planning.plan(layout, cell, devices(large(24, 1.3)), table)
    assert len(plan.changes) == 24
    work = writeback.applying(plan)
    said = [next(work)]
    try:
        while True:
            assert not cell.bbox().empty()
            said.append(work.send(0.0))
    except StopIteration as end:
        assert end.value == 24
    assert len(said) > 30 and all(one.done < one.total == 24 for one in said)
    assert lvs.check(layout, cell, large(24, 1.3)).devices_match


def spin(seconds: float) -> None:
    """Use the processor that long."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@pytest.mark.parametrize("shown", [False, True])
def test_what_the_window_does_between_slices_does_not_shorten_them(shown: bool) -> None:
    """A window that is busy longer than a slice got one item done for each of its turns: 60 turns here."""
    done: list[int] = []
    work = each("items", range(60), lambda one: (spin(0.001), done.append(one)), shown=shown)
    turns = 0
    next(work)
    with contextlib.suppress(StopIteration):
        while True:
            spin(0.012)
            turns += 1
            work.send(0.01)
    assert done == list(range(60)) and turns < 15


def test_slices_last_half_as_long_as_the_window_works_between_them() -> None:
    pace = Pace(0.01)
    pace.ended()
    assert pace.length() == 0.01
    spin(0.06)
    assert 0.03 <= pace.length() < 0.05
    pace.ended()
    # waiting is no work
    time.sleep(0.03)
    assert pace.length() == 0.01
