"""Checking is LVS of a cell of the window as stepwise work: at once where the cell is small, in a process of its own
where it is not, because KLayout extracts and compares in one piece.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pya

from . import check_job, compat, lvs, passive_devices, passives, recognition
from .check_process import PACKAGE
from .command import output
from .drawn_fingers import as_drawn, counting
from .instances import passive_counts
from .layers import DEMONSTRATION, finding, of_table
from .lvs_result import Result
from .steps import Progress, Work
from .table import Table

SMALL = 2500
"""Shapes of a cell, its instances' included, that are extracted and compared at once: about 50 ms."""
AT_ONCE = 8000
"""Shapes that are written at once: about 15 ms."""
LIMIT = 600.0
"""Seconds that a check may take."""
READABLE = 500_000
"""Size in bytes of a database that is read at once: about 50 ms."""


@dataclass(frozen=True)
class Checked:
    """`database`: the file of a large result, which is read when somebody wants to see it."""

    result: Result
    database: Path | None = None


def program() -> str:
    """The path of this KLayout, "" if it is unknown."""
    folder = Path(compat.read(pya.Application.instance(), "inst_path"))
    names = ("klayout", "klayout_app.exe", "klayout.exe")
    found = [Path(sys.executable), *(folder / name for name in names)]
    return next((str(path) for path in found if path.name in names and path.is_file()), "")


def small(cell: pya.Cell) -> bool:
    """Whether a cell can be checked at once."""
    count = 0
    for index in cell.layout().layer_indexes():
        for _ in cell.begin_shapes_rec(index).each():
            count += 1
            if count > SMALL:
                return False
    return True


def checking(cell: pya.Cell, found: Mapping[str, Any], table: Table, name: str, folder: Path) -> Work[Checked]:
    """LVS of a cell against the output of `eda-agent export RUN --devices`; `table`, of the name `name`, as present
    here. A database that is too large to read at once is left in the folder.

    Raises ValueError for a schematic that cannot be read, and for a process that fails.
    """
    layers = of_table(table) or DEMONSTRATION
    terminals = (yield from finding(cell, table, layers)) if table.layers else []
    parts = passives.meant(found, table, (yield from passive_counts(cell, table)))
    found = as_drawn(found, (yield from counting(cell, table)), table)
    alone = program()
    if not alone or small(cell):
        yield Progress("LVS")
        return Checked(lvs.check(cell.layout(), cell, found, None, table, name, terminals, parts))
    database = Path(tempfile.mkdtemp(prefix="lvs-", dir=folder)) / f"{cell.name}.lvsdb"
    job = {
        "task": "compare",
        "database": str(database),
        "found": {key: found.get(key) for key in ("name", "pdk", "ports", "devices", "rails", "others", "layout")},
        "table": name,
        "terminals": check_job.rows(terminals),
        "parts": [vars(part) for part in parts],
    }
    data = yield from _apart(alone, cell, job, "LVS")
    result = Result.of_data(data)
    if database.stat().st_size > READABLE:
        return Checked(result, database)
    return Checked(replace(result, database=read(database)))


def read(path: Path) -> pya.LayoutVsSchematic:
    """The database of a file."""
    found = pya.LayoutVsSchematic()
    found.read(str(path))
    return found


def extracting(cell: pya.Cell) -> Work[tuple[str, str]]:
    """(name, SPICE) of a cell, extracted with the rules of the demonstration process. Raises ValueError."""
    alone = program()
    if not alone or small(cell):
        yield Progress("the netlist is extracted")
        # a netlist lives as long as its extractor
        kept = recognition.extract(cell.layout(), cell)
        passive_devices.valued(kept.netlist())
        return recognition.spice(kept.netlist())
    data = yield from _apart(alone, cell, {"task": "netlist"}, "the netlist is extracted")
    return data["name"], data["text"]


def writing(cell: pya.Cell, folder: Path, what: str) -> Work[list[Path]]:
    """Write a cell and what is in it into several files, each in one slice, which are read one after the other into one
    layout: KLayout writes a file in one piece.
    """
    layout = cell.layout()
    indexes = list(layout.layer_indexes())
    files: list[Path] = []

    def write(chosen: Sequence[int]) -> None:
        options = pya.SaveLayoutOptions()
        # written fastest, and read by every version
        options.format = "GDS2"
        options.write_context_info = False
        options.keep_instances = True
        options.clear_cells()
        for one in chosen:
            options.add_this_cell(one)
        files.append(folder / f"layout{len(files)}.gds")
        layout.write(str(files[-1]), options)

    yield Progress(what)
    write([cell.cell_index()])
    part: list[int] = []
    count = 0
    for index in cell.called_cells():
        part.append(index)
        shapes = layout.cell(index)
        count += sum(shapes.shapes(layer).size() for layer in indexes)
        if count > AT_ONCE:
            write(part)
            part, count = [], 0
            yield Progress(what)
    if part:
        write(part)
    yield Progress(what)
    return files


def _apart(alone: str, cell: pya.Cell, job: dict[str, Any], what: str) -> Work[dict[str, Any]]:
    """The result of a job in a process of its own. Raises ValueError."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = yield from writing(cell, folder, what)
        job |= {"layouts": [str(path) for path in files], "cell": cell.name, "result": str(folder / "result.json")}
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        arguments = ["-b", "-r", str(PACKAGE / "check_process.py"), "-rd", f"job={folder / 'job.json'}"]
        _, _, words = yield from output(alone, arguments, what, LIMIT, f"{alone} could not be started")
        if not (folder / "result.json").is_file():
            raise ValueError(f"{what} failed in a process of its own\n\n{words[-1500:] or 'It said nothing.'}")
        answer: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    if "refused" in answer:
        raise ValueError(answer["refused"])
    return answer
