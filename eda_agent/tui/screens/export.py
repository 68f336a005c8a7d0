"""The export screen writes a run's results to files: the sized netlist, a report, tables, the xschem schematic, a first
placement. Enter on a row writes it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from eda_agent.errors import EdaAgentError
from eda_agent.run import original_spec
from eda_agent.tui.cli_subprocess import run_command
from eda_agent.tui.screens.detail import Detail
from eda_agent.tui.shown import Shown
from eda_agent.tui.table import Table


@dataclass(frozen=True)
class Product:
    """A file to write: its content, its path, and the command that writes it (none: the kept copy is restored)."""

    what: str
    path: Path
    command: Sequence[str] = ()


def products(folder: Path) -> list[Product]:
    """The files that a run can be written as. A schematic is searched beside the spec."""
    run = str(folder)
    found = [
        Product("sized netlist", folder / "sized.spice", ("export", run, "--out", str(folder / "sized.spice"))),
        Product(
            "netlist, difference", folder / "sized.diff", ("export", run, "--diff", "--out", str(folder / "sized.diff"))
        ),
        Product(
            "report, one page with waveforms",
            folder / "report.html",
            ("report", run, "--out", str(folder / "report.html")),
        ),
        *(
            Product(
                what,
                folder / f"report.{end}",
                ("report", run, "--format", kind, "--out", str(folder / f"report.{end}")),
            )
            for what, kind, end in (
                ("turns, CSV", "csv", "csv"),
                ("run, JSON", "json", "json"),
                ("report, Markdown", "md", "md"),
                ("datasheet, CACE", "cace", "cace.yaml"),
            )
        ),
        Product(
            "transistors placed in rows, GDS",
            folder / "placed.gds",
            ("export", run, "--gds", str(folder / "placed.gds")),
        ),
    ]
    try:
        beside = sorted(original_spec(folder).parent.glob("*.sch"))
    except EdaAgentError:
        beside = []
    found += [
        Product("sizes into the xschem schematic", schematic, ("export", run, "--xschem", str(schematic)))
        for schematic in beside
    ]
    return found + [
        Product("undo that: the schematic as it was", schematic) for schematic in beside if kept(schematic).exists()
    ]


def kept(schematic: Path) -> Path:
    """The place where `export --xschem` keeps the old file."""
    return schematic.with_name(f"{schematic.name}.bak")


class ExportScreen(Detail):
    """The files that the run can be written as, one row each."""

    def __init__(self, shown: Shown):
        super().__init__()
        self.folder, best = shown.folder, shown.state.best
        self.heading = f"export · best is turn {best['index']}" if best else "export · no turn yet"
        self.products = products(self.folder)
        self.written: dict[int, str] = {}

    def body(self) -> ComposeResult:
        yield Table(id="products")
        yield Static("Enter writes the row under the cursor.", id="wrote", markup=False)

    def on_mount(self) -> None:
        self.draw()
        self.query_one(Table).focus()

    def draw(self) -> None:
        rows = [
            [
                Text(self.written.get(place, " "), style="red" if self.written.get(place) == "✗" else "green"),
                Text(product.what),
                Text(product.path.name),
                Text(str(product.path.parent), style="dim"),
            ]
            for place, product in enumerate(self.products)
        ]
        self.query_one(Table).show(["", "what", "file", "in"], rows)

    def on_data_table_row_selected(self, event: Table.RowSelected) -> None:
        event.stop()
        if self.query_one(Table).chosen < len(self.products):
            self.run_worker(self._write(self.query_one(Table).chosen))

    async def _write(self, place: int) -> None:
        product = self.products[place]
        said = self.query_one("#wrote", Static)
        self.written[place] = "…"
        self.draw()
        told = f"written: {product.path}"
        try:
            if product.command:
                # such as sizes that were not found in a schematic
                told = "\n".join([told, (await run_command(*product.command))[1]]).rstrip()
            else:
                os.replace(kept(product.path), product.path)
                told = f"as it was: {product.path}"
        except (EdaAgentError, OSError) as error:
            self.written[place] = "✗"
            said.update(Text(str(error)))
        else:
            self.written[place] = "✓"
            said.update(Text(told))
            # an undo adds a row
            self.products = products(self.folder)
        self.draw()
