"""A probe links a run's sizes and the layout: a clicked parameter marks the devices that follow it, a clicked device
its parameters.

Devices are found by the names of their instances, or else by the cross-reference of the view's LVS database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pya

from . import faults, library, writeback, writing
from .table import TableError, read_table

if TYPE_CHECKING:
    from .dock import Dock

COLOUR = 0x3C6EC8


class Probe:
    """One object for all docks: the marks are those of the last click.

    `docks` and `table` return the present ones; `ask` runs a command of eda-agent and returns its output.
    """

    def __init__(
        self,
        window: pya.MainWindow,
        docks: Callable[[], Sequence[Dock]],
        table: Callable[[], str],
        ask: Callable[..., str],
    ):
        self.window, self.docks, self.table, self.ask = window, docks, table, ask
        self.marks: list[pya.Marker] = []
        self._listening: list[pya.LayoutView] = []
        self._known: dict[str, dict[str, list[str]]] = {}

    def parameters(self, dock: Dock, names: set[str]) -> None:
        """Mark the devices that follow these parameters of a dock's run."""
        view = self.window.current_view()
        if view is None or not view.active_cellview().is_valid():
            return
        self.listen(view)
        follow = self.follow(dock.runner.run.folder)
        wanted = {device.lower() for name in names for device in follow.get(name, ())}
        self.mark(view, wanted)

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
        chosen = {str(path.inst()) for path in view.each_object_selected() if path.is_cell_inst()}
        names = {name.lower() for instance, name in self._instances(view) if str(instance) in chosen}
        if not names:
            return
        for dock in self.docks():
            follow = self.follow(dock.runner.run.folder)
            dock.select(
                {parameter for parameter, devices in follow.items() if names & {device.lower() for device in devices}}
            )

    def follow(self, folder: str) -> dict[str, list[str]]:
        """Parameter → devices of a run; requested once."""
        if folder and folder not in self._known:
            try:
                found: dict[str, Any] = json.loads(self.ask("export", folder, "--devices"))
            except (ValueError, OSError, RuntimeError):
                return {}
            self._known[folder] = found["parameters"]
        return self._known.get(folder, {})

    def _instances(self, view: pya.LayoutView) -> list[tuple[pya.Instance, str]]:
        try:
            table = library.present(read_table(self.table()))
        except TableError:
            return []
        cell = view.active_cellview().cell
        return (
            [(instance, name) for instance, name, _ in writeback.instances(cell, table, writing.databases(view))]
            if cell is not None
            else []
        )
