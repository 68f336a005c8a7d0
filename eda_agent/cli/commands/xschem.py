"""`eda-agent xschem`: menu entries in xschem, and notes in a schematic."""

from __future__ import annotations

import argparse
from pathlib import Path

from eda_agent.cli.options import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "xschem",
        help="add a menu to xschem; show operating points in a schematic",
        description=(
            "install adds the menu eda-agent to xschem: size the open testbench, show the last run, write the sizes"
            " back, annotate. uninstall removes it. annotate writes operating points and measured values into a"
            " schematic."
        ),
    )
    parser.add_argument(
        "do", choices=("install", "uninstall", "annotate"), help="add or remove the menu, or annotate a schematic"
    )
    parser.add_argument("schematic", type=Path, nargs="?", help="annotate: the schematic (.sch); kept as .bak")
    parser.add_argument("--rc", type=Path, metavar="FILE", help="rc file of xschem (default ~/.xschem/xschemrc)")
    parser.add_argument("--run", type=Path, metavar="DIR", help="annotate: the run whose best turn is shown")
    parser.add_argument("--remove", action="store_true", help="annotate: remove the notes")
    parser.set_defaults(func=xschem_command)


def xschem_command(options: argparse.Namespace) -> int:
    """Add or remove the menu, or write the notes of a run into a schematic."""
    from eda_agent.errors import InputError

    if options.do != "annotate":
        if options.schematic is not None:
            raise InputError(f"{options.do} takes no schematic\n    → eda-agent xschem {options.do}")
        return _menu(options)
    if options.schematic is None or (options.run is None) == (not options.remove):
        raise InputError("annotate needs a schematic and --run or --remove\n    → annotate ota.sch --run runs/ota")
    return _annotate(options)


def _menu(options: argparse.Namespace) -> int:
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


def _annotate(options: argparse.Namespace) -> int:
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
