"""The open cell is the current cell of a view, or the only top cell of its layout."""

from __future__ import annotations

import pya

from . import compat

MOST = 5
"""Top cells that are named."""


def open_cell(view: pya.LayoutView | None, advice: str) -> pya.Cell:
    """The open cell, which becomes the view's current one. Raises ValueError without a layout, with `advice`, and where
    it is not clear which cell is meant.
    """
    if view is None or not int(compat.read(view, "cellviews")):
        raise ValueError(f"no layout is open\n\n{advice}")
    shown = view.active_cellview()
    if shown.cell is not None:
        return shown.cell
    tops = [cell for cell in shown.layout().top_cells() if not cell.is_proxy()]
    if len(tops) != 1:
        names = ", ".join(cell.name for cell in tops[:MOST]) or "none"
        raise ValueError(
            "the view has no current cell\n\nChoose a cell in the cell list and make it the top (Display > Show As New"
            f" Top). The layout's top cells: {names}"
        )
    shown.cell = tops[0]
    view.max_hier()
    return tops[0]
