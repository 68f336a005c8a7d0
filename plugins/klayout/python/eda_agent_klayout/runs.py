"""The runs of a window: a dock and an entry in the View menu for each, and what happens to active runs when KLayout
quits.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pya

from . import compat, faults
from .again import begun_anew
from .dock import Dock
from .runner import executable
from .wording import question

MENU = "view_menu.eda_agent"
FOLDER = "eda-agent-runs"
"""In KLayout's home: a file for each KLayout with runs, from which the next one finds the runs of a killed one."""
LONGEST_STOP = 20.0
"""Seconds in which runs may end before they are killed."""
STAYS = 300
"""Milliseconds after the answer, and after KLayout's own questions, when KLayout is taken to stay."""
STOPPED = "user"
"""Why such a run ended, in its journal."""
STOP, GO_ON, CANCEL = "Stop them", "Continue them without KLayout", "Do not quit"


class Runs:
    """`write_back` and `probe` are those of the docks."""

    def __init__(
        self, window: pya.MainWindow, write_back: Callable[[str], None], probe: Callable[[Dock, set[str]], None]
    ):
        self.window, self._write_back, self._probe = window, write_back, probe
        self.docks: list[Dock] = []
        self._asking, self._answer_given = False, STOP
        # KLayout may close its window twice for one quit; the answer holds until it is clear that it stays
        self._staying = pya.QTimer(window)
        self._staying.timeout = faults.guarded(self._stays)
        self._actions: list[pya.Action] = []
        self._entries: dict[str, str] = {}
        """Title of a dock → its entry in the menu."""
        self._file = compat.home() / FOLDER / f"{os.getpid()}.json"
        window.menu().insert_menu("view_menu.end", "eda_agent", "eda-agent Runs")

    def add(self, title: str, start: Sequence[str], where: str) -> Dock:
        """A new dock in front of the others. A title that is taken gets a number."""
        taken = {str(dock.windowTitle) for dock in self.docks}
        name = next(
            text
            for number in range(1, len(taken) + 2)
            if (text := title if number == 1 else f"{title} {number}") not in taken
        )
        dock = Dock(self.window, name, start, where, self._write_back, self._probe, self.remember, self._remove)
        self.window.addDockWidget(pya.Qt.BottomDockWidgetArea, dock)
        if self.docks:
            self.window.tabifyDockWidget(self.docks[-1], dock)
        self.docks.append(dock)
        action = pya.Action()
        action.title = name
        action.on_triggered(faults.guarded(lambda: self.front(dock)))
        entry = f"run{len(self._actions) + 1}"
        self.window.menu().insert_item(f"{MENU}.end", entry, action)
        self._actions.append(action)
        self._entries[name] = f"{MENU}.{entry}"
        self.front(dock)
        return dock

    def _remove(self, dock: Dock) -> None:
        """Remove a dock in which no run could begin, with its entry: its message says why."""
        if dock in self.docks and not dock.runner.alive:
            self.docks.remove(dock)
            self.window.menu().delete_item(self._entries.pop(str(dock.windowTitle)))
            dock.shut()
            dock.close()
            dock.deleteLater()

    def front(self, dock: Dock) -> None:
        """Show a dock in front of the others, also a closed one."""
        dock.show()
        dock.qt_raise()

    @property
    def alive(self) -> list[Dock]:
        return [dock for dock in self.docks if dock.runner.alive]

    def remember(self) -> None:
        """Store the list of active runs on disk."""
        folders = [dock.runner.run.folder for dock in self.alive if dock.runner.run.folder]
        try:
            if folders:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.write_text(json.dumps(folders), encoding="utf-8")
            else:
                self._file.unlink(missing_ok=True)
        except OSError as error:
            # the runs continue: only their list is lost
            faults.log(f"{self._file}: {error}")

    def left_behind(self) -> list[Dock]:
        """Docks of the runs of a killed KLayout, each ready to be resumed."""
        result = []
        for path in sorted(self._file.parent.glob("*.json")):
            if path.stem.isdigit() and not _there(int(path.stem)):
                try:
                    folders = json.loads(path.read_text(encoding="utf-8"))
                    path.unlink()
                except (OSError, ValueError) as error:
                    faults.log(f"{path}: {error}")
                    continue
                found = [self._unfinished(folder) for folder in folders if isinstance(folder, str)]
                result += [dock for dock in found if dock is not None]
        if result:
            count = len(result)
            words = (
                "1 interrupted run: resume in its dock continues it"
                if count == 1
                else (f"{count} interrupted runs: resume in their docks continues them")
            )
            self.window.message(f"eda-agent: {words} (View > eda-agent Runs)", 60000)
            # a window that restores its docks late would leave this one hidden
            self._again = pya.QTimer(self.window)
            self._again.singleShot = True
            self._again.timeout = faults.guarded(lambda: self.front(result[-1]))
            self._again.start(1500)
        return result

    def _unfinished(self, folder: str) -> Dock | None:
        if not (Path(folder) / "journal.jsonl").is_file():
            return None
        dock = self.shown(folder)
        # a run that outlives KLayout ends as if the user had stopped it
        if dock.runner.run.finished.get("stop", STOPPED) != STOPPED:
            dock.close()
            return None
        return dock

    def shown(self, folder: str) -> Dock:
        """The dock of a run on disk, which can be resumed. Raises ValueError for another folder."""
        if not (Path(folder) / "journal.jsonl").is_file():
            raise ValueError(
                f"{folder} is not the folder of a run: it has no journal.jsonl\n\nChoose a folder that 'Size a circuit'"
                " has created"
            )
        for dock in self.docks:
            if dock.runner.run.folder and Path(dock.runner.run.folder).resolve() == Path(folder).resolve():
                self.front(dock)
                return dock
        dock = self.add(f"eda-agent: {Path(folder).name}", [], folder)
        dock.runner.show(folder)
        dock.elsewhere.look()
        state = dock.runner.run.state
        dock.starts(*begun_anew(Path(folder), state.opened), state.edits)
        return dock

    def may_quit(self) -> bool:
        """Ask what to do with the active runs; False to keep KLayout open."""
        running = self.alive
        if not running or self._staying.isActive():
            return True
        if self._asking:
            # the question is on the screen
            return False
        self._asking = True
        try:
            answer = self._answer(running)
        finally:
            self._asking = False
        if answer == CANCEL:
            return False
        # KLayout may still ask about unsaved layouts, and stay: the runs go on until it ends
        self._answer_given = answer
        self._staying.start(STAYS)
        return True

    def _stays(self) -> None:
        if pya.QApplication.activeModalWidget() is None:
            # its question about unsaved layouts was cancelled
            self._staying.stop()

    def leave(self) -> None:
        """Do with the active runs what the user chose, because KLayout ends."""
        running = self.alive
        folders = [dock.runner.run.folder for dock in running if dock.runner.run.folder]
        if self._answer_given == STOP:
            self._stop(running)
        self.shut()
        if self._answer_given == GO_ON:
            for folder in folders:
                # a separate session: it outlives KLayout
                subprocess.Popen(
                    [executable(), "size", folder, "--resume", "--json"],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )

    def _answer(self, running: Sequence[Dock]) -> str:
        waiting = any(dock.runner.run.waits for dock in running)
        names = [
            f"{dock.windowTitle} in {dock.runner.run.folder}{' (waits for your decision)' * dock.runner.run.waits}"
            for dock in running
        ]
        return _ask(*question(names, waiting))

    def _stop(self, running: Sequence[Dock]) -> None:
        """Let the runs end as *stop* ends them, all at the same time; one that takes too long is killed."""
        for dock in running:
            dock.timer.stop()
            dock.runner.ask_to_stop()
        end = time.monotonic() + LONGEST_STOP
        for dock in running:
            dock.runner.wait(max(int(1000 * (end - time.monotonic())), 1))

    def shut(self) -> None:
        """Stop the active runs; each can be resumed."""
        for dock in self.docks:
            dock.shut()
        self.remember()


class Closing(pya.QObject):
    """Asks before the window closes."""

    def __init__(self, window: pya.MainWindow, may_quit: Callable[[], bool]):
        super().__init__(window)
        self._may_quit = may_quit
        window.installEventFilter(self)

    def eventFilter(self, watched: pya.QObject, event: pya.QEvent) -> bool:
        if event.type() != pya.QEvent.Close:
            return False
        try:
            if self._may_quit():
                return False
        except Exception as error:  # noqa: BLE001  # Qt would swallow it
            faults.report(error)
        event.ignore()
        return True


def _ask(title: str, text: str) -> str:
    """The answer of a box with three buttons."""
    box = pya.QMessageBox(pya.Application.instance().main_window())
    box.windowTitle = title
    box.text = text
    buttons = {
        name: box.addButton(name, role)
        for name, role in (
            (STOP, pya.QMessageBox.DestructiveRole),
            (GO_ON, pya.QMessageBox.AcceptRole),
            (CANCEL, pya.QMessageBox.RejectRole),
        )
    }
    box.exec_()
    return next((name for name, button in buttons.items() if box.clickedButton() == button), CANCEL)


def _there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
