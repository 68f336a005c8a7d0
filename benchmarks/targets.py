"""Writes circuits/*/targets.json: random targets under random conditions, each met by a sizing that is known.

    python benchmarks/targets.py [--count 40] [--pool 160] [CIRCUIT …]

A pool of designs (around the known sizing, and anywhere) is simulated under eight conditions: process × supply ×
temperature × load. A tight target is what one design measures, with a few percent of slack; a uniform one draws each
bound between what a tenth and three quarters of the working designs reach, and is kept if some design of the pool
meets it all. No design of the pool may meet more than a tenth of a circuit's targets, so that no portfolio of stored
designs can win.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from dataclasses import replace
from pathlib import Path

from eda_agent.problem.load import load_problem
from eda_agent.problem.target import Target, target_data
from eda_agent.run import open_evaluator
from eda_agent.train.designs import child, conditions, designs_around, draw_bounds, meets, not_dominated, works

CIRCUITS = Path(__file__).parent.parent / "circuits"
CONDITIONS, POOL, TARGETS = 8, 160, 40
SHARE = 0.1


def make(name: str, count: int = TARGETS, pool: int = POOL, rounds: int = 0) -> list[Target]:
    problem = load_problem(CIRCUITS / name)
    draw = random.Random(f"targets of {name}")
    known = json.loads((CIRCUITS / name / "known.json").read_text())["sizing"]
    problem = replace(
        problem,
        corners=tuple(conditions(problem, draw, CONDITIONS)),
        specs=tuple(replace(spec, corners=()) for spec in problem.specs),
    )
    designs = designs_around(problem, problem.space.snap(known), draw, pool)
    with open_evaluator(problem) as evaluator:
        found = evaluator.evaluate(designs)
        for number in range(rounds):
            # more of the trade-off: neighbours of the designs on its front
            parents = not_dominated(problem, [evaluation.values[f"c{number}"] for evaluation in found])
            children = [child(problem, designs[draw.choice(parents)], draw) for _ in range(pool)]
            designs += children
            found += evaluator.evaluate(children)
    rows = {corner.name: [evaluation.values[corner.name] for evaluation in found] for corner in problem.corners}
    good = {corner: [index for index, row in enumerate(table) if works(problem, row)] for corner, table in rows.items()}
    targets: list[Target] = []
    solved = [0] * len(designs)
    tries = 0
    while len(targets) < count and tries < 20_000:
        tries += 1
        kind = ("uniform", "tight")[len(targets) % 2]
        corner = draw.choice([corner for corner in problem.corners if len(good[corner.name]) >= 8])
        table, able = rows[corner.name], good[corner.name]
        bounds = draw_bounds(problem, kind, [table[index] for index in able], draw)
        if any(value <= 0 for spec in problem.specs for value in [bounds[spec.name]] if spec.metric.ramp == "log"):
            continue
        winners = [index for index, row in enumerate(table) if meets(problem, bounds, row)]
        if not [index for index in winners if index in able] or 1 in winners:
            continue
        if any(solved[index] + 1 > max(1, math.floor(SHARE * count)) for index in winners):
            continue
        for index in winners:
            solved[index] += 1
        proof = next(index for index in winners if index in able)
        targets.append(
            Target(f"{kind[0]}{len(targets):02d}", kind, replace(corner, name="target"), bounds, designs[proof])
        )
    if len(targets) < count and count > 10:
        # where one design beats most others few targets can be told apart: fewer, so that the share holds
        return make(name, count, pool, rounds + 2) if rounds < 4 else make(name, count // 2, pool, rounds)
    counts = [sum(target.kind == kind for target in targets) for kind in ("uniform", "tight")]
    print(
        f"{name}: {len(targets)} targets ({counts[0]} uniform, {counts[1]} tight) in {tries} tries; the best design"
        f" solves {max(solved)}; working designs {[len(v) for v in good.values()]}",
        flush=True,
    )
    return targets


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("circuits", nargs="*")
    parser.add_argument("--count", type=int, default=TARGETS, help="targets of each circuit")
    parser.add_argument("--pool", type=int, default=POOL, help="designs that are simulated under each condition")
    options = parser.parse_args()
    given = {"--count": (options.count, TARGETS), "--pool": (options.pool, POOL)}
    changed = [f"{option} {value}" for option, (value, default) in given.items() if value != default]
    names = options.circuits or sorted(path.parent.name for path in CIRCUITS.glob("*/known.json"))
    for name in names:
        targets = [target_data(target) for target in make(name, options.count, options.pool)]
        data = {"made_by": " ".join(["python benchmarks/targets.py", *changed]), "targets": targets}
        text = json.dumps(data, separators=(",", ":")).replace('{"name"', '\n{"name"')
        (CIRCUITS / name / "targets.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
