"""`eda-agent init`: draft a spec.yaml that runs from a netlist."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from eda_agent.cli.options import Commands, add_json

if TYPE_CHECKING:
    from eda_agent.problem.spec import Problem


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "init",
        help="draft a spec from a netlist",
        description="Recognise the circuit and propose parameters, testbenches and targets.",
    )
    parser.add_argument("netlist", type=Path, help="SPICE or CDL netlist, or an xschem schematic (.sch)")
    parser.add_argument(
        "--pdk", metavar="NAME", help="PDK name or file (default: the PDK whose devices the netlist uses)"
    )
    parser.add_argument(
        "--subckt", metavar="NAME", help="the subcircuit to size (default: the one that no other subcircuit calls)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="output file or folder of spec.yaml (default: beside the netlist)"
    )
    parser.add_argument("--force", action="store_true", help="replace an existing spec")
    parser.add_argument("--cace", type=Path, metavar="FILE", help="read targets from a CACE datasheet")
    parser.add_argument(
        "--no-sim", action="store_true", help="do not simulate; use common targets instead of measured ones"
    )
    add_json(parser)
    parser.set_defaults(func=init_command)


def init_command(options: argparse.Namespace) -> int:
    """Draft, simulate once and write. Return 0 if the draft can be sized, 1 if something must be filled in first."""
    from eda_agent import run
    from eda_agent.cli.render import print_json
    from eda_agent.errors import Finding, InputError
    from eda_agent.files import write_text
    from eda_agent.problem.draft import read_circuit, write_draft
    from eda_agent.record.tables import read_cace

    netlist = options.netlist
    if not netlist.exists():
        raise InputError(Finding("no such file", netlist, fix="check the path"))
    if netlist.suffix == ".sch":
        netlist = run.netlist_of_schematic(netlist, options.out or netlist.parent)
    folder = options.out or netlist.parent
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "spec.yaml"
    if target.exists() and not options.force:
        raise InputError(Finding("a spec already exists", target, fix="--force replaces it, --out writes elsewhere"))
    draft = read_circuit(netlist, folder, options.pdk, options.subckt)
    circuit = os.path.relpath(draft.source, folder)
    measured, untested, deck = None, set[str](), folder / draft.deck
    if draft.fallback_testbench and not deck.exists():
        # an existing spec holds the user's work
        write_text(deck, draft.fallback_testbench.deck)
    wanted = read_cace(options.cace) if options.cace else {}
    text = write_draft(draft, circuit, wanted=wanted)
    doubts = list(draft.doubts)
    if draft.kind.benches or draft.fallback_testbench:
        trial = folder / ".draft.yaml"
        try:
            write_text(trial, text)
            problem = _loaded(trial, draft.source, tolerant=options.no_sim)
            tried = run.try_out(problem) if problem is not None and not options.no_sim else None
        finally:
            trial.unlink(missing_ok=True)
        draft.doubts[:] = doubts
        if problem is not None:
            draft.noticed += [note.message for note in problem.notes]
        if problem is not None and tried is not None:
            values, found = tried
            # values from a testbench with a symptom are no basis for targets
            measured = {name: value for name, value in values.items() if _bench(problem, name) not in found.testbenches}
            draft.noticed += [*map(str, found.findings), *found.notes]
            untested = {symptom.testbench for symptom in found.refused}
        text = write_draft(draft, circuit, measured, wanted, untested)
    write_text(target, text)
    result: dict[str, object] = {
        "spec": str(target),
        "netlist": str(draft.source),
        "kind": draft.kind.name,
        "pdk": draft.pdk.name,
        "subckt": draft.subckt,
        "changed": list(draft.changed),
        "doubts": doubts,
        "noticed": draft.noticed,
        "untested": sorted(untested),
        "roles": dict(draft.structure.roles),
        "matched": [list(group) for group in draft.structure.matched],
        "measured": measured,
        "deck": str(deck) if draft.fallback_testbench else None,
    }
    if options.json:
        print_json(result)
    else:
        _report(result, measured)
    return 0 if draft.kind.name and not untested else 1


def _loaded(spec: Path, netlist: Path, *, tolerant: bool) -> Problem | None:
    """The draft as a problem, or None if it is incomplete and `tolerant`. Errors name the netlist, because the user has
    not seen the draft.
    """
    from eda_agent.errors import InputError
    from eda_agent.problem.load import load_problem

    try:
        return load_problem(spec)
    except InputError as error:
        if not tolerant:
            raise InputError(
                replace(one, file=netlist, line=None) if one.file == spec else one for one in error.findings
            ) from error
        return None


def _bench(problem: Problem, name: str) -> str:
    return next(spec.testbench for spec in problem.specs if spec.name == name)


def _report(result: dict[str, object], measured: Mapping[str, float | None] | None) -> None:
    from eda_agent.cli.render import console
    from eda_agent.cli.say import command

    screen = console()
    screen.print(f"{result['subckt']}: {result['kind'] or 'unknown kind of circuit'}, {result['pdk']}", markup=False)
    roles: dict[str, list[str]] = {}
    assert isinstance(result["roles"], dict)
    for name, role in result["roles"].items():
        roles.setdefault(role, []).append(name)
    width = max(map(len, roles), default=0)
    for role, names in roles.items():
        screen.print(f"  {role:<{width}}  {' '.join(names)}", markup=False, soft_wrap=True)
    for heading, key in (("changed", "changed"), ("noticed", "noticed"), ("could not tell", "doubts")):
        entries = result[key]
        assert isinstance(entries, list)
        for entry in entries:
            screen.print(f"! {heading}: {entry}", markup=False, soft_wrap=True)
    how = "targets are a step beyond the values of the netlist's sizes"
    if measured is None:
        how = "targets are common values, because nothing was simulated"
    elif not any(value is not None for value in measured.values()):
        how = "targets are common values, because the netlist's own sizes could not be measured"
    todo = ""
    if result["deck"]:
        screen.print(f"wrote {result['deck']} (no template fits: a first deck)", markup=False, soft_wrap=True)
    if result["untested"]:
        how, todo = "no targets: a testbench does not test the circuit", "correct the circuit or its testbench, then "
    if not result["kind"]:
        how, todo = "the purpose of the circuit is unknown", "write testbenches and specs, then "
    screen.print(
        f"wrote {result['spec']} ({how})\nnext   {todo}{command('check', result['spec'])}", markup=False, soft_wrap=True
    )
