"""An unused PCell is a variant that no cell places any more. KLayout keeps it in the cell list until the layout is
written to a file; those that we made or replaced are removed.
"""

from __future__ import annotations

from collections.abc import Iterable

import pya

from .steps import Work, each


def removing(layout: pya.Layout, candidates: Iterable[int]) -> Work[None]:
    """Remove the unused ones of these cells, and the PCells that only they placed."""
    waiting = dict.fromkeys(candidates)
    while found := [index for index in waiting if _unused(layout, index)]:
        cells = [layout.cell(index) for index in found]
        waiting = dict.fromkeys(child for cell in cells for child in cell.each_child_cell())
        # a library drops each of its variants that nobody places, and would be walked for each
        libraries = {cell.library().name(): cell.library().layout() for cell in cells if cell.library() is not None}
        yield from each("unused PCells are removed", found, layout.delete_cell, layout, *libraries.values(), shown=True)


def _unused(layout: pya.Layout, index: int) -> bool:
    return layout.is_valid_cell_index(index) and layout.cell(index).is_proxy() and not layout.cell(index).parent_cells()
