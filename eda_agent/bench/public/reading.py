"""Reading a public suite: every circuit is imported, loaded and simulated once at its first sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from eda_agent.bench.public import analog_gym, sizing_bench
from eda_agent.bench.public.imported import Imported
from eda_agent.bench.suite import Suite
from eda_agent.errors import EdaAgentError, Finding, InputError
from eda_agent.files import write_text
from eda_agent.problem.load import load_problem
from eda_agent.run.own_deck import try_own_deck

OURS = "ours.yaml"
"""A suite of the circuits that a testbench of ours measures."""


def read_public(folder: Path, out: Path, tell: Callable[[str], None]) -> tuple[Suite, list[Imported]]:
    """The circuits of a public suite that run, and all of them with what keeps the others from it.

    Args:
        folder: of the user, with the suite's files as they are published; nothing in it is changed.
        out: receives a folder for each circuit.
        tell: is given the name of each circuit.

    Raises:
        InputError: the folder is not a known suite.
    """
    found: list[Imported] = []
    files = sizing_bench.files_of(folder)
    root = analog_gym.root_of(folder)
    for file in files:
        tell(file.stem)
        found.append(_tried(sizing_bench.import_file(file, out / file.stem)))
    if not files and root is not None:
        for kind, name in analog_gym.circuits_of(root):
            tell(name or kind)
            found.append(_tried(analog_gym.import_circuit(root, kind, name, out / name)))
    if not found:
        raise InputError(
            Finding(
                "this folder is no suite", folder, fix="the folder of AnalogGym or of AMS-SizingBench, as published"
            )
        )
    runs = tuple((one.spec, None) for one in found if one.spec is not None and not one.ours)
    if ours := [one.spec for one in found if one.spec is not None and one.ours]:
        lines = [f"  - {{spec: {spec.parent.name}/spec.yaml}}\n" for spec in ours]
        write_text(out / OURS, "tasks:\n" + "".join(lines))
    return Suite("sizing_bench" if files else "analog_gym", runs), found


def _tried(one: Imported) -> Imported:
    """The circuit with the values of its first sizes, or with the reason why it does not run."""
    if one.spec is None:
        return one
    try:
        problem = load_problem(one.spec)
        tried = try_own_deck(problem)
    except EdaAgentError as error:
        said = " ".join(str(error).replace(f"{one.spec.parent}/", "").split())
        return replace(one, spec=None, why=said[:300])
    values = {spec.name: tried.results[spec.testbench].get(spec.metric.name) for spec in problem.specs}
    if not any(values.values()):
        why = "; ".join(tried.messages[:2]) or "its testbench gives no number that its targets name"
        return replace(one, spec=None, why=f"no value at its first sizes: {why}"[:300])
    missing = [name for name, row in values.items() if row is None]
    for bench in problem.testbenches.values():
        known = bench.program.results if bench.program is not None else {}
        gave = tried.results.get(bench.name, {})
        missing += [name for name, what in known.items() if what != "let" and name not in {*gave, *missing}]
    remarks = (*one.remarks, *([f"no value at its first sizes: {', '.join(missing)}"] if missing else []))
    return replace(one, remarks=remarks, values={name: row[0] if row else None for name, row in values.items()})


def status_table(circuits: Sequence[Imported]) -> str:
    """A table in Markdown: which circuits run as they stand, and why the others do not."""
    lines = ["| circuit | runs | why not, or what is different |", "| --- | --- | --- |"]
    for one in circuits:
        runs = "no" if one.spec is None else "ours" if one.ours else "yes"
        lines.append(f"| {one.name} | {runs} | {one.why or '; '.join(one.remarks)} |")
    count = sum(one.spec is not None and not one.ours for one in circuits)
    lines += ["", f"{count} of {len(circuits)} circuits run as they stand."]
    if ours := sum(one.spec is not None and one.ours for one in circuits):
        have = "has a testbench" if ours == 1 else "have testbenches"
        lines += [f"{ours} more {have} of eda-agent: `eda-agent bench …/circuits/{OURS}`."]
    return "\n".join([*lines, ""])
