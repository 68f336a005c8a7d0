"""Writing a run into the open cell: the changes are shown, then made in one transaction with LVS, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pya

from . import compat, library, lvs, mos, title, writeback
from .fold import not_simulated, rule_of
from .preview import Preview, Report
from .table import Table, devices, read_table

DEMONSTRATION = "demonstration"
MARKERS = "eda-agent write-back"
TRANSACTION = "eda-agent: write sizes back"
NO_LAYOUT = "no layout is open\n\nOpen the layout whose PCells get the sizes, or use 'Place a sized circuit'"


@dataclass(frozen=True)
class Task:
    """`found`: the output of `eda-agent export RUN --devices`; `table`: name of the table of PCells."""

    found: Mapping[str, Any]
    view: pya.LayoutView
    cell: pya.Cell
    table: str

    @property
    def layout(self) -> pya.Layout:
        return self.cell.layout()

    @property
    def rules(self) -> Table:
        return library.present(read_table(self.table))

    @property
    def gone(self) -> bool:
        return bool(self.view._destroyed() or self.cell._destroyed())

    def plan(self) -> writeback.Plan:
        """The plan. Raises ValueError if the cell holds another circuit."""
        places = databases(self.view)
        found = devices(dict(self.found))
        writeback.refuse_another(self.cell, found, self.rules, places, str(self.found["name"]))
        rule = rule_of(self.found["layout"]) if self.found.get("layout") else None
        return writeback.plan(self.layout, self.cell, found, self.rules, places, rule)


class Writing:
    """The write-backs of one window. `tell` shows a message."""

    def __init__(self, window: pya.MainWindow, tell: Callable[[str, str], None]):
        self.window, self._tell = window, tell
        self.preview: Preview | None = None
        self.report = Report(window)
        self._count, self._last = 0, ""

    def open_task(self, found: Mapping[str, Any], table: str) -> Task:
        """A task on the active cell; `table` is for a cell that names none. Raises ValueError without a cell."""
        view = self.window.current_view()
        if view is None or not view.active_cellview().is_valid() or view.active_cellview().cell is None:
            raise ValueError(NO_LAYOUT)
        cell = view.active_cellview().cell
        kept = title.find(cell)
        return Task(found, view, cell, str(kept["table"]) if kept is not None else table)

    def look(self, task: Task) -> None:
        """Show the changes as markers and in a preview with Apply and Discard."""
        self._drop()
        plan = task.plan()
        if not plan.changes:
            self._tell("nothing to write back", lines(plan) or "Every device already has the sizes of the run.")
            return
        number = task.view.create_rdb(MARKERS)
        writeback.report(plan, task.cell, task.layout, task.view.rdb(number))
        task.view.show_rdb(number, compat.active_cellview(task.view))
        browser = _front("Marker")
        self.preview = Preview(
            self.window,
            f"Write {task.found['name']} into {task.cell.name}?",
            lines(plan),
            lambda: self._apply(task, plan),
            lambda: _unmark(task),
        )
        self.preview.show()
        if browser is not None:
            # side by side, because both must be read
            box = self.window.frameGeometry
            self.preview.move(box.left + 40, box.top + 90)
            browser.move(box.left + 60 + self.preview.width, box.top + 90)
        self.preview.qt_raise()

    def _apply(self, task: Task, shown: writeback.Plan) -> None:
        if task.gone:
            raise ValueError(
                "the layout was closed since the preview; nothing was changed\n\nOpen it, and write back again"
            )
        if lines(task.plan()) != lines(shown):
            self.look(task)
            raise ValueError("the layout has changed since the preview; nothing was written\n\nCheck the new preview")
        result = self.write(task, shown)
        _unmark(task)
        if result is None:
            self.window.message("eda-agent: the sizes are written; no LVS is available for these PCells", 10000)
        else:
            self.show_check(task, result)

    def write(self, task: Task, plan: writeback.Plan) -> lvs.Result | None:
        """Change the cell in one transaction and compare it; an error leaves the layout unchanged."""
        # everything that can be refused is checked before any change
        reference = schematic(task)
        self._count += 1
        name = f"{TRANSACTION} ({self._count})"
        task.view.transaction(name)
        try:
            try:
                writeback.apply(plan)
                title.put(task.cell, task.found, task.table, mos.LIBRARY)
            finally:
                task.view.commit()
            result = None if reference is None else self.check(task, reference)
        except Exception:
            if self._on_top() == name:
                self.window.call_menu("cm_undo")
            raise
        self._last = name
        return result

    def check(self, task: Task, meant: pya.Netlist) -> lvs.Result:
        """LVS of the cell of a task."""
        return lvs.check(task.layout, task.cell, task.found, meant, task.rules, task.table)

    def show_check(self, task: Task, result: lvs.Result) -> None:
        number = task.view.add_lvsdb(result.database)
        self.window.message(result.headline, 60000)
        if not result.devices_match:
            task.view.show_lvsdb(number, compat.active_cellview(task.view))
        self.report.say(
            result.headline,
            [
                *result.differences[:20],
                *([""] if result.differences else []),
                *result.lines,
                *not_simulated(task.found, task.table),
            ],
        )

    def undo(self) -> None:
        """Undo exactly the last write-back. Raises ValueError if the layout was changed since."""
        top = self._on_top()
        if not self._last:
            raise ValueError("nothing was written back in this window")
        if top != self._last:
            done = f"the last change is '{top}'" if top else "it has been undone already"
            raise ValueError(
                f"the write-back is not the last change: {done}\n\nEdit > Undo reverts one change after the other"
            )
        self.window.call_menu("cm_undo")
        self._last = ""

    def _on_top(self) -> str:
        manager = self.window.manager()
        return str(manager.transaction_for_undo()) if manager.has_undo() else ""

    def _drop(self) -> None:
        if self.preview is not None and not self.preview._destroyed() and self.preview.isVisible():
            self.preview.reject()
        self.preview = None


def schematic(task: Task) -> pya.Netlist | None:
    """The reference of a run's layout; None for PCells with unknown layers."""
    return lvs.reference(task.found) if task.table == DEMONSTRATION or task.rules.layers else None


