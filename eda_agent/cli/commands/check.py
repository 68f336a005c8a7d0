"""`eda-agent check`: read a spec and its files, elaborate the circuit and cut its models; simulate the netlist's own
sizes only to see whether they oscillate.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from eda_agent.cli.options import Commands, add_json

if TYPE_CHECKING:
    from eda_agent.problem.spec import Problem

REFERENCES = frozenset({"reference", "reference_line", "reference_startup"})
"""Templates of voltage references."""


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "check",
        help="find faults before anything is sized",
        description=(
            "Read a spec and every file that it names. Report all faults at once. The netlist's own sizes are simulated"
            " once, in the first corner, to say whether the circuit oscillates."
        ),
    )
    parser.add_argument("spec", type=Path, help="spec.yaml, its folder, or the name of a shipped circuit")
    parser.add_argument("--no-simulation", action="store_true", help="only read")
    add_json(parser)
    parser.set_defaults(func=check_command)


def check_command(options: argparse.Namespace) -> int:
    """Return 0 if a run can start, 1 if the circuit cannot work or be simulated at any size, or if its draft says that
    something is to be corrected first; raise errors of a run.
    """
    from rich.text import Text

    from eda_agent.cli.render import console, print_json
    from eda_agent.cli.say import command
    from eda_agent.problem.draft.to_correct import left_to_correct
    from eda_agent.problem.drawn_sizes import drawn_sizes
    from eda_agent.problem.load import load_problem
    from eda_agent.problem.load_corners import SETS
    from eda_agent.problem.model_sources import model_sources
    from eda_agent.problem.parallel import parallel
    from eda_agent.record.labels import parameter_table, spec_table
    from eda_agent.run.stability_check import Trial, tried
    from eda_agent.simulation.cache import cache_folder
    from eda_agent.simulation.workbench import Workbench
    from eda_agent.units import counted

    problem = load_problem(options.spec)
    workbench = Workbench(problem, cache_folder() / "models")
    trial = Trial() if options.no_simulation else tried(problem)
    unsteady, wrong = trial.unsteady, [*broken_reference(problem), *left_to_correct(problem.path), *trial.refused]
    if options.json:
        print_json(
            {
                "ok": not wrong,
                "wrong": wrong,
                "name": problem.name,
                "pdk": problem.pdk.name,
                "models": ", ".join(model_sources(problem)),
                "parameters": len(problem.space.parameters),
                "specs": list(problem.spec_names),
                "corners": [corner.name for corner in problem.corners],
                "decks": len(workbench.decks),
                "devices": len(workbench.mosfets),
                "notes": [*(str(note) for note in problem.notes), *unsteady],
                "tables": {
                    "specs": spec_table(problem),
                    "parameters": [
                        {**row, "initial": problem.space.initial[row["name"]]} for row in parameter_table(problem)
                    ],
                    "drawn": drawn_sizes(problem),
                    "corner_sets": list(SETS),
                    "budget": problem.budget.simulations,
                },
            }
        )
        return int(bool(wrong))
    screen = console(to_stdout=True)
    sizes = {
        "parameter": len(problem.space.parameters),
        "spec": len(problem.specs),
        "corner": len(problem.corners),
        "MOSFET": len(workbench.mosfets),
    }
    screen.print(f"{problem.name}: {', '.join(counted(size, noun) for noun, size in sizes.items())}", markup=False)
    screen.print(f"models {problem.pdk.title} from {', '.join(model_sources(problem))}", markup=False, soft_wrap=True)
    benches = ", ".join(
        f"{bench.name} ({' '.join(analysis.kind for analysis in bench.analyses)})"
        for bench in problem.testbenches.values()
    )
    screen.print(f"testbenches {benches}: {counted(len(workbench.decks), 'deck')} a turn", markup=False)
    for spec in problem.specs:
        if spec.devices:
            screen.print(
                f"{spec.name}: {' '.join(spec.devices)}, operating point of {spec.testbench}",
                markup=False,
                soft_wrap=True,
            )
    for note in problem.notes:
        screen.print(f"! {note}", markup=False, soft_wrap=True)
    for said in unsteady:
        screen.print(Text("!", "yellow"), said, markup=False, soft_wrap=True)
    for remark in parallel(problem, problem.space.edits(problem.space.initial)).remarks.values():
        screen.print(f"! the exported netlist: {remark}", markup=False, soft_wrap=True)
    if workbench.hierarchical:
        screen.print(
            f"note: {workbench.hierarchical} prevents elaboration, so ngspice reads the circuit again in every turn"
            f" (slower)\n  → {remedy(workbench.hierarchical)}",
            markup=False,
            soft_wrap=True,
        )
    if wrong:
        for one in wrong:
            screen.print(Text("✗", "red"), one, soft_wrap=True)
        return 1
    screen.print(Text("✓", "green"), f"ready: {command('size', options.spec)}", soft_wrap=True)
    return 0


def broken_reference(problem: Problem) -> list[str]:
    """Why a reference does not regulate at any size, by its connections; [] for other circuits."""
    from eda_agent.problem.draft.exchanged_inputs import exchanged_inputs
    from eda_agent.problem.structure import recognise

    if not any(bench.template in REFERENCES for bench in problem.testbenches.values()):
        return []
    structure = recognise(problem.netlist, problem.subckt, problem.pdk)
    return exchanged_inputs(structure, problem.netlist, problem.subckt, problem.pdk)


def remedy(reason: str) -> str:
    """What to change in a netlist that does not elaborate. `reason`: as the workbench gives it."""
    kind, _, what = reason.partition(" ")
    if what == ".global":
        return "give its nets to every cell that uses them as ports, and remove the card"
    if kind == "card":
        return f"take {what} out of the netlist if the circuit does not need it"
    if kind == "value":
        return "write it as a number or as arithmetic with .param names"
    return "a subcircuit of its own, or M, R, C, L, V, I, D or a foundry's device in its place, elaborates"
