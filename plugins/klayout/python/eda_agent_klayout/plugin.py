"""The plugin in the application: the menu Tools > eda-agent, the docks of its runs, and the demonstration library."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pya

from . import lvs, mos, netlists, place, writeback
from .command import Command
from .dock import Dock
from .form import Form
from .probe import Probe
from .runner import CONFIG, MissingExecutable, executable
from .table import TableError, devices, read_table

MENU = "tools_menu.eda_agent"
TABLE = "eda-agent-table"
"""Configuration key: the table of PCells that is written to."""
WAIT = 60
"""Seconds for an export."""


class Plugin:
    """One a window."""

    def __init__(self, window: pya.MainWindow):
        self.window = window
        self.docks: list[Dock] = []
        self.form: Form | None = None
        self._commands: list[Command] = []
        self._actions: list[pya.Action] = []
        self.probe = Probe(window, self)
        mos.library()
        pya.Application.instance().aboutToQuit = self.close
        menu = window.menu()
        menu.insert_menu("tools_menu.end", "eda_agent", "eda-agent")
        for name, title, do in (
            ("size", "Size a circuit …", self.size), ("look_over", "Edit a spec and size …", self.look_over), ("size_open", "Size what is open …", self.size_open), ("open", "Show a run …", self.open_run), ("place", "Place a sized circuit …", self.place),
            ("write_back", "Write sizes back …", self.write_back), ("undo", "Undo the last write-back", self.undo), ("executable", "Executable …", self.choose_executable),
            ("table", "PCells …", self.choose_table),
        ):  # fmt: skip
            action = pya.Action()
            action.title = title
            action.on_triggered(lambda do=do: self.guarded(do))
            menu.insert_item(f"{MENU}.end", name, action)
            self._actions.append(action)

    def guarded(self, do: Any) -> None:
        """A fault is a message, and the layout is as it was."""
        try:
            do()
        except (MissingExecutable, TableError, ValueError, OSError, RuntimeError) as error:
            self.tell("eda-agent", str(error))

    def tell(self, title: str, text: str) -> None:
        pya.MessageBox.warning(title, text, pya.MessageBox.Ok)

    def size(self, spec: str = "") -> Dock | None:
        """Choose a spec or a netlist and start a run of it in a dock of its own."""
        path = (
            spec
            or pya.FileDialog.get_open_file_name(
                "A circuit to size", "", "Specs and netlists (*.yaml *.yml *.spice *.sp *.cir *.cdl);;All files (*)"
            ).value
        )
        if not path:
            return None
        found = Path(path)
        if found.suffix not in {".yaml", ".yml"}:
            beside = found.with_name("spec.yaml")
            if not beside.exists():
                self.window.message(f"eda-agent drafts a spec of {found.name}", 20000)
                self._command(["init", str(found)], lambda _: self.look_over(str(beside)))
                return None
            found = beside
        return self._start(found, [], [])

    def look_over(self, spec: str = "") -> None:
        """Show a spec in a form before its run."""
        path = spec or pya.FileDialog.get_open_file_name("A spec to edit", "", "Specs (*.yaml *.yml);;All files (*)").value
        if path:
            self._command(["check", path, "--json"], lambda words: self._show_form(Path(path), json.loads(words)["tables"]))

    def _show_form(self, spec: Path, tables: dict[str, Any]) -> None:
        self.form = Form(self.window, f"eda-agent: {spec.parent.name}", tables, lambda orders, more: self._start(spec, orders, more))
        self.form.show()

    def _start(self, spec: Path, orders: list[dict[str, Any]], more: list[str]) -> Dock:
        dock = self.dock(f"eda-agent: {spec.parent.name}", lambda: ["size", str(spec), "--events", *more])
        dock.orders = orders
        dock.start()
        return dock

    def _command(self, arguments: list[str], done: Any) -> None:
        """Run `eda-agent` beside the window; a fault of it, or of what is done with its answer, is a message."""
        self._commands = [command for command in self._commands if command.alive]
        self._commands.append(
            Command(arguments, lambda words: self.guarded(lambda: done(words)), lambda words: self.tell("eda-agent", words))
        )

    def size_open(self, folder: str = "") -> Dock | None:
        """Size the circuit of the open view: the schematic of its LVS database, its extracted netlist, or the active cell's."""
        view = self.window.current_view()
        if view is None or not view.active_cellview().is_valid():
            raise ValueError("no layout is open\n\nOpen a layout, or take 'Size a circuit' with a netlist")
        name, text = netlists.of_view(view)
        folder = folder or pya.FileDialog.get_existing_dir(f"A folder for {name}.spice and its spec", "").value
        if not folder:
            return None
        path = Path(folder) / f"{name}.spice"
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise ValueError(f"{path} is there already and says something else\n\nChoose another folder, or move it away")
        path.write_text(text, encoding="utf-8")
        return self.size(str(path))

    def dock(self, title: str, start: Any) -> Dock:
        dock = Dock(
            self.window, title, start, lambda folder: self.guarded(lambda: self.write_back(folder)), self.tell, self.probe.parameters
        )
        self.window.addDockWidget(pya.Qt.BottomDockWidgetArea, dock)
        if self.docks:
            self.window.tabifyDockWidget(self.docks[-1], dock)
        self.docks.append(dock)
        dock.show()
        dock.qt_raise()
        return dock

    def open_run(self) -> None:
        """Show a finished or interrupted run, which can be resumed."""
        folder = pya.FileDialog.get_existing_dir("The folder of a run", "").value
        if not folder:
            return
        dock = self.dock(f"eda-agent: {Path(folder).name}", lambda: ["size", folder, "--resume", "--events"])
        dock.runner.show(folder)

    def place(self, folder: str = "") -> pya.Cell | None:
        """A new layout with the devices of a run."""
        folder = folder or pya.FileDialog.get_existing_dir("The folder of a run", "").value
        if not folder:
            return None
        found = self._devices(folder)
        table = read_table(self.table)
        view = self.window.create_layout("", 1) and self.window.current_view()
        layout = view.active_cellview().layout()
        layout.dbu = 0.001
        cell = place.place(layout, found["name"], devices(found), (found["rails"][0], found["rails"][1]), table)
        view.active_cellview().cell = cell
        view.add_missing_layers()
        view.max_hier()
        view.zoom_fit()
        self._check(layout, cell, found, view)
        return cell

    def write_back(self, folder: str = "", ask: bool = True) -> writeback.Plan | None:
        """Show what would change as markers, ask, change it in one step, and check by LVS."""
        folder = folder or pya.FileDialog.get_existing_dir("The folder of a run", "").value
        view = self.window.current_view()
        if not folder:
            return None
        if view is None or not view.active_cellview().is_valid():
            raise ValueError("no layout is open\n\nOpen the layout whose PCells are to get the sizes, or use 'Place a sized circuit'")
        found = self._devices(folder)
        cellview = view.active_cellview()
        layout, cell = cellview.layout(), cellview.cell
        plan = writeback.plan(layout, cell, devices(found), read_table(self.table), self.places(view))
        marked = view.create_rdb("eda-agent write-back")
        writeback.report(plan, cell, layout, view.rdb(marked))
        view.show_rdb(marked, view.active_cellview_index())
        if not plan.changes:
            self.tell("nothing to write back", _lines(plan) or "Every device has the sizes of the run already.")
            return plan
        if (
            ask
            and pya.MessageBox.question("Write the sizes back?", _lines(plan), pya.MessageBox.Yes + pya.MessageBox.No) != pya.MessageBox.Yes
        ):
            return None
        view.transaction("eda-agent: write sizes back")
        try:
            writeback.apply(plan)
        finally:
            view.commit()
        self._check(layout, cell, found, view)
        return plan

    def undo(self) -> None:
        self.window.call_menu("cm_undo")

    def choose_executable(self) -> None:
        path = pya.FileDialog.get_open_file_name("The executable eda-agent", "", "All files (*)").value
        if path:
            pya.Application.instance().set_config(CONFIG, path)
            pya.Application.instance().commit_config()

    def choose_table(self) -> None:
        name = pya.InputDialog.ask_string(
            "PCells", "Table: demonstration, sky130A, gf180mcuD, ihp-sg13g2, or the path of your own", self.table
        )
        if name:
            read_table(name)
            pya.Application.instance().set_config(TABLE, name)

    @property
    def table(self) -> str:
        return pya.Application.instance().get_config(TABLE) or "demonstration"

    def close(self) -> None:
        """End what runs, as KLayout closes; each run can be resumed."""
        for command in self._commands:
            command.kill()
        for dock in self.docks:
            dock.shut()

    def places(self, view: pya.LayoutView) -> dict[str, list[pya.DPoint]]:
        """Where the devices of the schematic are, as the newest LVS database of a view says; nothing where there is none."""
        databases = [view.lvsdb(number) for number in range(view.num_l2ndbs() - 1, -1, -1)]
        return next((lvs.places(database) for database in databases if database is not None), {})

    def _check(self, layout: pya.Layout, cell: pya.Cell, found: dict[str, Any], view: pya.LayoutView) -> None:
        if self.table != "demonstration":
            return
        result = lvs.check(layout, cell, lvs.text(found), found["name"])
        number = view.add_lvsdb(result.database)
        if not result.match:
            view.show_lvsdb(number, view.active_cellview_index())
        self.window.message("LVS: layout and schematic match" if result.match else f"LVS: {len(result.differences)} differences", 10000)
        if not result.match:
            self.tell("LVS: layout and schematic differ", "\n".join(result.differences[:20]))

    def _devices(self, folder: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._run("export", folder, "--devices"))
        return found

    def _run(self, *arguments: str) -> str:
        """What `eda-agent` prints. Raises ValueError with what it complains of."""
        with tempfile.TemporaryFile() as words:
            try:
                done = subprocess.run([executable(), *arguments], stdout=subprocess.PIPE, stderr=words, timeout=WAIT, check=False)
            except subprocess.TimeoutExpired:
                raise ValueError(f"eda-agent {arguments[0]} took longer than {WAIT} s") from None
            words.seek(0)
            if done.returncode not in (0, 1):
                raise ValueError(
                    words.read().decode("utf-8", "replace").strip() or f"eda-agent {arguments[0]} ended with status {done.returncode}"
                )
        return done.stdout.decode("utf-8", "replace")


def _lines(plan: writeback.Plan) -> str:
    lines = [f"{change.device}: {writeback.sizes(change)}" for change in plan.changes[:20]]
    if len(plan.changes) > 20:
        lines.append(f"… and {len(plan.changes) - 20} more")
    for names, text in ((plan.missing, "not in the layout"), (plan.foreign, "not in the schematic")):
        if names:
            lines.append(f"{text}: {', '.join(names)}")
    return "\n".join([*lines, *(text for text, _ in plan.conflicts)])


_plugin: Plugin | None = None


def start() -> None:
    """Called by the macro as KLayout starts; without a window there is nothing to add to."""
    global _plugin
    window = pya.MainWindow.instance() if hasattr(pya, "MainWindow") else None
    if window is None:
        mos.library()
        return
    _plugin = Plugin(window)


def instance() -> Plugin | None:
    return _plugin
