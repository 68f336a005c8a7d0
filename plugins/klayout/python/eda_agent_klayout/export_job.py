"""An export job places the devices of a run in a new layout, or writes their sizes into one, without a window: in the
process of `eda-agent export`, or in a KLayout that has the PCells of a process.

As a JSON file: `found` (the output of `eda-agent export RUN --devices`), `table`, `out`, `result`, the file to write,
and `source`, `cell`, `netlist`, null for none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pya

from . import extraction, library, lvs, mos, passives, place, planning, same_circuit, technology, title, writeback
from .fold import not_simulated, rule_of
from .plan import sizes
from .table import Table, TableError, devices, read_table

DEMONSTRATION = "demonstration"


class Refused(ValueError):
    """`about`: "source" or "netlist", the file that it is about, or ""; `fix`: what to do."""

    def __init__(self, text: str, about: str = "", fix: str = ""):
        super().__init__(text)
        self.about, self.fix = about, fix


@dataclass(frozen=True)
class Made:
    """`result`: what was done; `extracted`: a netlist, None if it was not asked for."""

    layout: pya.Layout
    cell: pya.Cell
    result: dict[str, Any]
    extracted: pya.LayoutVsSchematic | None = None

    def write(self, out: Path, form: Path) -> None:
        """Write the layout in the format that the name of `form` has. Raises RuntimeError."""
        options = pya.SaveLayoutOptions()
        options.set_format_from_filename(str(form))
        self.layout.write(str(out), options)

    def write_netlist(self, out: Path) -> None:
        """Write the extracted netlist."""
        assert self.extracted is not None
        extraction.write(self.extracted, out, f"{self.cell.name}, extracted by KLayout")


def made(
    found: Mapping[str, Any],
    rules: Table,
    name: str,
    source: str | None = None,
    cell_name: str | None = None,
    netlist: bool = False,
    draw: Callable[..., pya.Cell] | None = None,
) -> Made:
    """A new layout, or `source` with new sizes, checked by LVS where the layers are known.

    Args:
        rules: the table `name`, as present here.
        netlist: whether the netlist is extracted.
        draw: what places the devices, in place of the PCells.

    Raises Refused, or another ValueError, if there is nothing to write.
    """
    data = dict(found)
    sized, passive = devices(data), passives.passives(found, rules)
    known = name == DEMONSTRATION or bool(rules.layers)
    if netlist and not known:
        raise Refused(
            f"the layers of {name} are not known, so nothing can be extracted",
            "netlist",
            "extract with the tools of the process",
        )
    layout = pya.Layout()
    result: dict[str, Any] = {"others": found["others"]}
    if source is None:
        layout.dbu, layout.technology_name = 0.001, technology.technology_of(rules)
        rails, rule = (found["rails"][0], found["rails"][1]), rule_of(found.get("layout"), rules)
        cell = (draw or place.place)(
            layout, cell_name or found["name"], sized, rails, rules, rule, found["ports"], passive
        )
        result["placed"] = len(sized)
    else:
        cell = _opened(layout, source, cell_name)
        result |= _written_back(layout, cell, found, rules)
    if draw is None:
        title.put(cell, found, name, mos.LIBRARY)
    result["remarks"] = [*result.get("remarks", []), *not_simulated(found, name)]
    if known:
        checked = lvs.check(layout, cell, data, table=rules, name=name)
        result["others"] = list(checked.missing)
        result["lvs"] = {**checked.data(), "headline": checked.headline, "lines": checked.lines}
    if not netlist:
        return Made(layout, cell, result)
    database = extraction.extracted(layout, cell, rules, passive)
    count = sum(1 for circuit in database.netlist().each_circuit() for _ in circuit.each_device())
    result["extracted"] = {"devices": count}
    result["unextracted"] = [one.label for one in passive if one.model]
    return Made(layout, cell, result, database)


def _opened(layout: pya.Layout, source: str, cell_name: str | None) -> pya.Cell:
    """The cell of a layout file."""
    try:
        layout.read(source)
    except RuntimeError as error:
        raise Refused(f"the layout cannot be read: {error}", "source", "give a GDS or OASIS file with --into") from None
    cell = (
        layout.cell(cell_name) if cell_name else next((one for one in layout.top_cells() if not one.is_proxy()), None)
    )
    if cell is None:
        there = ", ".join(sorted(one.name for one in layout.each_cell() if not one.is_proxy())[:10])
        words = f"the layout has no cell {cell_name}" if cell_name else "the layout has no cell"
        raise Refused(words, "source", f"give one of its cells: {there}" if there else "")
    return cell


def _written_back(layout: pya.Layout, cell: pya.Cell, found: Mapping[str, Any], rules: Table) -> dict[str, Any]:
    sized, passive = devices(dict(found)), passives.passives(found, rules)
    try:
        same_circuit.refuse_another(cell, sized, rules, None, found["name"], passive, found["ports"])
    except ValueError as error:
        raise Refused(str(error), "source") from None
    rule = rule_of(found["layout"], rules) if found.get("layout") else None
    plan = planning.plan(layout, cell, sized, rules, rule=rule, passives=passive)
    result = {
        "changes": [
            *(f"{change.device}: {sizes(change)}" for change in plan.changes),
            *title.undrawn(cell, found, rules),
        ],
        "missing": plan.missing,
        "foreign": plan.foreign,
        "conflicts": [text for text, _ in plan.conflicts],
        "remarks": [*plan.left, *plan.remarks],
    }
    writeback.apply(plan)
    return result


def done(job: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a job, whose files are written. Raises ValueError and RuntimeError."""
    mos.library()
    rules = library.present(read_table(job["table"]))
    _wake(rules)
    found = made(job["found"], rules, job["table"], job["source"], job["cell"], job["netlist"] is not None)
    if job["netlist"] is not None:
        found.write_netlist(Path(job["netlist"]))
    found.write(Path(job["out"]), Path(job["out"]))
    return found.result


def _wake(rules: Table) -> None:
    """Call the PCells of a library once: the first call of SG13G2's fails in a KLayout without a window."""
    layout = pya.Library.library_by_name(library.registered(rules)).layout()
    for cell in rules.pcells:
        first = layout.pcell_declaration(cell)
        with suppress(Exception):
            first.coerce_parameters(pya.Layout(), [one.default for one in first.get_parameters()])


def main(path: str) -> None:
    """Run a job; a refusal is a result as well."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    try:
        answer = done(job)
    except Refused as error:
        answer = {"refused": str(error), "about": error.about, "fix": error.fix}
    except (TableError, ValueError, RuntimeError) as error:
        answer = {"refused": str(error), "about": "", "fix": ""}
    Path(job["result"]).write_text(json.dumps(answer), encoding="utf-8")
