"""Drafting writes the spec.yaml that sizes a bare netlist, after one simulation of the netlist as it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from eda_agent.errors import Finding, InputError
from eda_agent.files import made_folder, write_text
from eda_agent.problem.draft import Answers, Draft, Guess, guesses_of, read_circuit, unequal_groups, write_draft
from eda_agent.problem.draft.bulks import wrong_bulks
from eda_agent.problem.draft.collapsed_corners import own_collapsed, words, working_spread
from eda_agent.problem.draft.drafted_corners import NOMINAL, check_set
from eda_agent.problem.draft.exchanged_inputs import exchanged_inputs
from eda_agent.problem.draft.extremes import Spread, spread_of
from eda_agent.problem.draft.further import with_decks
from eda_agent.problem.draft.own_results import Row
from eda_agent.problem.draft.possible import check_possible
from eda_agent.problem.draft.to_correct import marked
from eda_agent.problem.parallel import ignored_multipliers
from eda_agent.problem.spec import Problem
from eda_agent.record.export import with_fingers
from eda_agent.record.tables import read_cace
from eda_agent.run.draft_trial import loaded, trial_of
from eda_agent.run.own_deck import try_own_deck
from eda_agent.run.schematic import netlist_of_schematic
from eda_agent.run.targets import read_targets

NO_REFERENCE = (
    "at its own sizes the circuit is no reference: no value of them is a basis for a target; correct the circuit"
    " (inputs of its amplifier, start-up, supply) before it is sized"
)
UNKNOWN = (
    "the purpose of the circuit is unknown, so its targets do not ask for its work; name it with --kind, or write"
    " testbenches and specs"
)
FINGERS = (
    "the deck has devices of several fingers (nf > 1), whose model card is that of one finger's width; plain ngspice"
    " takes that of the total width and prints other numbers without the line  .option wnflag=1  in the deck"
)
Ask = Callable[[str, Sequence[Guess], Answers], "Answers | None"]
"""From the kind ("" if unknown), the guesses and the answers so far to the answers with the user's replies."""


def draft_spec(
    netlist: Path,
    out: Path | None = None,
    *,
    pdk: str | None = None,
    subckt: str | None = None,
    cace: Path | None = None,
    targets: Mapping[str, Mapping[str, object]] | None = None,
    force: bool = False,
    simulate: bool = True,
    answers: Answers | None = None,
    ask: Ask | None = None,
    decks: Sequence[Path] = (),
    corners: str | None = None,
) -> dict[str, Any]:
    """Draft, simulate once and write.

    Args:
        netlist: SPICE, CDL, or an xschem schematic.
        decks: further decks with testbenches of the same circuit.
        out: folder of the spec, or its file (`.yaml`); None for the netlist's folder.
        pdk: its name or file; None for the one whose devices the netlist uses.
        subckt: the subcircuit to size; None for the one that no other calls.
        cace: a CACE datasheet with targets.
        targets: metric → minimum and maximum, numbers in SI units or texts; they replace those of `cace`.
        force: replace an existing spec.
        simulate: measure the netlist's own sizes; otherwise targets are common values.
        answers: what the user says of the circuit.
        ask: is given the guesses of the draft and returns the user's answers to them, or None.
        corners: the set of corners (nominal, signoff, signoff_rc) that the spec simulates and in which its targets
            hold; None for nominal.

    Returns:
        what was written and found: `spec`, `netlist`, `kind` ("" if unknown), `pdk`, `subckt`, `changed`, `doubts`,
        `guessed` (what, value, why and how to change it), `noticed`, `broken` (why the
        circuit does not do its work at its own sizes), `untested` (testbenches that do not test),
        `faults` (what keeps the spec from loading), `roles`, `matched`, `measured` (spec → value in the nominal corner,
        None without a simulation), `results` (those of a designer's own deck, or None), `deck`.

    Raises:
        InputError: the netlist cannot be read, or a spec exists already.
    """
    if not netlist.exists():
        raise InputError(Finding("no such file", netlist, fix="check the path"))
    named = check_set(corners)
    target = _target(netlist, out)
    if target.exists() and not force:
        raise InputError(Finding("a spec already exists", target, fix="--force replaces it, --out writes elsewhere"))
    with made_folder(target.parent):
        return _drafted(netlist, target, pdk, subckt, cace, targets, answers, ask, decks, named, simulate=simulate)


def _target(netlist: Path, out: Path | None) -> Path:
    if out is not None and out.suffix in {".yaml", ".yml"} and not out.is_dir():
        return out
    return (out or netlist.parent) / "spec.yaml"


