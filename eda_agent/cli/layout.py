"""`eda-agent export RUN --gds`: write sizes into a layout, with the code of the KLayout plugin and without a window."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from eda_agent.cli.output_files import same_file
from eda_agent.cli.say import say
from eda_agent.errors import Finding, InputError, MissingError
from eda_agent.files import write_file

DEMONSTRATION = "demonstration"
PCELLS, GLAYOUT = "pcells", "glayout"
"""Engines of a placement."""


def write_extraction(layout: Any, cell: Any, rules: Any, out: Path, passive: Sequence[Any] = ()) -> int:
    """Write what KLayout extracts from a cell as SPICE. Return the number of devices. `passive`: the resistors and
    capacitors of the schematic.
    """
    from eda_agent.klayout import extraction

    database = extraction.extracted(layout, cell, rules, passive)
    write_file(out, lambda path: extraction.write(database, path, f"{cell.name}, extracted by KLayout"))
    return sum(1 for circuit in database.netlist().each_circuit() for _ in circuit.each_device())


def write_layout(
    found: dict[str, Any],
    out: Path,
    source: Path | None,
    table: str,
    cell_name: str | None,
    netlist: Path | None = None,
    engine: str = PCELLS,
) -> dict[str, Any]:
    """Place the devices in a new layout, or write their sizes into the PCells of `source`.

    The suffix selects GDS or OASIS. `source` is never changed. `netlist`: where the netlist that KLayout extracts from
    the layout is written. `engine`: what draws a new layout; where it is not here, the PCells do.

    Returns:
        what was done, and the result of LVS in the demonstration process.

    Raises:
        InputError: there is nothing to write.
        MissingError: the file cannot be written.
    """
    try:
        import pya
    except ImportError:
        raise MissingError("layouts need KLayout's library\n    → pip install klayout") from None
    from eda_agent.klayout import (
        glayout_engine,
        library,
        lvs,
        mos,
        passives,
        place,
        planning,
        same_circuit,
        title,
        writeback,
    )
    from eda_agent.klayout.fold import not_simulated, rule_of
    from eda_agent.klayout.plan import sizes
    from eda_agent.klayout.table import TableError, devices, read_table

    if out.suffix.lower() not in {".gds", ".oas"}:
        raise InputError(Finding("the layout file must end in .gds or .oas", out))
    if not out.resolve().parent.is_dir():
        raise MissingError(f"{out}: the folder {out.parent} does not exist\n    → create it, or choose another --gds")
    if source is not None and same_file(source, out):
        raise InputError(
            Finding(
                "--into and --gds name the same file, which an error could destroy",
                out,
                fix="write another file, and move it after you have checked it",
            )
        )
    mos.library()
    skipped = []
    try:
        rules = read_table(table)
        if engine == GLAYOUT and (why := glayout_engine.absent(rules)):
            engine, skipped = PCELLS, [f"{why}; placed with PCells instead"]
        if engine == PCELLS:
            rules = library.present(rules)
    except TableError as error:
        raise InputError("\n".join([*skipped, str(error)])) from None
    sized, passive = devices(found), passives.passives(found, rules)
    layout = pya.Layout()
    result: dict[str, Any] = {"layout": str(out), "others": found["others"]}
    if source is None:
        layout.dbu = 0.001
        try:
            cell = (partial(glayout_engine.place, tell=say) if engine == GLAYOUT else place.place)(
                layout,
                cell_name or found["name"],
                sized,
                tuple(found["rails"]),
                rules,
                rule_of(found.get("layout"), rules),
                found["ports"],
                passive,
            )
        except ValueError as error:
            raise InputError(str(error)) from None
        if engine == PCELLS:
            title.put(cell, found, table, mos.LIBRARY)
        result |= {"placed": len(sized), "engine": engine}
    else:
        try:
            layout.read(str(source))
        except RuntimeError as error:
            raise InputError(
                Finding(f"the layout cannot be read: {error}", source, fix="give a GDS or OASIS file with --into")
            ) from None
        cell = (
            layout.cell(cell_name)
            if cell_name
            else next((one for one in layout.top_cells() if not one.is_proxy()), None)
        )
        if cell is None:
            there = ", ".join(sorted(one.name for one in layout.each_cell() if not one.is_proxy())[:10])
            words = f"the layout has no cell {cell_name}" if cell_name else "the layout has no cell"
            raise InputError(Finding(words, source, fix=f"give one of its cells: {there}" if there else ""))
        try:
            same_circuit.refuse_another(cell, sized, rules, None, found["name"], passive)
        except ValueError as error:
            raise InputError(Finding(str(error), source)) from None
        rule = rule_of(found["layout"], rules) if found.get("layout") else None
        plan = planning.plan(layout, cell, sized, rules, rule=rule, passives=passive)
        result |= {
            "changes": [
                *(f"{change.device}: {sizes(change)}" for change in plan.changes),
                *title.undrawn(cell, found, rules),
            ],
            "missing": plan.missing,
            "foreign": plan.foreign,
            "conflicts": [text for text, _ in plan.conflicts],
            "remarks": plan.remarks,
        }
        writeback.apply(plan)
        title.put(cell, found, table, mos.LIBRARY)
    result["remarks"] = [*skipped, *result.get("remarks", []), *not_simulated(found, table)]
    if table == DEMONSTRATION or rules.layers:
        checked = lvs.check(layout, cell, found, table=rules, name=table)
        result["others"] = list(checked.missing)
        result["lvs"] = {**checked.data(), "headline": checked.headline, "lines": checked.lines}
    if netlist is not None:
        if not (table == DEMONSTRATION or rules.layers):
            raise InputError(
                Finding(
                    f"the layers of {table} are not known, so nothing can be extracted",
                    netlist,
                    fix="extract with the tools of the process",
                )
            )
        result["extracted"] = {
            "netlist": str(netlist),
            "devices": write_extraction(layout, cell, rules, netlist, passive),
        }
        result["unextracted"] = [one.label for one in passive if one.model]
    options = pya.SaveLayoutOptions()
    options.set_format_from_filename(str(out))
    try:
        write_file(out, lambda path: layout.write(str(path), options))
    except RuntimeError as error:
        # KLayout's message for a disk that is full or read-only
        raise MissingError(
            f"{out}: the layout cannot be written: {error}\n    → make room, or write it elsewhere: --gds"
        ) from None
    return result


def tell(result: dict[str, Any]) -> None:
    """Print the result for people, on stderr."""
    if "placed" in result:
        say(f"placed {result['placed']} transistors")
    for line in result.get("changes", []):
        say(f"  {line}")
    for name, text in (
        ("missing", "not in the layout"),
        ("foreign", "not in the schematic"),
        ("others", "not drawn (no PCell)"),
        ("unextracted", "not extracted, as the value of a foundry's own device is that of its model"),
    ):
        if result.get(name):
            say(f"! {text}: {', '.join(result[name])}")
    for text in (*result.get("conflicts", []), *result.get("remarks", [])):
        say(f"! {text}")
    if "lvs" in result:
        say(result["lvs"]["headline"])
        for text in (*result["lvs"]["differences"], *result["lvs"]["lines"]):
            say(f"  {text}")
    if "extracted" in result:
        say(f"wrote {result['extracted']['netlist']}: {result['extracted']['devices']} devices, extracted by KLayout")
    say(f"wrote {result['layout']}")
