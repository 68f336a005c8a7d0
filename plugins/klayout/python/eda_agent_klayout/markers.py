"""Markers show in the layout what a write-back would change, and list it in KLayout's marker browser."""

from __future__ import annotations

from collections.abc import Callable

import pya

from . import compat
from .plan import Plan, sizes
from .steps import Progress, Work, each

NAME = "eda-agent write-back"
"""Of the database of markers."""
BROWSER = "Marker"
"""In the title of KLayout's marker browser."""


class Markers:
    """The markers of one plan in one view; `gone`: whether the view or its cell was closed."""

    def __init__(self, view: pya.LayoutView, cell: pya.Cell, gone: Callable[[], bool]):
        self.view, self.cell, self._gone = view, cell, gone
        self._was_open = browser(BROWSER) is not None
        self._browser: pya.QWidget | None = None

    def showing(self, plan: Plan) -> Work[None]:
        """Make the markers and open the browser. Cancelled, they are removed."""
        number = self.view.create_rdb(NAME)
        try:
            yield from reporting(plan, self.cell, self.view.rdb(number))
            yield Progress("markers are shown")
            self.view.show_rdb(number, compat.active_cellview(self.view))
            yield Progress("markers are shown")
        except BaseException:
            self.remove()
            raise

    def front(self) -> pya.QWidget | None:
        """The browser, raised: it opens behind the main window."""
        self._browser = browser(BROWSER)
        if self._browser is not None:
            self._browser.qt_raise()
            self._browser.activateWindow()
        return self._browser

    def remove(self) -> None:
        """Remove the markers, and close the browser if they opened it: it would stay open and empty."""
        if not self._gone():
            for number in reversed(range(self.view.num_rdbs())):
                if str(compat.read(self.view.rdb(number), "name")).startswith(NAME):
                    self.view.remove_rdb(number)
        shown = self._browser
        if shown is not None and not self._was_open and not shown._destroyed():
            shown.close()


def reporting(found: Plan, cell: pya.Cell, result: pya.ReportDatabase) -> Work[None]:
    """The plan as markers in a database."""
    result.top_cell_name = cell.name
    shown = result.create_cell(cell.name)
    dbu = cell.layout().dbu
    kinds = {
        "changes": [(f"{change.device}: {sizes(change)}", change.grown) for change in found.changes],
        "conflicts": found.conflicts,
    }
    for name, rows in kinds.items():
        category = result.create_category(name).rdb_id()

        def add(row: tuple[str, pya.Box], category: int = category) -> None:
            text, box = row
            item = result.create_item(shown.rdb_id(), category)
            item.add_value(text)
            item.add_value(pya.DPolygon(box.to_dtype(dbu)))

        yield from each("markers are made", rows, add)


def browser(words: str) -> pya.QWidget | None:
    """KLayout's open browser of that name."""
    for widget in pya.QApplication.topLevelWidgets():
        if widget.isVisible() and words in str(widget.windowTitle) and not isinstance(widget, pya.MainWindow):
            return widget
    return None
