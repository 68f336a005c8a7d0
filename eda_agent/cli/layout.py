"""`eda-agent export RUN --gds`: write sizes into a layout, with the code of the KLayout plugin and without a window."""

from __future__ import annotations

import shutil
import tempfile
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
        import pya  # noqa: F401  # KLayout's library
    except ImportError:
        raise MissingError("layouts need KLayout's library\n    → pip install klayout") from None
    from eda_agent.klayout import export_job, glayout_engine, library, mos
    from eda_agent.klayout.table import TableError, read_table

    _check_files(out, source)
    mos.library()
    skipped, draw, elsewhere = [], None, None
    try:
        rules = read_table(table)
        if engine == GLAYOUT and (why := glayout_engine.absent(rules)):
            engine, skipped = PCELLS, [f"{why}; placed with PCells instead"]
        if engine == GLAYOUT:
            draw = partial(glayout_engine.place, tell=say)
        elif (elsewhere := _other_klayout(rules)) is None:
            rules = library.present(rules)
    except TableError as error:
        raise InputError("\n".join([*skipped, str(error)])) from None
    files = {"source": source, "netlist": netlist}
    try:
        if elsewhere is None:
            made = export_job.made(
                found, rules, table, str(source) if source else None, cell_name, netlist is not None, draw
            )
            result = made.result
            if netlist is not None:
                write_file(netlist, made.write_netlist)
            write_file(out, lambda path: made.write(path, out))
        else:
            result = _in_klayout(elsewhere, found, out, table, cell_name, files)
    except export_job.Refused as error:
        about = files.get(error.about)
        raise InputError(
            Finding(str(error), about, fix=error.fix) if about else "\n".join([*skipped, str(error)])
        ) from None
    except ValueError as error:
        raise InputError("\n".join([*skipped, str(error)])) from None
    except RuntimeError as error:
        # KLayout's message for a disk that is full or read-only
        raise MissingError(
            f"{out}: the layout cannot be written: {error}\n    → make room, or write it elsewhere: --gds"
        ) from None
    if netlist is not None:
        result["extracted"]["netlist"] = str(netlist)
    if source is None:
        result["engine"] = engine
    return {**result, "layout": str(out), "remarks": [*skipped, *result["remarks"]]}


def _check_files(out: Path, source: Path | None) -> None:
    """Raise `InputError` or `MissingError` for a layout that cannot be written there."""
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


def _other_klayout(rules: Any) -> str | None:
    """The installed KLayout, if the library of a table is not registered in this process."""
    from eda_agent.cli import klayout_process
    from eda_agent.klayout import library
    from eda_agent.klayout.table import TableError

    try:
        library.registered(rules)
    except TableError:
        return klayout_process.program()
    return None


def _in_klayout(
    klayout: str, found: dict[str, Any], out: Path, table: str, cell: str | None, files: dict[str, Path | None]
) -> dict[str, Any]:
    """The same by the installed KLayout. Raises `Refused` and `MissingError`."""
    from eda_agent.cli import klayout_process
    from eda_agent.klayout.export_job import Refused

    say(f"the PCells of {table} are drawn by {klayout}, without a window")
    with tempfile.TemporaryDirectory(prefix="eda-agent-export-") as name:
        folder = Path(name)
        drawn, netlist = folder / f"layout{out.suffix.lower()}", folder / "netlist.spice"
        job = {
            "found": found,
            "table": str(Path(table).resolve()) if table.endswith(".json") else table,
            "out": str(drawn),
            "source": str(files["source"].resolve()) if files["source"] else None,
            "cell": cell,
            "netlist": str(netlist) if files["netlist"] else None,
        }
        answer = klayout_process.done(klayout, job, folder)
        if "refused" in answer:
            raise Refused(answer["refused"], answer["about"], answer["fix"])
        if files["netlist"] is not None:
            write_file(files["netlist"], lambda path: shutil.copyfile(netlist, path))
        write_file(out, lambda path: shutil.copyfile(drawn, path))
    return answer


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