def databases(view: pya.LayoutView) -> dict[str, list[pya.DPoint]]:
    """The places of the schematic's devices from the newest LVS database of a view; empty without one."""
    found = [view.lvsdb(number) for number in range(view.num_l2ndbs() - 1, -1, -1)]
    return next((lvs.places(database) for database in found if database is not None), {})


def lines(plan: writeback.Plan) -> str:
    """A plan for people."""
    rows = [f"{change.device}: {writeback.sizes(change)}" for change in plan.changes]
    for names, text in ((plan.missing, "not in the layout"), (plan.foreign, "not in the schematic")):
        if names:
            rows.append(f"{text}: {', '.join(names)}")
    return "\n".join([*rows, *(text for text, _ in plan.conflicts), *plan.remarks])


def _unmark(task: Task) -> None:
    """Remove the markers of a preview."""
    if not task.gone:
        for number in reversed(range(task.view.num_rdbs())):
            if str(compat.read(task.view.rdb(number), "name")).startswith(MARKERS):
                task.view.remove_rdb(number)


def _front(words: str) -> pya.QWidget | None:
    """KLayout's browser of that name, raised: it opens behind the main window."""
    for widget in pya.QApplication.topLevelWidgets():
        if widget.isVisible() and words in str(widget.windowTitle) and not isinstance(widget, pya.MainWindow):
            widget.qt_raise()
            widget.activateWindow()
            return widget
    return None


def beside(view: pya.LayoutView | None) -> str:
    """The folder of the open layout's file, "" for one that was never saved."""
    name = str(view.active_cellview().filename()) if view is not None and view.active_cellview().is_valid() else ""
    return str(Path(name).parent) if name else ""
