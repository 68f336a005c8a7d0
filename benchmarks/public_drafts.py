"""Public drafts are AnalogGym's amplifiers as a user would bring them: `init` makes a spec of each netlist with its
design variables, with roles, ranges, testbenches and targets of its own. AnalogGym's testbenches are not used.

    python benchmarks/public_drafts.py ANALOGGYM DIR
    eda-agent bench DIR/drafts.yaml --policy auto,trust --budget 50 --seeds 3

The first command drafts and simulates each amplifier once; DIR/drafts.md says how far each draft carries and how long a
simulation takes. The second makes the table of policies; repeated, it continues.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from eda_agent.agent.score import score
from eda_agent.bench.public.analog_gym import circuits_of, netlist_of, root_of
from eda_agent.bench.public.imported import NotRunnable
from eda_agent.errors import EdaAgentError
from eda_agent.files import write_text
from eda_agent.problem.load import load_problem
from eda_agent.run.drafting import draft_spec
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench

_CLASS = "Amplifier"
_HEAD = (
    "| amplifier | kind | parameters | specs | met at its own sizes | without a value | s per simulation | what init says |"
    "\n| --- | --- | ---: | ---: | ---: | --- | ---: | --- |"
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Draft AnalogGym's amplifiers, as a suite for `bench`.")
    parser.add_argument("suite", type=Path, help="the folder of AnalogGym, as published")
    parser.add_argument("folder", type=Path, help="receives a folder for each amplifier")
    parser.add_argument("--only", default="", help="amplifiers with this in their names")
    options = parser.parse_args(arguments)
    root = root_of(options.suite)
    if root is None:
        parser.error(f"{options.suite} is not the folder of AnalogGym")
    rows, made = [], []
    names = [name for kind, name in circuits_of(root) if kind == _CLASS and options.only in name]
    with closing(LocalPool(1)) as pool:
        for name in names:
            row, drafted = drafted_row(root / _CLASS, name, options.folder / name, pool)
            print(row, flush=True)
            rows.append(row)
            made += [name] if drafted else []
    options.folder.mkdir(parents=True, exist_ok=True)
    write_text(
        options.folder / "drafts.yaml", "".join(["tasks:\n", *(f"  - {{spec: {one}/spec.yaml}}\n" for one in made)])
    )
    write_text(options.folder / "drafts.md", "\n".join([_HEAD, *rows, ""]))
    return 0 if made else 1


def drafted_row(place: Path, name: str, folder: Path, pool: LocalPool) -> tuple[str, bool]:
    """(row of the table, whether there is a spec) of an amplifier."""
    try:
        text = netlist_of(place, name)
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "circuit.spice", text)
        drafted = draft_spec(folder / "circuit.spice", folder, force=True)
        if drafted["faults"]:
            return f"| {name} | – |  |  |  |  |  | {'; '.join(drafted['faults'])} |", False
        problem = load_problem(folder / "spec.yaml")
        evaluator = Evaluator(problem, Workbench(problem, cache_folder() / "models"), pool, NoCache())
        # the first evaluation also starts the simulator
        for _ in range(2):
            found = evaluator.evaluate([problem.space.initial])[0]
    except (NotRunnable, EdaAgentError) as error:
        return f"| {name} | – |  |  |  |  |  | {' '.join(str(error).split())} |", False
    results = score(problem.specs, found).results
    unmeasured = ", ".join(one.spec for one in results if one.value is None)
    said = "; ".join([*drafted["doubts"], *drafted["untested"]])
    cells = (
        name,
        drafted["kind"] or "unknown",
        str(len(problem.space.parameters)),
        str(len(results)),
        str(sum(one.met for one in results)),
        unmeasured,
        f"{found.seconds:.2f}",
        said,
    )
    return f"| {' | '.join(cells)} |", True


if __name__ == "__main__":
    sys.exit(main())
