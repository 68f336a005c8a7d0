"""`eda-agent export`: write the sizes of a run as a netlist, a diff, a schematic or a layout."""

from __future__ import annotations

import argparse
import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eda_agent.cli.options import Commands

if TYPE_CHECKING:
    from eda_agent.problem.line_edit import Edit


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "export",
        help="write the sized netlist",
        description="Write the best sizes into the netlist. Comments and order are kept.",
    )
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("--turn", type=int, metavar="N", help="the turn whose sizes are written (default: the best)")
    parser.add_argument(
        "--sizes-only",
        action="store_true",
        help="add no fingers and junctions of the layout (nf, ad, as, pd, ps) to lines that have none",
    )
    parser.add_argument("--diff", action="store_true", help="write a diff against the original")
    parser.add_argument(
        "--xschem",
        type=Path,
        metavar="FILE",
        help="write the sizes into this schematic (.sch); the old file is kept as .bak",
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="output file of the netlist, the diff or the devices, or a folder, which gets NAME_sized.spice (default:"
        " stdout)",
    )
    parser.add_argument("--devices", action="store_true", help="write the sized transistors as JSON, for a layout")
    parser.add_argument(
        "--gds",
        "--oas",
        dest="layout",
        type=Path,
        metavar="FILE",
        help="write a first placement of the transistors, or with --into their new sizes",
    )
    parser.add_argument("--into", type=Path, metavar="LAYOUT", help="write the sizes into the PCells of this layout")
    parser.add_argument(
        "--extract",
        type=Path,
        metavar="FILE",
        help="with --gds: write the netlist that KLayout extracts from the layout, with the capacitance of its wires",
    )
    parser.add_argument("--cell", metavar="NAME", help="cell of the layout (default: the top cell)")
    parser.add_argument("--table", metavar="NAME", help="table of PCells: demonstration (default), a PDK's, or a file")
    parser.add_argument(
        "--engine",
        choices=("pcells", "glayout"),
        help="what draws a new layout: PCells (default), or glayout (docs/klayout.md) where it is installed",
    )
    parser.set_defaults(func=export_command)


def export_command(options: argparse.Namespace) -> int:
    """Write the sized netlist or a diff."""
    from eda_agent.cli.output_files import check_outputs
    from eda_agent.cli.say import say, write
    from eda_agent.cli.selection import problem_asked
    from eda_agent.errors import Finding, InputError
    from eda_agent.files import write_text
    from eda_agent.insight.devices import devices
    from eda_agent.problem.drawn import JUNCTIONS, SQUARES, Drawn
    from eda_agent.problem.parallel import parallel
    from eda_agent.record.export import netlist_diff, only_drawn, replaced_expressions, sized_netlist
    from eda_agent.record.export_note import turn_verdict, with_note
    from eda_agent.record.run_state import chosen_turn, load_state
    from eda_agent.record.standing import standing

    state = load_state(options.run)
    check_outputs(options)
    turn = chosen_turn(state, options.turn, options.run)
    if turn["sizing"] is None:
        raise InputError(Finding(f"turn {turn['index']} has no sizing", options.run))
    verdict = turn_verdict(turn, state.corners)
    if not turn["met"] and not options.devices:
        say(f"! turn {turn['index']} of {options.run}: {verdict}")
    problem = problem_asked(options.run, state)
    if options.devices or options.layout is not None:
        return _export_layout(options, {**devices(problem, turn["sizing"]), "standing": standing(state, turn)})
    drawn = Drawn(problem)
    apart = parallel(replace(problem, netlist=drawn.netlist), drawn.edits(turn["sizing"]))
    if options.xschem is not None:
        for scope, device in {**apart.copies, **apart.left}:
            say(
                f"! {scope} {device}: plain ngspice ignores its m=, so ngspice simulates another circuit from the"
                " schematic"
            )
        # a schematic works its areas out of the fingers
        worked_out = {*JUNCTIONS, *SQUARES}
        values = {
            edit: value for edit, value in drawn.written(turn["sizing"]).items() if edit.attribute not in worked_out
        }
        return _export_xschem(options.xschem, values)
    for line in apart.left:
        say(f"! {apart.remarks[line]}")
    if not options.sizes_only and (alone := only_drawn(problem, turn["sizing"])):
        say(
            f"! {', '.join(alone)}: sizes unchanged; they get the fingers and junctions that were simulated (layout: in"
            " the spec); --sizes-only leaves these out"
        )
    if fixed := replaced_expressions(problem, turn["sizing"], drawn=not options.sizes_only):
        say(f"! {', '.join(fixed)}: a number on the layout's grid replaces the expression of the netlist")
    text = (netlist_diff if options.diff else sized_netlist)(problem, turn["sizing"], drawn=not options.sizes_only)
    if not options.diff:
        text = with_note(text, options.run.resolve().name, turn["index"], verdict)
    if options.out is None:
        write(text)
    else:
        path = _output(options.out, problem.netlist.lines[0].file if problem.netlist.lines else None, options.diff)
        write_text(path, text)
        say(f"wrote {path}")
    return 0


def _output(asked: str, netlist: Path | None, diff: bool) -> Path:
    """The file to write: in a folder, one that has the netlist's name and does not replace the netlist."""
    source = Path("netlist.spice") if netlist is None else netlist
    return _folder_or_file(asked, f"{source.stem}.diff" if diff else f"{source.stem}_sized{source.suffix or '.spice'}")


def _folder_or_file(asked: str, name: str) -> Path:
    """The file that --out names, or a file of this name in the folder that it names, which is made."""
    path = Path(asked)
    if not asked.endswith(("/", os.sep)) and not path.is_dir():
        return path
    path.mkdir(parents=True, exist_ok=True)
    return path / name


def _write_devices(path: Path, found: dict[str, Any]) -> None:
    import json

    from eda_agent.cli.say import say
    from eda_agent.files import write_text

    write_text(path, json.dumps(found, allow_nan=False) + "\n")
    say(f"wrote {path}")


def _export_layout(options: argparse.Namespace, found: dict[str, Any]) -> int:
    """Write the devices as JSON, or a layout. Return 1 if LVS finds a difference or a conflict remains."""
    from eda_agent.cli.layout import DEMONSTRATION, PCELLS, tell, write_layout
    from eda_agent.cli.render import print_json

    if options.layout is None:
        if options.out is None:
            print_json(found)
        else:
            _write_devices(_folder_or_file(options.out, f"{found['name']}_devices.json"), found)
        return 0
    table, engine = options.table or DEMONSTRATION, options.engine or PCELLS
    result = write_layout(found, options.layout, options.into, table, options.cell, options.extract, engine)
    tell(result)
    return 0 if result.get("lvs", {"devices_match": True})["devices_match"] and not result.get("conflicts") else 1


def _export_xschem(path: Path, values: dict[Edit, float]) -> int:
    """Write sizes into a schematic, keep the old file beside it, and print the difference."""
    import difflib

    from eda_agent.cli.say import say, write
    from eda_agent.files import write_text
    from eda_agent.record.xschem import write_sizes

    text, missing = write_sizes(path, values)
    old = path.read_text(encoding="utf-8")
    for name in missing:
        say(f"! {path}: {name} was not found")
    if text == old:
        say(f"{path}: nothing to change")
        return 1 if missing else 0
    backup = path.with_name(path.name + ".bak")
    write_text(backup, old)
    write_text(path, text)
    write("".join(difflib.unified_diff(old.splitlines(True), text.splitlines(True), backup.name, path.name)))
    say(f"wrote {path}; undo: {shlex.join(['mv', str(backup), str(path)])}")
    return 1 if missing else 0
