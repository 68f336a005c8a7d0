"""The plugin in the application: the menu Tools > eda-agent, the docks of its runs, and the demonstration library."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pya

from . import collector, compat, drafts, faults, mos, netlists, placing, writing
from .checking import Checked
from .command import Command, asked, speaks_for_itself
from .dock import VIEWER, Dock
from .form import Form
from .open_cell import open_cell
from .probe import Probe
from .recalled import Typed, recall, recalled
from .runner import CONFIG
from .runs import Closing, Runs
from .slices import Slices
from .steps import Work
from .table import read_table

MENU = "tools_menu.eda_agent"
TABLE = "eda-agent-table"
"""Configuration key: the table of PCells in use."""
TABLES = "demonstration, sky130A, gf180mcuD, ihp-sg13g2, or the path of your own"
EDITING = frozenset(["place", "write_back", "undo"])
"""Entries that need KLayout's edit mode."""


class Plugin:
    """The plugin of one window."""

    def __init__(self, window: pya.MainWindow):
        self.window = window
        self.form: Form | None = None
        self._commands: list[Command] = []
        self._actions: list[pya.Action] = []
        self.probe = Probe(window, lambda: self.docks, lambda: self.table, self._ask_quietly)
        self.runs = Runs(window, lambda folder: self.write_back(folder), self.probe.parameters)
        self.slices = Slices(window)
        self.writing = writing.Writing(window, self.slices, faults.tell)
        self._closing = Closing(window, self.runs.may_quit)
        mos.library()
        collector.set_aside()
        pya.Application.instance().aboutToQuit = faults.guarded(self.close)
        menu = window.menu()
        menu.insert_menu("tools_menu.end", "eda_agent", "eda-agent")
        for name, words, do in (
            ("size", "Size a circuit …", self.size),
            ("look_over", "Edit a spec and size …", self.look_over),
            ("size_open", "Size what is open …", self.size_open),
            ("open", "Show a run …", self.open_run),
            ("place", "Place a sized circuit …", self.place),
            ("write_back", "Write sizes back …", self.write_back),
            ("undo", "Undo the last write-back", self.writing.undo),
            ("executable", "Executable …", self.choose_executable),
            ("table", "PCells …", self.choose_table),
        ):
            action = pya.Action()
            action.title = words
            action.on_triggered(faults.guarded(do))
            menu.insert_item(f"{MENU}.end", name, action)
            if name in EDITING and not compat.editable():
                action.title, action.tool_tip, action.enabled = f"{words} (edit mode only)", VIEWER, False
            self._actions.append(action)
        self._guard_exit()
        if not compat.editable():
            self.window.message(
                "eda-agent in viewer mode: circuits can be sized and runs shown; placing and writing back need"
                " klayout -e",
                30000,
            )
        # after the window is shown: docks of an earlier KLayout come on top of it
        self._later = pya.QTimer(window)
        self._later.singleShot = True
        self._later.timeout = faults.guarded(self.runs.left_behind)
        self._later.start(200)

    @property
    def docks(self) -> list[Dock]:
        return self.runs.docks

    def _guard_exit(self) -> None:
        """Replace File > Exit, which ends KLayout without closing its window, by an entry that asks first."""
        menu = self.window.menu()
        path = "file_menu.exit"
        if not menu.is_valid(path):
            return
        old = menu.action(path)
        action = pya.Action()
        action.title, action.shortcut = old.title, old.effective_shortcut()
        action.on_triggered(faults.guarded(self._exit))
        menu.delete_item(path)
        menu.insert_item("file_menu.end", "exit", action)
        self._actions.append(action)

    def _exit(self) -> None:
        if self.runs.may_quit():
            self.window.call_menu("cm_exit")

    def size(self, spec: str = "") -> Dock | None:
        """Choose a spec or a netlist and start a run of it in its own dock."""
        path = spec or compat.chosen(
            pya.FileDialog.get_open_file_name(
                "A circuit to size",
                self._here,
                "Specs and netlists (*.yaml *.yml *.spice *.sp *.cir *.cdl);;All files (*)",
            )
        )
        if not path:
            return None
        found = Path(path)
        if found.suffix in {".yaml", ".yml"}:
            return self._start(found, [], [])
        beside = drafts.beside(found)
        work = drafts.tables(beside) if beside.exists() else drafts.drafting(found)
        self.slices.run("Size a circuit", work, lambda tables: self._show_form(beside, tables, recalled(beside)))
        return None

    def look_over(self, spec: str = "") -> None:
        """Show a spec in a form before its run."""
        path = spec or compat.chosen(
            pya.FileDialog.get_open_file_name("A spec to edit", self._here, "Specs (*.yaml *.yml);;All files (*)")
        )
        if path:
            work = drafts.tables(Path(path))
            self.slices.run("Edit a spec and size", work, lambda tables: self._show_form(Path(path), tables))

    def _show_form(self, spec: Path, tables: dict[str, Any], typed: Typed | None = None) -> None:
        form = self.form = Form(
            self.window, f"eda-agent: {spec.parent.name}", tables, lambda orders, more: self._start(spec, orders, more)
        )
        if typed is not None:
            recall(form, typed)
        form.show()
        # the run simulates them too, and then takes them from the cache
        arguments = ["sim", str(spec), "--json"]
        trial = self._ask_quietly(arguments, form.tell_own_sizes, form.tell_no_own_sizes)
        form.finished = lambda *_: trial.kill()

    def _start(self, spec: Path, orders: list[dict[str, Any]], more: list[str]) -> Dock:
        spec = spec.resolve()
        # beside the spec: the run is created there
        dock = self.runs.add(f"eda-agent: {spec.parent.name}", ["size", str(spec), "--events", *more], str(spec.parent))
        dock.orders = orders
        dock.start()
        return dock

    def _ask_quietly(
        self,
        arguments: list[str],
        done: Callable[[str], None],
        failed: Callable[[str], None] | None = None,
    ) -> Command:
        """Run `eda-agent` in the background; its error is an empty output, unless `failed` takes it."""
        self._commands = [command for command in self._commands if command.alive]
        command = Command(
            arguments,
            lambda words: faults.guarded(lambda: done(words))(),
            lambda words: faults.guarded(lambda: failed(words) if failed else done(""))(),
        )
        self._commands.append(command)
        return command

    def size_open(self, folder: str = "") -> None:
        """Size the circuit of the open view: the schematic of its LVS database, its extracted netlist, or the active
        cell's.
        """
        view = self.window.current_view()
        cell = open_cell(view, "Open a layout, or use 'Size a circuit' with a netlist")
        work = netlists.of_view(view, cell)
        self.slices.run("Size what is open", work, lambda found: self._size_netlist(found[0], found[1], folder))

    def _size_netlist(self, name: str, text: str, folder: str) -> None:
        folder = folder or compat.chosen(
            pya.FileDialog.get_existing_dir(f"A folder for {name}.spice and its spec", self._here)
        )
        if not folder:
            return
        path = Path(folder) / f"{name}.spice"
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise ValueError(f"{path} exists already with other content\n\nChoose another folder, or move it away")
        path.write_text(text, encoding="utf-8")
        self.size(str(path))

    def open_run(self) -> None:
        """Show an ended or interrupted run, which can be resumed."""
        folder = self._ask_run()
        if folder:
            self.runs.shown(folder)

    def place(self, folder: str = "") -> None:
        """A new layout with the devices of a run."""
        folder = folder or self._ask_run()
        if folder:
            work = placing.placing(self.window, reading(folder), self.table, self.writing.folder)
            self.slices.run("Place a sized circuit", work, self._placed)

    def _placed(self, found: tuple[writing.Task, Checked | None]) -> None:
        task, checked = found
        if checked is not None:
            self.writing.show_check(task, checked)

    def write_back(self, folder: str = "") -> None:
        """Show what a run would change in the open cell, with Apply and Discard."""
        open_cell(self.window.current_view(), writing.OPEN_ONE)
        folder = folder or self._ask_run()
        if folder:
            self.writing.begin(reading(folder), self.table)

    def _ask_run(self) -> str:
        return compat.chosen(pya.FileDialog.get_existing_dir("The folder of a run", self._here))

    @property
    def _here(self) -> str:
        """The initial folder of a dialog: that of the open layout."""
        return writing.beside(self.window.current_view())

    def choose_executable(self) -> None:
        path = compat.chosen(pya.FileDialog.get_open_file_name("The executable eda-agent", "", "All files (*)"))
        if path and not os.access(path, os.X_OK):
            raise ValueError(
                f"{path} is not a program\n\nChoose the executable eda-agent; 'which eda-agent' in a terminal shows its"
                " path"
            )
        if path:
            self.slices.run("Executable", speaks_for_itself(path), lambda _: self._keep_executable(path))

    def _keep_executable(self, path: str) -> None:
        pya.Application.instance().set_config(CONFIG, path)
        pya.Application.instance().commit_config()

    def choose_table(self) -> None:
        name = compat.answered(pya.InputDialog.ask_string("PCells", f"Table: {TABLES}", self.table))
        if name is not None:
            if not name.strip():
                raise ValueError(f"no table was given; {self.table} stays in use\n\nEnter {TABLES}")
            read_table(name)
            pya.Application.instance().set_config(TABLE, name)
            pya.Application.instance().commit_config()

    @property
    def table(self) -> str:
        return pya.Application.instance().get_config(TABLE) or "demonstration"

    def close(self) -> None:
        """End what runs when KLayout ends; the runs stop or continue as the user chose, and can be resumed."""
        self.slices.stop()
        for command in self._commands:
            command.kill()
        self.runs.leave()


def reading(folder: str) -> Work[dict[str, Any]]:
    """The sized devices of a run. Raises ValueError without any."""
    found: dict[str, Any] = json.loads((yield from asked(["export", folder, "--devices"])))
    return found


_plugin: Plugin | None = None


def start() -> None:
    """Called by the macro when KLayout starts; does nothing without a window, and only once: KLayout 0.28 may run the
    macro of a package twice, and a second plugin would have docks and questions of its own.
    """
    global _plugin
    if _plugin is not None:
        return
    window = pya.MainWindow.instance() if hasattr(pya, "MainWindow") else None
    if window is None:
        mos.library()
        return
    _plugin = Plugin(window)


def instance() -> Plugin | None:
    return _plugin