def _drafted(
    netlist: Path,
    target: Path,
    pdk: str | None,
    subckt: str | None,
    cace: Path | None,
    targets: Mapping[str, Mapping[str, object]] | None,
    answers: Answers | None,
    ask: Ask | None,
    decks: Sequence[Path],
    corners: str,
    *,
    simulate: bool,
) -> dict[str, Any]:
    folder = target.parent
    if netlist.suffix == ".sch":
        netlist = netlist_of_schematic(netlist, folder)
    draft = with_decks(read_circuit(netlist, folder, pdk, subckt, answers), decks)
    if ask is not None and (more := ask(draft.kind.name, guesses_of(draft, to_search=simulate), answers or Answers())):
        draft = with_decks(read_circuit(netlist, folder, pdk, subckt, more), decks)
    check_possible(draft)
    draft.corners = corners
    circuit = os.path.relpath(draft.source, folder)
    is_reference = draft.kind.name == "reference"
    broken = exchanged_inputs(draft.structure, draft.netlist, draft.subckt, draft.pdk) if is_reference else []
    draft.noticed += [*wrong_bulks(draft.structure), *broken, *unequal_groups(draft)]
    measured: dict[str, float | None] | None = None
    spread: Spread = {}
    untested, deck = set[str](), folder / draft.deck
    if draft.fallback_testbench and not deck.exists():
        # an existing spec holds the user's work
        write_text(deck, draft.fallback_testbench.deck)
    wanted = {**(read_cace(cace) if cace else {}), **read_targets(targets or {})}
    text = write_draft(draft, circuit, wanted=wanted)
    doubts, faults = list(draft.doubts), tuple[Finding, ...]()
    results = None
    if draft.own_bench is not None:
        results, faults, said = _try_own(draft, folder, text, simulate=simulate)
        measured = {name: row.value for rows in results.values() for name, row in rows.items()} if results else None
        draft.doubts[:] = doubts
        draft.noticed += said
        text = write_draft(draft, circuit, results=results)
    elif draft.kind.benches or draft.fallback_testbench:
        trial = trial_of(draft, folder, circuit, wanted, simulate=simulate)
        problem, faults, found = trial.problem, trial.faults, trial.found
        draft.doubts[:] = doubts
        if problem is not None:
            draft.noticed += [*(note.message for note in problem.notes), *ignored_multipliers(problem)]
        if problem is not None and trial.values is not None and found is not None:
            # values from a testbench with a symptom are no basis for targets
            measured = {
                name: value for name, value in trial.values.items() if _bench(problem, name) not in found.testbenches
            }
            if corners != NOMINAL:
                known = [name for name, value in measured.items() if value is not None]
                spread, said = working_spread(problem, trial.everywhere or {}, known)
                draft.noticed += said
            draft.noticed += [*map(str, found.findings), *found.notes, *trial.words]
            broken += trial.refused
            if is_reference and found.shows("follows the supply"):
                # every testbench sees this state
                measured, spread = dict.fromkeys(measured), {}
                draft.noticed.append(NO_REFERENCE)
                broken.append(NO_REFERENCE)
            untested = {symptom.testbench for symptom in found.refused}
        text = write_draft(draft, circuit, measured, wanted, untested, spread)
    left = [NO_REFERENCE] if broken == [NO_REFERENCE] else []
    if not draft.kind.name and draft.own_bench is None:
        left.append(UNKNOWN)
    if untested:
        left.append(f"no test of the circuit: {', '.join(sorted(untested))}; correct it or its testbench")
    write_text(target, _with_faults(marked(text, left), faults))
    return {
        "spec": str(target),
        "netlist": str(draft.source),
        "kind": draft.kind.name,
        "pdk": draft.pdk.name,
        "subckt": draft.subckt,
        "changed": list(draft.changed),
        "doubts": doubts,
        "guessed": [vars(guess) for guess in guesses_of(draft)],
        "noticed": draft.noticed,
        "broken": broken,
        "untested": sorted(untested),
        "faults": [str(fault) for fault in faults],
        "roles": dict(draft.structure.roles),
        "matched": [list(group) for group in draft.structure.matched],
        "measured": measured,
        "results": None if results is None else measured,
        "deck": str(deck) if draft.fallback_testbench else None,
    }


def _try_own(
    draft: Draft, folder: Path, text: str, *, simulate: bool
) -> tuple[dict[str, dict[str, Row]] | None, tuple[Finding, ...], list[str]]:
    """(results of the designer's own decks at the netlist's own sizes, what keeps the spec from loading, remarks)."""
    trial = folder / ".draft.yaml"
    try:
        write_text(trial, text)
        problem, faults = loaded(trial, draft.source)
        if problem is None or not simulate:
            return None, faults, []
        tried = try_own_deck(problem)
    except InputError as error:
        # the draft is written all the same, with what is wrong
        return None, tuple(replace(one, file=draft.source, line=None) for one in error.findings), []
    finally:
        trial.unlink(missing_ok=True)
    rows = {}
    plain = {bench: {name: Row(*row) for name, row in found.items()} for bench, found in tried.results.items()}
    lost = own_collapsed(tried.everywhere, plain)
    for bench, found in plain.items():
        over = spread_of(tried.everywhere[bench], found, tuple(lost)) if len(problem.corners) > 1 else {}
        rows[bench] = {name: row._replace(over=over.get(name)) for name, row in found.items()}
    said = [*(note.message for note in problem.notes), *ignored_multipliers(problem), *tried.messages, *words(lost)]
    if with_fingers(draft.netlist_text + draft.netlist.text()) != draft.netlist_text + draft.netlist.text():
        said.append(FINGERS)
    return rows, (), said


def _with_faults(text: str, faults: Iterable[Finding]) -> str:
    """The spec with what keeps it from loading as comments at its top."""
    lines = [f"# to correct: {line}" for fault in faults for line in str(fault).splitlines()]
    return "\n".join([*lines, text])


def _bench(problem: Problem, name: str) -> str:
    return next(spec.testbench for spec in problem.specs if spec.name == name)
