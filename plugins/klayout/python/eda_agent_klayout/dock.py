"""The dock shows a run: specs, sizes, turns, the best-so-far curve and the log, with buttons for the user's
commands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pya

from . import budget, cells, compat, faults, fields
from .curve import Curve
from .elsewhere import Elsewhere
from .holder import Takeover, holder
from .review import Review
from .runner import Runner

VIEWER = (
    "KLayout is in viewer mode, in which PCells cannot be created or changed: start it with klayout -e, or enable"
    " editing mode in its setup"
)
OTHER = {"pause": ("pause", "go on"), "review": ("review", "end review")}
"""Texts of a button that has two."""
TICK = 100
"""Milliseconds between two drawings: events in between are drawn together."""


class Dock(pya.QDockWidget):
    """One run. `start`: arguments of `eda-agent`; `where`: its working folder, in which the run is created;
    `write_back` is called with the run's folder, `probe` with the clicked parameters, `changed` when a run begins or
    ends, `unused` when none could begin in a new dock.
    """

    def __init__(
        self,
        parent: pya.QWidget,
        title: str,
        start: Sequence[str],
        where: str,
        write_back: Callable[[str], None],
        probe: Callable[[Dock, set[str]], None],
        changed: Callable[[], None],
        unused: Callable[[Dock], None],
    ):
        super().__init__(title, parent)
        self.setObjectName(title)
        self._start, self._where = list(start), where
        self._write_back, self._probe, self._moved, self._unused = write_back, probe, changed, unused
        self.runner = Runner(self._changed, self._ended)
        self.takeover = Takeover(self, self._resume, self._changed)
        self.elsewhere = Elsewhere(self, self.runner, self._changed)
        self._dirty, self._turns, self._named = False, 0, ""
        self.used = False
        """Whether it has shown a run."""
        self.orders: list[dict[str, object]] = []
        """Commands sent to a run when it starts: the changes of the form."""
        body = pya.QWidget(self)
        layout = pya.QVBoxLayout(body)
        layout.setContentsMargins(4, 4, 4, 4)
        row = pya.QHBoxLayout()
        self.buttons: dict[str, pya.QPushButton] = {}
        for name, action in (
            ("start", self.start),
            ("pause", self.pause),
            ("review", self.toggle_review),
            ("stop", self.stop),
            ("resume", self.resume),
            ("write back", self.write_back),
        ):
            button = pya.QPushButton(name, body)
            button.clicked = faults.guarded(action)
            fields.keep_width(button, OTHER.get(name, (name,)))
            row.addWidget(button)
            self.buttons[name] = button
        row.addStretch(1)
        layout.addLayout(row)
        self.line = pya.QLabel("no run", body)
        fields.keep_height(self.line)
        layout.addWidget(self.line)
        self.place = pya.QLabel("", body)
        fields.keep_height(self.place)
        self.place.setTextInteractionFlags(pya.Qt.TextSelectableByMouse)
        layout.addWidget(self.place)
        self.tabs = pya.QTabWidget(body)
        self.specs = cells.table(self.tabs, ["", "spec", "target", "worst value", "corner"])
        self.sizes = cells.table(self.tabs, ["size", "value", "range", "role"])
        self.turns = cells.table(self.tabs, ["turn", "score", "policy", "reasoning"])
        self.curve = Curve(self.tabs)
        self.review = Review(self.tabs, self.elsewhere.tell)
        self.log = pya.QPlainTextEdit(self.tabs)
        self.log.readOnly = True
        for widget, name in (
            (self.specs, "specs"),
            (self.sizes, "sizes"),
            (self.curve, "best so far"),
            (self.review, "proposal"),
            (self.turns, "turns"),
            (self.log, "log"),
        ):
            self.tabs.addTab(widget, name)
        layout.addWidget(self.tabs)
        self.setWidget(body)
        self._quiet = False
        self.sizes.itemSelectionChanged = faults.guarded(self._probed)
        self.timer = pya.QTimer(self)
        self.timer.timeout = faults.guarded(self._draw, once=True)
        self.timer.start(TICK)
        self._enable()

    def starts(self, arguments: Sequence[str], where: str, orders: Sequence[dict[str, object]]) -> None:
        """Set what *start* begins."""
        self._start, self._where, self.orders = list(arguments), where, list(orders)

    def start(self) -> None:
        self.run(self._start)
        for order in self.orders:
            self.runner.tell(**order)

    def run(self, arguments: list[str]) -> None:
        """Start `eda-agent` with these arguments and show its progress. Raises `MissingExecutable`."""
        self._show_anew(lambda: self.runner.start(arguments, self._where))

    def _show_anew(self, begin: Callable[[], None]) -> None:
        self._turns = 0
        self.turns.setRowCount(0)
        try:
            begin()
        finally:
            self._changed()
            self._draw()

    def pause(self) -> None:
        self.elsewhere.tell(do="resume" if self.runner.run.paused else "pause")

    def toggle_review(self) -> None:
        """Switch the review of every proposal on or off."""
        self.elsewhere.tell(do="review", on=not self.runner.run.review)

    def stop(self) -> None:
        self.elsewhere.tell(do="stop")

    def resume(self) -> None:
        """Continue a run that was stopped or interrupted; one that still runs elsewhere is ended first, if the user
        agrees.
        """
        folder = self.runner.run.folder
        if not folder or self.runner.alive:
            return
        found = holder(folder)
        if found is None:
            more = self.runner.run.budget_spent
            if more:
                self._resume_with_more(more)
            else:
                self._resume()
        elif self.takeover.ask(found):
            self._dirty = True

    def _resume_with_more(self, spent: int) -> None:
        """Ask for a larger budget: without one, the run would end at once."""
        asked = compat.answered(pya.InputDialog.ask_string(*budget.question(spent), str(spent)))
        if asked is not None:
            self._resume(["--budget", str(budget.larger(spent, asked))])

    def _resume(self, more: Sequence[str] = ()) -> None:
        folder = self.runner.run.folder
        if folder and not self.runner.alive:
            self._show_anew(lambda: self.runner.resume(folder, self._where, more))

    def write_back(self) -> None:
        if self.runner.run.folder:
            self._write_back(self.runner.run.folder)

    @property
    def status(self) -> str:
        """The status of the run and of its process."""
        run = self.runner.run
        if self.takeover.words:
            return self.takeover.words
        if not run.started and self.runner.alive:
            return "starting …"
        if self.elsewhere.words:
            return f"{run.status} · {self.elsewhere.words}"
        return run.interrupted if run.started and not run.finished and not self.runner.alive else run.status

    def select(self, parameters: set[str]) -> None:
        """Mark the rows of these parameters after a click in the layout, without marking the layout again."""
        self._quiet = True
        self.sizes.clearSelection()
        self.sizes.setSelectionMode(pya.QAbstractItemView.MultiSelection)
        for row in range(self.sizes.rowCount):
            if self.sizes.item(row, 0).text in parameters:
                self.sizes.selectRow(row)
        self.sizes.setSelectionMode(pya.QAbstractItemView.ExtendedSelection)
        self._quiet = False

    def _probed(self, *_: object) -> None:
        if not self._quiet:
            rows = range(self.sizes.rowCount)
            self._probe(self, {self.sizes.item(row, 0).text for row in rows if self.sizes.item(row, 0).isSelected()})

    def _later(self, words: str) -> None:
        """Show a message after the drawing is done, because a message has its own event loop."""
        faults.later(lambda: faults.tell("eda-agent", words))

    def shut(self) -> None:
        """Stop the run before the window closes; it can be resumed."""
        self.timer.stop()
        self.takeover.forget()
        self.elsewhere.forget()
        self.runner.kill()

    def _changed(self) -> None:
        self._dirty = True
        self.used = self.used or bool(self.runner.run.folder)
        if self.runner.run.folder != self._named:
            self._named = self.runner.run.folder
            self._moved()

    def _ended(self, why: str) -> None:
        self._dirty = True
        self._draw()
        self._moved()
        if why:
            self.runner.run.log.append(why)
            faults.tell("the run has ended" if self.used else "the run could not begin", why)
        if not self.used and not self.orders:
            # changes of the form are kept for another start
            faults.later(lambda: self._unused(self))

    def _draw(self) -> None:
        if not self._dirty:
            return
        self._dirty = False
        run = self.runner.run
        if warnings := run.warnings:
            self._later("\n".join(warnings))
        run.warnings = []
        for label, text in ((self.line, self.status), (self.place, f"in {run.folder}" if run.folder else "")):
            label.setText(text)
            # a narrow dock cuts it
            label.setToolTip(text)
        cells.fill(self.specs, run.spec_rows())
        cells.fill(self.sizes, run.size_rows())
        new = run.turn_rows(self._turns) if len(run.turns) >= self._turns else run.turn_rows()
        if len(run.turns) < self._turns:
            self.turns.setRowCount(0)
        for texts in new:
            cells.append(self.turns, texts)
        if new:
            self.turns.scrollToBottom()
        self._turns = len(run.turns)
        self.curve.show_run(run.curve, [float(turn.get("score", 0.0)) for turn in run.turns])
        self.log.setPlainText("\n".join(run.log[-500:]))
        if self.review.show_run(run, self._steered):
            self.tabs.setCurrentWidget(self.review)
        self._enable()

    @property
    def _steered(self) -> bool:
        """Whether the run is active, here or elsewhere."""
        return self.runner.alive or bool(self.elsewhere.words)

    def _enable(self) -> None:
        alive, here, run = self._steered, self.runner.alive, self.runner.run
        self.buttons["start"].enabled = not here
        self.buttons["pause"].enabled = alive
        self.buttons["pause"].setText("go on" if run.paused else "pause")
        self.buttons["review"].enabled = alive
        self.buttons["review"].setText("end review" if run.review else "review")
        self.buttons["stop"].enabled = alive
        self.buttons["resume"].enabled = not here and bool(run.folder)
        self.buttons["write back"].enabled = bool(run.best) and compat.editable()
        self.buttons["write back"].setToolTip(
            VIEWER if not compat.editable() else "" if run.best else "no sizes yet: start or resume the run"
        )
