"""`eda-agent init`: draft a spec.yaml that runs from a netlist."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eda_agent.cli.init_options import add_answers, answers_of
from eda_agent.cli.options import Commands, add_json

if TYPE_CHECKING:
    from rich.console import Console


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "init",
        help="draft a spec from a netlist",
        description="Recognise the circuit and propose parameters, testbenches and targets.",
    )
    parser.add_argument(
        "netlist",
        type=Path,
        help="SPICE or CDL netlist, testbench, xschem schematic (.sch), or CACE datasheet (.yaml)",
    )
    parser.add_argument("decks", type=Path, nargs="*", metavar="DECK", help="further testbenches of the same circuit")
    parser.add_argument(
        "--pdk", metavar="NAME", help="PDK name or file (default: the PDK whose devices the netlist uses)"
    )
    parser.add_argument(
        "--subckt", metavar="NAME", help="the subcircuit to size (default: the one that no other subcircuit calls)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="folder of spec.yaml, or a file NAME.yaml (default: beside the netlist)",
    )
    parser.add_argument("--force", action="store_true", help="replace an existing spec")
    parser.add_argument("--cace", type=Path, metavar="FILE", help="read targets from a CACE datasheet")
    parser.add_argument(
        "--corners",
        choices=("nominal", "signoff", "signoff_rc"),
        help="the corners that the spec simulates and in which its targets hold (default: nominal)",
    )
    parser.add_argument(
        "--no-sim", action="store_true", help="do not simulate; use common targets instead of measured ones"
    )
    add_answers(parser)
    add_json(parser)
    parser.set_defaults(func=init_command)


def init_command(options: argparse.Namespace) -> int:
    """Draft, simulate once and write. Return 0 if the draft can be sized, 1 if something must be filled in first."""
    from eda_agent.cli.init_questions import asks, question
    from eda_agent.errors import InputError
    from eda_agent.problem.cace.datasheet import is_datasheet
    from eda_agent.run.cace_drafting import draft_from_datasheet
    from eda_agent.run.drafting import draft_spec

    if is_datasheet(options.netlist):
        if options.corners is not None:
            raise InputError("--corners: a datasheet has corners of its own\n    → leave --corners out")
        result = draft_from_datasheet(
            options.netlist,
            options.out,
            pdk=options.pdk,
            force=options.force,
            simulate=not options.no_sim,
            answers=answers_of(options),
        )
        return _shown(options, result)
    result = draft_spec(
        options.netlist,
        options.out,
        pdk=options.pdk,
        subckt=options.subckt,
        cace=options.cace,
        force=options.force,
        simulate=not options.no_sim,
        answers=answers_of(options),
        ask=question if asks(options) else None,
        decks=options.decks,
        corners=options.corners,
    )
    return _shown(options, result)


def _shown(options: argparse.Namespace, result: Mapping[str, Any]) -> int:
    """Show what was drafted; the exit status."""
    from eda_agent.cli.render import print_json

    if options.json:
        print_json(result)
    else:
        _report(result, options.corners or "nominal")
    if result["faults"]:
        return 2
    if result.get("broken"):
        return 1
    # a designer's own deck says what is asked for, whatever the circuit is
    return 0 if (result["kind"] or result["results"]) and not result["untested"] else 1


def _report(result: Mapping[str, Any], corners: str) -> None:
    from eda_agent.cli.render import console
    from eda_agent.cli.say import command
    from eda_agent.units import counted

    screen = console()
    screen.print(f"{result['subckt']}: {result['kind'] or 'unknown kind of circuit'}, {result['pdk']}", markup=False)
    roles: dict[str, list[str]] = {}
    for name, role in result["roles"].items():
        roles.setdefault(role, []).append(name)
    width = max(map(len, roles), default=0)
    for role, names in roles.items():
        screen.print(f"  {role:<{width}}  {' '.join(names)}", markup=False, soft_wrap=True)
    for heading, key in (("changed", "changed"), ("noticed", "noticed"), ("could not tell", "doubts")):
        for entry in result[key]:
            screen.print(f"! {heading}: {entry}", markup=False, soft_wrap=True)
    _guessed(screen, result["guessed"])
    measured = result["measured"]
    where = "in the nominal corner; --corners signoff drafts them for the sign-off corners"
    where = where if corners == "nominal" else f"in the worst of the corners {corners}"
    how = f"targets are a step beyond the values of the netlist's sizes {where}"
    if any("sizing starts at" in entry for entry in result["noticed"]):
        how = "targets are a step beyond the values of the first sizing, which is not the netlist's: see above"
    if measured is None:
        how = "targets are common values, because nothing was simulated"
    elif not any(value is not None for value in measured.values()):
        how = "targets are common values, because the netlist's own sizes could not be measured"
    todo = ""
    if result["deck"]:
        screen.print(f"wrote {result['deck']} (no template fits: a first deck)", markup=False, soft_wrap=True)
    if result["untested"]:
        how, todo = "no targets: a testbench does not test the circuit", "correct the circuit or its testbench, then "
    if result["results"]:
        how = f"your deck is the testbench; targets are a step beyond its {counted(len(result['results']), 'result')}"
        how = "testbenches, corners and targets are those of the datasheet" if result.get("datasheet") else how
    elif result.get("broken"):
        why = "the circuit does not regulate"
        if all("cannot be simulated" in entry for entry in result["broken"]):
            why = result["broken"][0]
        how, todo = f"no targets of its own sizes: {why}", "correct the circuit, then "
    elif not result["kind"]:
        how, todo = "the purpose of the circuit is unknown", "--kind names it; or write testbenches and specs, then "
    if result["faults"]:
        how, todo = "it does not load yet: see below and its first lines", "correct it, then "
    screen.print(
        f"wrote {result['spec']} ({how})\nnext   {todo}{command('check', result['spec'])}", markup=False, soft_wrap=True
    )
    for fault in result["faults"]:
        screen.print(f"! to correct: {fault}", markup=False, soft_wrap=True)


def _guessed(screen: Console, guesses: Sequence[Mapping[str, str]]) -> None:
    """A table of what was guessed: what, value, why, and how to change it."""
    rows = []
    for guess in guesses:
        option = f"{guess['option']} {guess['key']}=…" if guess["key"] else f"{guess['option']} …"
        rows.append((guess["what"], guess["value"], guess["why"], option if guess["option"] else guess["place"]))
    if not rows:
        return
    wide = [max(len(row[column]) for row in rows) for column in range(4)]
    screen.print("guessed (change it with the option, or in the spec):", markup=False)
    for row in rows:
        cells = "  ".join(cell.ljust(size) for cell, size in zip(row, wide, strict=True))
        screen.print(f"  {cells}".rstrip(), markup=False, soft_wrap=True)
