"""A run after layout simulates the schematic with the wire capacitances of an extraction, and starts from the drawn
sizes.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.problem.extracted.circuit import post_layout
from eda_agent.problem.extracted.wires import Wires, wires_from
from eda_agent.problem.spec import Problem
from eda_agent.record.fold import RunState, fold
from eda_agent.record.journal import read_journal
from eda_agent.run.request import Request


def with_estimate(problem: Problem, request: Request, state: RunState) -> tuple[Problem, tuple[str, ...]]:
    """The problem with the wires of a resumed run, or of the netlist of a new one, and remarks on them.

    Raises `InputError` if the netlist is not of this circuit, or if a netlist is given to a resumed run.
    """
    if state.started:
        if request.post_layout is not None:
            raise InputError(
                Finding(
                    "a run keeps the wires that it was started with",
                    request.out,
                    fix="leave --post-layout out, or start a new run",
                )
            )
        return replace(problem, wires=wires_from(state.started.get("wires"))), ()
    if request.post_layout is None:
        return problem, ()
    drawn = drawn_sizes(request, problem)
    post = post_layout(problem, drawn or problem.space.initial, request.post_layout, request.cell)
    wires = Wires(post.wires.pairs, str(request.post_layout.resolve()))
    return replace(problem, wires=wires), (*post.notes, wires_text(wires))


def wires_text(wires: Wires) -> str:
    """The wires that are simulated beside the netlist, as text."""
    return (
        f"simulated with {len(wires.pairs)} wire capacitances of {Path(wires.source).name}, {wires.total * 1e15:.4g} fF"
        " in all"
    )


def drawn_sizes(request: Request, problem: Problem) -> dict[str, float] | None:
    """The best sizes of the run that a request names as its spec; None if it names a spec."""
    journal = request.spec / "journal.jsonl"
    if request.post_layout is None or not journal.is_file():
        return None
    state = fold(read_journal(journal))
    best = state.best.get("sizing") or next((turn["sizing"] for turn in state.turns if turn["sizing"]), None)
    if best is None or set(best) != set(problem.space.names):
        raise InputError(
            Finding("the run has no sizes of this circuit", request.spec, fix="name the run whose layout was extracted")
        )
    return problem.space.snap(best)
