"""Making the universal surrogate's training records: evolved circuits, simulated piece by piece.

    python -m eda_agent.train.universal.make [--numbers 0:4000] [--part 0/2] [--seconds 480] [--out FOLDER]

Every number is a circuit (`topologies.evolve`). Existing records are not made again, so a stopped piece continues. A
circuit is kept if it simulates, enough of its designs work, and one of its best designs has none of the symptoms of a
testbench that does not test (`simulation.soundness`).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from eda_agent.agent.policies.universal_prior import BOUND
from eda_agent.errors import EdaAgentError
from eda_agent.files import json_line, read_json_lines
from eda_agent.problem.load import load_problem
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import MemoryCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.soundness.judgement import symptoms_of
from eda_agent.simulation.soundness.observation import observe
from eda_agent.simulation.workbench import Workbench
from eda_agent.train.designs import child, designs_around, not_dominated, works
from eda_agent.train.held_out import held_out_shapes
from eda_agent.train.pool import pool_problem
from eda_agent.train.topologies.cell import Cell
from eda_agent.train.topologies.compose import Topology
from eda_agent.train.topologies.evolve import VERSION, evolved, evolved_cell
from eda_agent.train.universal.record import POINT, Record, write_record

DESIGNS, FIRST, ABLE = 30, 10, 0.15
"""Number of designs of a circuit; number simulated first; share of all that must work."""
OFTEN = 2
"""Maximum number of circuits of one structure in one process."""
KEPT = 100
SEED = 77
JUDGED = 3
"""Maximum number of designs in which a circuit may show that its testbenches test it."""
DECISIVE = frozenset({"delay", "propagation_delay", "oscillation_frequency"})
"""Metrics of which a bound means that the circuit does not do its job: it never decides, or it does not oscillate."""


def default_folder() -> Path:
    return cache_folder() / "universal"


def make(numbers: Sequence[int], folder: Path, seconds: float, kinds: Sequence[str] = ()) -> Counter[str]:
    """Make the missing records of some numbers for `seconds`; returns the number of circuits by outcome. `kinds`: only
    these, if any
    are named.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = [row for path in sorted(folder.glob("made-*.jsonl")) for row in read_json_lines(path)]
    done = {row["number"] for row in known if row.get("version", 1) == VERSION}
    seen = Counter(row["key"] for row in known if row["end"] == "kept")
    ends: Counter[str] = Counter()
    begun = time.monotonic()
    # one file per process: two may run in parallel
    log = folder / f"made-{numbers[0]:06d}-{len(numbers)}.jsonl"
    with LocalPool(1) as workers, log.open("ab") as file:
        for number in numbers:
            if time.monotonic() - begun > seconds:
                break
            if number in done:
                continue
            if kinds and evolved_cell(number)[0].kind not in kinds:
                continue
            row = _one(number, folder, workers, seen)
            file.write(json_line(row).encode())
            file.flush()
            ends[row["end"]] += 1
            seen[row["key"]] += row["end"] == "kept"
    return ends


def _one(number: int, folder: Path, workers: LocalPool, seen: Counter[str]) -> dict[str, Any]:
    """Process one circuit; returns its entry in the list."""
    begun = time.monotonic()
    cell, topology = evolved(number)
    key = f"{cell.fingerprint} {cell.technology.pdk}"
    row = {
        "number": number,
        "version": VERSION,
        "kind": cell.kind,
        "pdk": cell.technology.pdk,
        "key": key,
        "devices": len(cell.devices),
        "made": list(cell.made),
    }
    if cell.fingerprint in held_out_shapes():
        return {**row, "end": "held out"}
    if seen[key] >= OFTEN:
        return {**row, "end": "seen"}
    try:
        found = simulated(cell, topology, folder / "circuits", workers, random.Random(f"designs of {topology.name}"))
    except EdaAgentError as error:
        return {
            **row,
            "end": "refused",
            "why": str(error).splitlines()[0][:200],
            "seconds": round(time.monotonic() - begun, 2),
        }
    if isinstance(found, str):
        return {**row, "end": found, "seconds": round(time.monotonic() - begun, 2)}
    write_record(folder / "records" / f"{topology.name}.npz", found)
    return {**row, "end": "kept", "seconds": round(time.monotonic() - begun, 2)}


