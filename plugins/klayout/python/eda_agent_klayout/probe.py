"""A probe links a run's sizes and the layout: a clicked parameter marks the devices that follow it, a clicked device
its parameters.

Devices are found by the names of their instances, or else by the cross-reference of the view's LVS database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pya

from . import faults, library, writing
from .instances import Reader
from .table import TableError, read_table

if TYPE_CHECKING:
    from .dock import Dock

COLOUR = 0x3C6EC8


class Probe:
    """One object for all docks: the marks are those of the last click.

    `docks` and `table` return the present ones; `ask` runs a command of eda-agent in the background and calls a
    function with its output.
    """

    def __init__(
        self,
        window: pya.MainWindow,
        docks: Callable[[], Sequence[Dock]],
        table: Callable[[], str],
        ask: Callable[[list[str], Callable[[str], None]], object],
    ):
        self.window, self.docks, self.table, self.ask = window, docks, table, ask
        self.marks: list[pya.Marker] = []
        self._listening: list[pya.LayoutView] = []
        self._known: dict[str, dict[str, list[str]]] = {}
        self._waiting: dict[str, list[Callable[[dict[str, list[str]]], None]]] = {}

    def parameters(self, dock: Dock, names: set[str]) -> None:
        """Mark the devices that follow these parameters of a dock's run."""
        view = self.window.current_view()
        if view is None or not view.active_cellview().is_valid():
            return
        self.listen(view)

        def mark(follow: dict[str, list[str]]) -> None:
            if not view._destroyed():
                self.mark(view, {device.lower() for name in names for device in follow.get(name, ())})

        self.follow(dock.runner.run.folder, mark)

    def mark(self, view: pya.LayoutView, devices: set[str]) -> None:
        self.marks = []
        for instance, name in self._instances(view):
            if name.lower() in devices:
                marker = pya.Marker(view)
                marker.set(instance.dbbox())
                marker.color, marker.line_width = COLOUR, 2
                self.marks.append(marker)

    def listen(self, view: pya.LayoutView) -> None:
        """Follow the selection in a view."""
        if view not in self._listening:
            self._listening.append(view)
            view.on_selection_changed += faults.guarded(lambda: self.selected(view), once=True)

    def selected(self, view: pya.LayoutView) -> None:
        """Select the parameters of the selected devices in every dock that has them."""
        chosen = [path.inst() for path in view.each_object_selected() if path.is_cell_inst()]
        names = {name.lower() for _, name in self._instances(view, chosen)} if chosen else set()
        if not names:
            return
        for dock in self.docks():

            def select(follow: dict[str, list[str]], dock: Dock = dock) -> None:
                wanted = {name for name, devices in follow.items() if names & {device.lower() for device in devices}}
                if not dock._destroyed():
                    dock.select(wanted)

            self.follow(dock.runner.run.folder, select)

    def follow(self, folder: str, do: Callable[[dict[str, list[str]]], None]) -> None:
        """Call a function with parameter → devices of a run, which are requested once."""
        if folder in self._known:
            do(self._known[folder])
        elif folder in self._waiting:
            self._waiting[folder].append(do)
        elif folder:
            self._waiting[folder] = [do]
            self.ask(["export", folder, "--devices"], lambda words: self._answered(folder, words))

    def _answered(self, folder: str, words: str) -> None:
        """`words`: "" from a run without devices."""
        waiting = self._waiting.pop(folder, [])
        if words:
            found: dict[str, Any] = json.loads(words)
            self._known[folder] = found["parameters"]
        for do in waiting if words else ():
            do(self._known[folder])

    def _instances(
        self, view: pya.LayoutView, chosen: Sequence[pya.Instance] | None = None
    ) -> list[tuple[pya.Instance, str]]:
        """(instance, device name) of the transistors of the active cell, or of the chosen ones."""
        try:
            table = library.present(read_table(self.table()))
        except TableError:
            return []
        cell = view.active_cellview().cell
        if cell is None:
            return []
        reader = Reader(cell, table, writing.databases(view))
        found = [reader.read(instance) for instance in (cell.each_inst() if chosen is None else chosen)]
        return [(one[0], one[1]) for one in found if one is not None]
