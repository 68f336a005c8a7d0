"""The dock shows a run: specs, sizes, turns, the best-so-far curve and the log, with buttons for what the user may do to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pya

from .runner import MissingExecutable, Runner

COLOURS = {"✓": pya.QColor(0, 130, 60), "~": pya.QColor(190, 110, 0), "✗": pya.QColor(190, 30, 30), "·": pya.QColor(120, 120, 120)}
TICK = 100
"""Milliseconds between two drawings: events in between are drawn together."""


class Curve(pya.QWidget):
    """The best score after each turn, and each turn's own."""

    def __init__(self, parent: pya.QWidget | None = None):
        super().__init__(parent)
        self.best: list[float] = []
        self.scores: list[float] = []
        self.setMinimumHeight(120)

    def show_run(self, best: list[float], scores: list[float]) -> None:
        self.best, self.scores = best, scores
        self.update()

    def paintEvent(self, event: pya.QPaintEvent) -> None:
        painter = pya.QPainter(self)
        painter.setRenderHint(pya.QPainter.Antialiasing, True)
        left, top, width, height = 46, 8, self.width - 56, self.height - 30
        painter.setPen(pya.QPen(pya.QColor(150, 150, 150)))
        painter.drawRect(left, top, width, height)
        if len(self.best) > 1 and width > 0 and height > 0:
            low = min(self.best)
            high = max(self.best[-1], low + 1e-6)

            def point(number: int, value: float) -> pya.QPointF:
                x = left + width * number / (len(self.best) - 1)
                return pya.QPointF(x, top + height * (1 - (max(value, low) - low) / (high - low)))

            painter.setPen(pya.QPen(pya.QColor(150, 150, 150), 2.0))
            for number, value in enumerate(self.scores):
                if value >= low:
                    painter.drawPoint(point(number, value))
            painter.setPen(pya.QPen(pya.QColor(60, 110, 200), 2.0))
            for number in range(1, len(self.best)):
                # a step, not a slope: the best is what it was until a turn beats it
                corner = pya.QPointF(point(number, 0.0).x, point(number - 1, self.best[number - 1]).y)
                painter.drawLine(point(number - 1, self.best[number - 1]), corner)
                painter.drawLine(corner, point(number, self.best[number]))
            painter.setPen(pya.QPen(self.palette.color(pya.QPalette.WindowText)))
            painter.drawText(2, top + 10, f"{high:.3f}")
            painter.drawText(2, top + height, f"{low:.3f}")
            painter.drawText(left, top + height + 16, f"turn 0 … {len(self.best) - 1}")
        painter.end()


