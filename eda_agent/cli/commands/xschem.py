"""`eda-agent xschem`: menu entries in xschem, and notes in a schematic."""

from __future__ import annotations

import argparse
from pathlib import Path

from eda_agent.cli.options import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "xschem",
        help="menu entries in xschem; operating points in a schematic",
        description=(
            "install adds the menu eda-agent to xschem: size the open testbench, show the last run, write the sizes"
            " back, annotate. uninstall removes it. annotate writes operating points and measured values into a schematic."
        ),
    )
    inner = parser.add_subparsers(dest="do", required=True, metavar="install|uninstall|annotate")
    for name, words in (("install", "add the menu"), ("uninstall", "remove the menu")):
        one = inner.add_parser(name, help=words)
        one.add_argument("--rc", type=Path, metavar="FILE", help="rc file of xschem (default ~/.xschem/xschemrc)")
        one.set_defaults(func=menu_command)
    notes = inner.add_parser("annotate", help="write notes into a schematic, or remove them")
    notes.add_argument("schematic", type=Path, help="schematic (.sch); the old file is kept as .bak")
    what = notes.add_mutually_exclusive_group(required=True)
    what.add_argument("--run", type=Path, metavar="DIR", help="the run whose best turn is shown")
    what.add_argument("--remove", action="store_true", help="remove the notes")
    notes.set_defaults(func=annotate_command)


def menu_command(options: argparse.Namespace) -> int:
    """Add the menu to xschem's rc file, or remove it."""
    import shutil

    from eda_agent.cli.say import say
    from eda_agent.cli.xschem_rc import default_rc, install, uninstall
    from eda_agent.run.schematic import NEEDED, xschem_version

    rc = options.rc or default_rc()
    if options.do == "uninstall":
        say(f"removed from {rc}" if uninstall(rc) else f"{rc} has no menu of eda-agent")
        return 0
    say(f"wrote {install(rc)}\nadded to {rc}; start xschem again to see the menu eda-agent")
    program = shutil.which("xschem")
    version = xschem_version(program) if program else None
    if program is None:
        say("! xschem is not on the path")
    elif version is not None and version < NEEDED:
        shown, needed = (".".join(map(str, one)) for one in (version, NEEDED))
        say(f"! xschem {shown} is older than {needed}: it may not read schematics of today")
    say(f"a project with an xschemrc of its own needs this line in it:  source {rc}")
    return 0


def annotate_command(options: argparse.Namespace) -> int:
    """Write the notes of a run into a schematic, or remove them."""
    from eda_agent.cli.say import say
    from eda_agent.files import write_text
    from eda_agent.record.best_turn import best_turn
    from eda_agent.record.result import with_regions
    from eda_agent.record.run_state import load_state
    from eda_agent.record.xschem_notes import measured_rows, read_schematic, with_notes, without_notes

    path: Path = options.schematic
    old = read_schematic(path)
    if options.remove:
        text, said = without_notes(old), "removed the notes"
    else:
        state = load_state(options.run)
        turn = best_turn(state)
        points = with_regions(turn.get("evaluation", {}).get("operating_points", {}))
        text, count = with_notes(path, points, measured_rows(state, turn, str(state.started["problem"])))
        said = f"annotated {count} of {len(points)} transistors and {len(state.started['specs'])} specs"
    if text != old:
        write_text(path.with_name(f"{path.name}.bak"), old)
        write_text(path, text)
    say(f"{path}: {said}" if text != old else f"{path}: nothing to change")
    return 0
