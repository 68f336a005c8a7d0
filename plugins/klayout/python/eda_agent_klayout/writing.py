"""Writing a run into the open cell: the changes are shown, then made in one transaction with LVS, or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pya

from . import compat, fingerprint, library, lvs, mos, passives, planning, same_circuit, standing, title, writeback
from .changes import Rows, rows
from .checking import Checked, checking, read
from .fold import not_simulated, rule_of
from .markers import Markers
from .open_cell import open_cell
from .plan import Plan, sizes, unchanged
from .preview import Preview, Report
from .slices import Slices
from .steps import Progress, Work
from .table import Table, devices, read_table
from .transactions import drop_redo, joined
from .wording import counted, cut

DEMONSTRATION = "demonstration"
TRANSACTION = "eda-agent: write sizes back"
OPEN_ONE = "Open the layout whose PCells get the sizes, or use 'Place a sized circuit'"
OWN = "eda-agent: "
"""The description of our LVS databases begins with it."""


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

    def planning(self) -> Work[Plan]:
        """The plan. Raises ValueError if the cell holds another circuit."""
        places = databases(self.view)
        found = devices(dict(self.found))
        passive = passives.passives(self.found, self.rules)
        name, ports = str(self.found["name"]), self.found["ports"]
        yield from same_circuit.refusing(self.cell, found, self.rules, places, name, passive, ports)
        rule = rule_of(self.found["layout"], self.rules) if self.found.get("layout") else None
        plan = yield from planning.planning(self.layout, self.cell, found, self.rules, places, rule, passive)
        plan.stored = yield from title.comparing(self.cell, self.found, self.rules)
        return plan

    def checking(self, folder: Path) -> Work[Checked | None]:
        """LVS of the cell; None for PCells with unknown layers. A large database is left in the folder."""
        rules = self.rules
        if self.table != DEMONSTRATION and not rules.layers:
            return None
        return (yield from checking(self.cell, self.found, rules, self.table, folder))


@dataclass(frozen=True)
class Proposal:
    """What is shown before a write-back: a plan with its rows and markers (None where nothing changes). `seen`: the
    cell's fingerprint when it was planned.
    """

    task: Task
    plan: Plan
    rows: Rows
    seen: int
    markers: Markers | None


def _proposing(task: Task, plan: Plan) -> Work[Proposal]:
    """The proposal of a plan, its markers shown."""
    if plan.nothing:
        return Proposal(task, plan, rows((), task.rules), 0, None)
    seen = yield from fingerprint.taking(task.cell)
    found = rows(plan.changes, task.rules)
    markers = Markers(task.view, task.cell, lambda: task.gone)
    yield from markers.showing(plan)
    return Proposal(task, plan, found, seen, markers)


class Writing:
    """The write-backs of one window, driven by `slices`. `tell` shows a message."""

    def __init__(self, window: pya.MainWindow, slices: Slices, tell: Callable[[str, str], None]):
        self.window, self._slices, self._tell = window, slices, tell
        self.preview: Preview | None = None
        self.report = Report(window)
        self._kept = tempfile.TemporaryDirectory(prefix="eda-agent-")
        self._made: list[str] = []

    @property
    def folder(self) -> Path:
        """For databases that are read later."""
        return Path(self._kept.name)

    def open_task(self, found: Mapping[str, Any], table: str) -> Task:
        """A task on the active cell; `table` is for a cell that names none. Raises ValueError without a cell."""
        view = self.window.current_view()
        cell = open_cell(view, OPEN_ONE)
        kept = title.find(cell)
        return Task(found, view, cell, str(kept["table"]) if kept is not None else table)

    def begin(self, reading: Work[Mapping[str, Any]], table: str) -> None:
        """Read a run, and show what it would change in the active cell."""

        def work() -> Work[Proposal]:
            task = self.open_task((yield from reading), table)
            plan = yield from task.planning()
            return (yield from _proposing(task, plan))

        self._drop()
        self._slices.run("Write sizes back", work(), self._show)

    def _show(self, proposal: Proposal) -> None:
        """Show the changes as markers and in a preview with Apply and Discard."""
        task, plan = proposal.task, proposal.plan
        if proposal.markers is None:
            self._tell("nothing to write back", unchanged(plan, notes(plan)))
            return
        markers = proposal.markers
        browser = markers.front()

        def discard() -> None:
            self.preview = None
            markers.remove()

        self.preview = Preview(
            self.window,
            f"Write {task.found['name']} into {task.cell.name}?",
            proposal.rows,
            notes(plan),
            lambda: self._apply(proposal),
            discard,
            standing.lines(task.found),
        )
        self.preview.show()
        if browser is not None:
            # side by side, because both must be read
            box = self.window.frameGeometry
            self.preview.move(box.left + 40, box.top + 90)
            browser.move(box.left + 60 + self.preview.width, box.top + 90)
        self.preview.qt_raise()

    def _apply(self, shown: Proposal) -> None:
        task, self.preview = shown.task, None
        if shown.markers is not None:
            shown.markers.remove()
        if task.gone:
            raise ValueError(
                "the layout was closed since the preview; nothing was changed\n\nOpen it, and write back again"
            )

        def work() -> Work[tuple[Proposal | None, Checked | None]]:
            plan = shown.plan
            if (yield from fingerprint.taking(task.cell)) != shown.seen or not plan.valid:
                plan = yield from task.planning()
                if lines(plan) != lines(shown.plan):
                    return (yield from _proposing(task, plan)), None
            return None, (yield from self._writing(task, plan))

        def done(found: tuple[Proposal | None, Checked | None]) -> None:
            other, checked = found
            if other is not None:
                self._show(other)
                raise ValueError(
                    "the layout has changed since the preview; nothing was written\n\nCheck the new preview"
                )
            if checked is None:
                self.window.message("eda-agent: the sizes are written; no LVS is available for these PCells", 10000)
            else:
                self.show_check(task, checked, shown.plan.reasons)

        self._slices.run("Write sizes back", work(), done)

    def _writing(self, task: Task, plan: Plan) -> Work[Checked | None]:
        """Change the cell in one transaction and compare it; an error or a cancellation leaves the layout unchanged."""
        name = f"{TRANSACTION} ({len(self._made) + 1})"

        def change() -> Work[None]:
            yield from writeback.changing(plan)
            yield Progress("the circuit is stored")
            title.put(task.cell, task.found, task.table, mos.LIBRARY)

        yield from writeback.drawing_ahead(plan)
        try:
            yield from joined(self.window.manager(), name, change())
            result = yield from task.checking(self.folder)
        except BaseException:
            if self._on_top() == name:
                self.window.call_menu("cm_undo")
                drop_redo(self.window.manager())
            raise
        self._made.append(name)
        return result

    def show_check(self, task: Task, checked: Checked, reasons: Sequence[str] = ()) -> None:
        """The result as text, with the netlist browser where devices differ, and then the reasons."""
        result = checked.result

        def add(database: pya.LayoutVsSchematic) -> int:
            database.description = f"{OWN}LVS of {task.cell.name}"
            return int(task.view.add_lvsdb(database))

        def browse() -> None:
            if task.gone:
                raise ValueError("the layout was closed since the check")
            if not numbers and checked.database is not None:
                numbers.append(add(read(checked.database)))
            task.view.show_lvsdb(numbers[0], compat.active_cellview(task.view))

        numbers = [add(result.database)] if result.database is not None else []
        self.window.message(result.headline, 60000)
        if not result.devices_match and numbers:
            browse()
        self.report.say(
            result.headline,
            [
                *([*reasons, ""] if reasons and not result.devices_match else []),
                *cut(result.differences),
                *([""] if result.differences else []),
                *standing.lines(task.found),
                *result.lines,
                *not_simulated(task.found, task.table),
            ],
            browse,
        )

    def undo(self) -> None:
        """Undo exactly the last write-back. Raises ValueError if that is not the last change."""
        top = self._on_top()
        if top in self._made:
            # its name is kept: after Edit > Redo it can be undone again
            self.window.call_menu("cm_undo")
            return
        if not self._made:
            raise ValueError("nothing was written back in this window")
        manager = self.window.manager()
        if manager.has_redo() and str(manager.transaction_for_redo()) in self._made:
            raise ValueError("the last write-back has been undone already\n\nEdit > Redo writes it again")
        if not top:
            raise ValueError("there is no write-back to undo: it was undone, or KLayout keeps it no longer")
        raise ValueError(
            f"the last change is '{top}', not a write-back\n\nEdit > Undo reverts one change after the other"
        )

    def _on_top(self) -> str:
        manager = self.window.manager()
        return str(manager.transaction_for_undo()) if manager.has_undo() else ""

    def _drop(self) -> None:
        if self.preview is not None and not self.preview._destroyed() and self.preview.isVisible():
            self.preview.reject()
        self.preview = None


def databases(view: pya.LayoutView) -> dict[str, list[pya.DPoint]]:
    """The places of the schematic's devices from the newest LVS database of a view; empty without one."""
    found = [view.lvsdb(number) for number in range(view.num_l2ndbs() - 1, -1, -1)]
    return next((lvs.places(database) for database in found if database is not None), {})


def lines(plan: Plan) -> str:
    """A plan, PCell by PCell: two plans with the same lines change the same."""
    changed = [f"{change.device}: {sizes(change)}" for change in plan.changes]
    return "\n".join([*changed, notes(plan)])


def notes(plan: Plan) -> str:
    """What a plan does not change, and what stands against it."""
    conflicts = counted(text for text, _ in plan.conflicts)
    return "\n".join([*plan.strangers, *plan.stored, *conflicts, *plan.left, *plan.remarks])


def beside(view: pya.LayoutView | None) -> str:
    """The folder of the open layout's file, "" for one that was never saved."""
    name = str(view.active_cellview().filename()) if view is not None and view.active_cellview().is_valid() else ""
    return str(Path(name).parent) if name else ""