class Dock(pya.QDockWidget):
    """One run. `start` gives the arguments of `eda-agent` or None; `write_back` is called with the run's folder, `probe` with
    the parameters that were clicked."""

    def __init__(
        self,
        parent: pya.QWidget,
        title: str,
        start: Callable[[], list[str] | None],
        write_back: Callable[[str], None],
        tell_user: Callable[[str, str], None],
        probe: Callable[[Dock, set[str]], None],
    ):
        super().__init__(title, parent)
        self.setObjectName(title)
        self._start, self._write_back, self._tell_user, self._probe = start, write_back, tell_user, probe
        self.runner = Runner(self._changed, self._ended)
        self._dirty, self._turns = False, 0
        self.orders: list[dict[str, object]] = []
        """Given to a run as it starts: what was changed in the form."""
        body = pya.QWidget(self)
        layout = pya.QVBoxLayout(body)
        layout.setContentsMargins(4, 4, 4, 4)
        row = pya.QHBoxLayout()
        self.buttons: dict[str, pya.QPushButton] = {}
        for name, action in (
            ("start", self.start),
            ("pause", self.pause),
            ("accept", self.accept),
            ("stop", self.stop),
            ("resume", self.resume),
            ("write back", self.write_back),
        ):
            button = pya.QPushButton(name, body)
            button.clicked = lambda *_, action=action: action()
            row.addWidget(button)
            self.buttons[name] = button
        row.addStretch(1)
        layout.addLayout(row)
        self.line = pya.QLabel("no run", body)
        layout.addWidget(self.line)
        self.tabs = pya.QTabWidget(body)
        self.specs = _table(self.tabs, ["", "spec", "target", "worst value", "corner"])
        self.sizes = _table(self.tabs, ["size", "value", "range", "role"])
        self.turns = _table(self.tabs, ["turn", "score", "policy", "reasoning"])
        self.curve = Curve(self.tabs)
        self.log = pya.QPlainTextEdit(self.tabs)
        self.log.readOnly = True
        for widget, name in (
            (self.specs, "specs"),
            (self.sizes, "sizes"),
            (self.curve, "best so far"),
            (self.turns, "turns"),
            (self.log, "log"),
        ):
            self.tabs.addTab(widget, name)
        layout.addWidget(self.tabs)
        self.setWidget(body)
        self._quiet = False
        self.sizes.itemSelectionChanged = self._probed
        self.timer = pya.QTimer(self)
        self.timer.timeout = self._draw
        self.timer.start(TICK)
        self._enable()

    def start(self) -> None:
        arguments = self._start()
        if arguments is not None:
            self.run(arguments)
            for order in self.orders:
                self.runner.tell(**order)

    def run(self, arguments: list[str]) -> None:
        """Start `eda-agent` with these arguments and show what it does."""
        self._turns = 0
        self.turns.setRowCount(0)
        try:
            self.runner.start(arguments)
        except MissingExecutable as error:
            self._tell_user("eda-agent is missing", str(error))
        self._changed()

    def pause(self) -> None:
        self.runner.tell(do="resume" if self.runner.run.paused else "pause")

    def accept(self) -> None:
        """The first press asks for every proposal to be shown before it is simulated, the next ones accept."""
        if self.runner.run.review:
            self.runner.tell(do="accept")
        else:
            self.runner.tell(do="review", on=True)

    def stop(self) -> None:
        self.runner.tell(do="stop")

    def resume(self) -> None:
        """Go on with a run that was stopped or interrupted."""
        run = self.runner.run
        if run.folder and not self.runner.alive:
            self.run(["size", run.folder, "--resume", "--events"])

    def write_back(self) -> None:
        if self.runner.run.folder:
            self._write_back(self.runner.run.folder)

    def select(self, parameters: set[str]) -> None:
        """Mark the rows of these parameters, as the layout was clicked; the layout is not asked back."""
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

    def shut(self) -> None:
        """Before the window goes: the run is ended where it stands, and can be resumed."""
        self.timer.stop()
        self.runner.kill()

    def _changed(self) -> None:
        self._dirty = True

    def _ended(self, why: str) -> None:
        self._dirty = True
        if why:
            self.runner.run.log.append(why)
            self._tell_user("the run has ended", why)

    def _draw(self) -> None:
        if not self._dirty:
            return
        self._dirty = False
        run = self.runner.run
        warnings, run.warnings = run.warnings, []
        if warnings:
            self._tell_user("eda-agent", "\n".join(warnings))
        self.line.setText(run.status)
        _fill(self.specs, run.spec_rows())
        _fill(self.sizes, run.size_rows())
        new = run.turn_rows(self._turns) if len(run.turns) >= self._turns else run.turn_rows()
        if len(run.turns) < self._turns:
            self.turns.setRowCount(0)
        for cells in new:
            _append(self.turns, cells)
        if new:
            self.turns.scrollToBottom()
        self._turns = len(run.turns)
        self.curve.show_run(run.curve, [float(turn.get("score", 0.0)) for turn in run.turns])
        self.log.setPlainText("\n".join(run.log[-500:]))
        self._enable()

    def _enable(self) -> None:
        alive, run = self.runner.alive, self.runner.run
        self.buttons["start"].enabled = not alive
        self.buttons["pause"].enabled = alive
        self.buttons["pause"].setText("go on" if run.paused else "pause")
        self.buttons["accept"].enabled = alive
        self.buttons["accept"].setText("accept" if run.review else "review")
        self.buttons["stop"].enabled = alive
        self.buttons["resume"].enabled = not alive and bool(run.folder)
        self.buttons["write back"].enabled = bool(run.best)


def _table(parent: pya.QWidget, headings: list[str]) -> pya.QTableWidget:
    table = pya.QTableWidget(0, len(headings), parent)
    table.setHorizontalHeaderLabels(headings)
    table.setEditTriggers(pya.QAbstractItemView.NoEditTriggers)
    table.setSelectionBehavior(pya.QAbstractItemView.SelectRows)
    table.verticalHeader.hide()
    table.horizontalHeader.setStretchLastSection(True)
    table.verticalHeader.setDefaultSectionSize(22)
    if not headings[0]:
        table.setColumnWidth(0, 24)
    return table


def _fill(table: pya.QTableWidget, rows: Sequence[tuple[str, ...]]) -> None:
    """Cells that differ are written; what is the same is left alone."""
    if table.rowCount != len(rows):
        table.setRowCount(len(rows))
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            item = table.item(number, column)
            if item is None:
                item = pya.QTableWidgetItem()
                table.setItem(number, column, item)
            if item.text != text:
                item.setText(text)
        if row[0] in COLOURS:
            for column in range(len(row)):
                table.item(number, column).setForeground(pya.QBrush(COLOURS[row[0]]))


def _append(table: pya.QTableWidget, row: tuple[str, ...]) -> None:
    number = table.rowCount
    table.setRowCount(number + 1)
    for column, text in enumerate(row):
        table.setItem(number, column, pya.QTableWidgetItem(text))
