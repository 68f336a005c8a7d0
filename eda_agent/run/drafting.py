"""Drafting writes the spec.yaml that sizes a bare netlist, after one simulation of the netlist as it is."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from eda_agent.errors import Finding, InputError
from eda_agent.files import write_text
from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.record.tables import read_cace
from eda_agent.run.evaluate_once import try_out
from eda_agent.run.schematic import netlist_of_schematic


def draft_spec(
    netlist: Path,
    out: Path | None = None,
    *,
    pdk: str | None = None,
    subckt: str | None = None,
    cace: Path | None = None,
    force: bool = False,
    simulate: bool = True,
) -> dict[str, Any]:
    """Draft, simulate once and write.

    Args:
        netlist: SPICE, CDL, or an xschem schematic.
        out: folder of the spec; None for the netlist's.
        pdk: its name or file; None for the one whose devices the netlist uses.
        subckt: the subcircuit to size; None for the one that no other calls.
        cace: a CACE datasheet with targets.
        force: replace an existing spec.
        simulate: measure the netlist's own sizes; otherwise targets are common values.

    Returns:
        what was written and found: `spec`, `netlist`, `kind` ("" if unknown), `pdk`, `subckt`, `changed`, `doubts`,
        `noticed`, `untested` (testbenches that do not test), `roles`, `matched`, `measured` (spec → value, None
        without a simulation), `deck`.

    Raises:
        InputError: the netlist cannot be read, or a spec exists already.
    """
    if not netlist.exists():
        raise InputError(Finding("no such file", netlist, fix="check the path"))
    if netlist.suffix == ".sch":
        netlist = netlist_of_schematic(netlist, out or netlist.parent)
    folder = out or netlist.parent
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "spec.yaml"
    if target.exists() and not force:
        raise InputError(Finding("a spec already exists", target, fix="--force replaces it, --out writes elsewhere"))
    draft = read_circuit(netlist, folder, pdk, subckt)
    circuit = os.path.relpath(draft.source, folder)
    measured, untested, deck = None, set[str](), folder / draft.deck
    if draft.fallback_testbench and not deck.exists():
        # an existing spec holds the user's work
        write_text(deck, draft.fallback_testbench.deck)
    wanted = read_cace(cace) if cace else {}
    text = write_draft(draft, circuit, wanted=wanted)
    doubts = list(draft.doubts)
    if draft.kind.benches or draft.fallback_testbench:
        trial = folder / ".draft.yaml"
        try:
            write_text(trial, text)
            problem = _loaded(trial, draft.source, tolerant=not simulate)
            tried = try_out(problem) if problem is not None and simulate else None
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
    return {
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


def _loaded(spec: Path, netlist: Path, *, tolerant: bool) -> Problem | None:
    """The draft as a problem, or None if it is incomplete and `tolerant`. Errors name the netlist, because the user has
    not seen the draft.
    """
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
