"""Further benches are the other decks that a designer names with the first: each becomes a testbench of its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.problem.bench import read_bench
from eda_agent.problem.draft.circuit import Draft, library_files
from eda_agent.problem.draft.own_bench import NAME, OwnBench, compiled
from eda_agent.problem.names import name_from


def with_decks(draft: Draft, decks: Sequence[Path]) -> Draft:
    """A draft whose testbenches are these decks and its own, if that is one.

    Args:
        draft: of the first file: a deck, or the circuit alone.
        decks: the other files.

    Raises:
        InputError: a deck cannot be read, measures nothing, or does not call the circuit.
    """
    benches = {name_from(draft.source.stem): draft.own_bench} if draft.own_bench is not None else {}
    files = dict.fromkeys(benches, draft.source)
    for path in decks:
        name = _free(name_from(path.stem), benches)
        benches[name], files[name] = _read(path, draft, library_files()), path
    if len(benches) == 1:
        benches, files = {NAME: next(iter(benches.values()))}, {NAME: next(iter(files.values()))}
    first = next(iter(benches.values()), None)
    if first is None:
        return draft
    return replace(
        draft,
        own_bench=first,
        benches={name: bench for name, bench in benches.items() if bench is not None},
        decks=files,
        fallback_testbench=None,
        temperature=draft.temperature if draft.own_bench is not None else first.text.temperature,
    )


def _read(path: Path, draft: Draft, libraries: Collection[str]) -> OwnBench:
    if not path.is_file():
        raise InputError(Finding("no such file", path, fix="check the path"))
    text = read_bench(path, [path.parent, draft.source.parent], libraries)
    if not text.called() and not text.measures_itself:
        fix = f"name the circuit's file first:  eda-agent init {path.name} {draft.source.name}"
        raise InputError(Finding("this is no testbench: it calls no circuit", path, fix=fix))
    if not text.instances(draft.subckt):
        called = ", ".join(text.called()) or "no subcircuit"
        raise InputError(
            Finding(f"the deck does not call {draft.subckt}, the circuit of {draft.source.name}", path, read=called)
        )
    program = compiled(text)
    if program is None:
        raise InputError(
            Finding("the deck measures nothing", path, fix="add a .meas line, or print a number in a .control block")
        )
    return OwnBench(text, draft.netlist, draft.subckt, program)


def _free(name: str, taken: Collection[str]) -> str:
    number = 2
    chosen = name
    while chosen in taken:
        chosen, number = f"{name}_{number}", number + 1
    return chosen