def simulated(cell: Cell, topology: Topology, folder: Path, workers: LocalPool, draw: random.Random) -> Record | str:
    """The record of a circuit, or the reason why it has none."""
    base = load_problem(topology.write(folder))
    problem = _short(pool_problem(base, 1, SEED))
    corner = problem.corners[0].name
    evaluator = Evaluator(
        problem, Workbench(problem, cache_folder() / "models"), workers, MemoryCache(KEPT), points_everywhere=True
    )
    chosen = designs_around(problem, problem.space.initial, draw, FIRST)
    found = evaluator.evaluate(chosen, [corner])
    if not any(_works(problem, one) for one in found):
        return "nothing works"
    while len(chosen) < DESIGNS:
        # a third of the others lie around the netlist's own sizes, the rest around the best so far
        working = [place for place, one in enumerate(found) if _works(problem, one)]
        parents = [working[best] for best in not_dominated(problem, [found[place].values[corner] for place in working])]
        more = designs_around(problem, chosen[draw.choice(parents)], draw, FIRST // 2 + 2)[2:]
        more += [child(problem, chosen[draw.choice(parents)], draw) for _ in range(FIRST // 2)]
        chosen, found = chosen + more, found + evaluator.evaluate(more, [corner])
    able = [place for place, one in enumerate(found) if _works(problem, one)]
    if len(able) < ABLE * len(found):
        return "little works"
    best = not_dominated(problem, [found[place].values[corner] for place in able])
    judged = [chosen[able[place]] for place in reversed(best)][:JUDGED]
    if not any(_sound(evaluator, design, corner) for design in judged):
        return "unsound"
    fets = tuple(label for _, _, label in evaluator.workbench.mosfets)
    return Record(
        topology,
        cell.kind,
        cell.fingerprint,
        problem.corners[0],
        fets,
        sizes=np.array([[design[name] for name in problem.space.names] for design in chosen]),
        values=np.array([[_number(one.values[corner][name]) for name in problem.spec_names] for one in found]),
        bounds=np.array(
            [[BOUND[one.bounds.get((corner, name), "")] for name in problem.spec_names] for one in found], np.int8
        ),
        failed=np.array([bool(one.failures) for one in found]),
        points=np.array([[_point(one, label) for label in fets] for one in found], np.float32),
    )


def _short(problem: Problem) -> Problem:
    """The problem without extended transients: a value beyond the initial length is a bound, which is enough for
    training. Designs that
    never settle took most of the time otherwise.
    """
    benches = {
        name: replace(
            bench, grows={setting: factors for setting, factors in bench.grows.items() if setting.startswith("f_")}
        )
        for name, bench in problem.testbenches.items()
    }
    return replace(problem, testbenches=benches)


def _sound(evaluator: Evaluator, design: Sizing, corner: str) -> bool:
    return not any(symptoms_of(observe(evaluator, [design], corner)[0]))


def _works(problem: Problem, one: Evaluation) -> bool:
    decided = not any(
        spec.metric.name in DECISIVE and (corner, spec.name) in one.bounds
        for spec in problem.specs
        for corner in one.values
    )
    return decided and not one.failures and works(problem, next(iter(one.values.values())))


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _point(one: Evaluation, label: str) -> list[float]:
    found = one.operating_points.get(label)
    return [np.nan] * len(POINT) if found is None else [getattr(found, name) for name in POINT]


def summary(folder: Path) -> str:
    """Numbers of tried and kept circuits and of their structures, by kind, and the yield of every mutation."""
    rows = [row for path in sorted(folder.glob("made-*.jsonl")) for row in read_json_lines(path)]
    tried, kept = Counter[str](), Counter[str]()
    shapes: dict[str, set[str]] = {}
    made, lived = Counter[str](), Counter[str]()
    for row in rows:
        if row["end"] in ("seen", "held out"):
            continue
        tried[row["kind"]] += 1
        kept[row["kind"]] += row["end"] == "kept"
        for name in set(row["made"]):
            made[name] += 1
            lived[name] += row["end"] == "kept"
        if row["end"] == "kept":
            shapes.setdefault(row["kind"], set()).add(row["key"].split()[0])
    lines = [
        f"{kind}: {tried[kind]} tried, {kept[kind]} kept ({kept[kind] / tried[kind]:.0%}), {len(shapes.get(kind, ()))}"
        " structures"
        for kind in sorted(tried)
    ]
    lines += [f"  {name}: {made[name]} tried, {lived[name] / made[name]:.0%} kept" for name in sorted(made)]
    lines += [json.dumps(Counter(row["end"] for row in rows))]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m eda_agent.train.universal.make", description="Simulate circuits for the universal surrogate."
    )
    parser.add_argument("--numbers", default="0:4000", help="FIRST:END, the circuits (default %(default)s)")
    parser.add_argument("--part", default="0/1", help="PART/PARTS, for parallel processes (default %(default)s)")
    parser.add_argument("--kinds", default="", help="only these kinds, separated by commas (default: all)")
    parser.add_argument(
        "--seconds",
        type=float,
        default=480,
        help="time in s after which no other circuit is started (default %(default)s)",
    )
    parser.add_argument("--out", type=Path, default=None, help="folder of the records (default: in the user's cache)")
    parser.add_argument("--summary", action="store_true", help="only say what was made")
    options = parser.parse_args(arguments)
    folder = options.out or default_folder()
    if not options.summary:
        first, end = (int(text) for text in options.numbers.split(":"))
        part, parts = (int(text) for text in options.part.split("/"))
        make(
            range(first + part, end, parts),
            folder,
            options.seconds,
            [kind for kind in options.kinds.split(",") if kind],
        )
    sys.stdout.write(summary(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
