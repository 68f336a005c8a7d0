"""A fingerprint of a cell changes with whatever changes in it, and with nothing else; the collector waits for work."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pya
import pytest

from eda_agent.klayout import fingerprint
from eda_agent.klayout.collector import Pause
from eda_agent.klayout.steps import finish

from .test_steps import large, placed


def of(cell: pya.Cell) -> int:
    return finish(fingerprint.taking(cell))


def first(cell: pya.Cell) -> pya.Instance:
    return next(iter(cell.each_inst()))


def moved(cell: pya.Cell) -> None:
    first(cell).transform(pya.Trans(5, 0))


def resized(cell: pya.Cell) -> None:
    first(cell).change_pcell_parameter("width", 3.21)


def renamed(cell: pya.Cell) -> None:
    first(cell).set_property("device", "other")


def deleted(cell: pya.Cell) -> None:
    first(cell).delete()


def wired(cell: pya.Cell) -> None:
    cell.shapes(cell.layout().layer(7, 0)).insert(pya.Box(0, 0, 100, 100))


def relabelled(cell: pya.Cell) -> None:
    layer = next(
        index for index in cell.layout().layer_indexes() if any(one.is_text() for one in cell.shapes(index).each())
    )
    shape = next(one for one in cell.shapes(layer).each() if one.is_text())
    shape.text = pya.Text("other", shape.text.trans)


@pytest.mark.parametrize("change", [moved, resized, renamed, deleted, wired, relabelled])
def test_every_change_is_seen(change: Callable[[pya.Cell], None]) -> None:
    _, cell = placed(large(12))
    cell.shapes(cell.layout().layer(7, 1)).insert(pya.Text("net", 0, 0))
    before = of(cell)
    assert of(cell) == before
    change(cell)
    assert of(cell) != before


def test_the_order_of_the_content_is_no_change() -> None:
    """As an undo leaves it."""
    _, cell = placed(large(12))
    before = of(cell)
    one = first(cell)
    kept = one.cell_inst
    properties = one.prop_id
    one.delete()
    assert of(cell) != before
    again = cell.insert(kept)
    again.prop_id = properties
    assert of(cell) == before


def test_no_full_search_runs_while_work_is_done() -> None:
    seen: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "stop":
            seen.append(info["generation"])

    before, pause = gc.get_threshold(), Pause()
    gc.callbacks.append(note)
    try:
        pause.begin()
        pause.begin()
        kept = [[[]] for _ in range(300_000)]
        assert 0 in seen and 2 not in seen and len(kept) == 300_000
        pause.end()
        assert gc.get_threshold() == before
        # what is left of the work is not searched again
        assert gc.get_freeze_count() > 300_000
        # the next full search may come again
        gc.collect()
        assert 2 in seen
    finally:
        gc.callbacks.remove(note)
        pause.end()
        gc.unfreeze()
