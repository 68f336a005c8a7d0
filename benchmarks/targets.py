"""Writes circuits/*/targets.json: random targets under random conditions, each met by a sizing that is known.

    python benchmarks/targets.py [CIRCUIT …]

A pool of designs (around the known sizing, and anywhere) is simulated under eight conditions: process × supply × temperature × load.
A tight target is what one design measures, with a few percent of slack; a uniform one draws each bound between what a tenth and three
quarters of the working designs reach, and is kept if some design of the pool meets it all. No design of the pool may meet more than a tenth
of a circuit's targets, so that no portfolio of stored designs can win.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Corner, Problem, Spec
from eda_agent.problem.target import Target, target_data
from eda_agent.run import open_evaluator

CIRCUITS = Path(__file__).parent.parent / "circuits"
CONDITIONS, POOL, TARGETS = 8, 160, 40
SHARE = 0.1
Values = Mapping[str, float | None]


def conditions(problem: Problem, draw: random.Random) -> list[Corner]:
    """Random corners; loads between half and twice the spec's, where its testbenches have one load."""
    loads = {bench.settings["load"] for bench in problem.testbenches.values() if "load" in bench.settings}
    result = []
    for number in range(CONDITIONS):
        settings = {"load": float(f"{float(next(iter(loads))) * 2 ** draw.uniform(-1, 1):.3g}")} if len(loads) == 1 else {}
        process = draw.choice(list(problem.pdk.corners))
        vdd = round(problem.pdk.supply * draw.uniform(0.92, 1.1), 3)
        result.append(Corner(f"c{number}", process, vdd, round(draw.uniform(-20, 100), 1), settings))
    return result


def pool(problem: Problem, known: Mapping[str, float], draw: random.Random) -> list[dict[str, float]]:
    """Designs near the known one, farther from it, and anywhere."""
    center = problem.space.to_unit(known)
    designs = [dict(known), problem.space.initial]
    while len(designs) < POOL:
        spread = draw.choice((0.04, 0.08, 0.15, 0.3))
        if draw.random() < 0.1:
            point = [draw.random() for _ in center]
        else:
            point = [min(max(position + draw.gauss(0, spread) * (draw.random() < 0.6), 0.0), 1.0) for position in center]
        designs.append(problem.space.from_unit(point))
    return designs


def works(problem: Problem, row: Values) -> bool:
    """A design whose every spec can be measured, and that is stable."""
    margins = [row[spec.name] for spec in problem.specs if spec.metric.name in {"phase_margin", "gain_margin"}]
    return all(value is not None for value in row.values()) and all(
        value > (45 if value > 30 else 5) for value in margins if value is not None
    )


def slack(spec: Spec, value: float, draw: random.Random) -> float:
    """A bound that `value` meets with 2 to 8 % to spare (of 20 dB or of the value; 1 to 4 degrees)."""
    share = draw.uniform(0.02, 0.08)
    step = 20 * share if spec.metric.unit == "dB" else 50 * share if spec.metric.unit == "deg" else abs(value) * share
    return value - step if spec.minimum is not None else value + step


def between(spec: Spec, found: list[float], draw: random.Random) -> float:
    """A bound that between a quarter and nine tenths of the working designs meet."""
    easy, hard = sorted(found), draw.uniform(0.1, 0.75)
    if spec.minimum is None:
        easy.reverse()
    position = hard * (len(easy) - 1)
    low, high = easy[int(position)], easy[min(int(position) + 1, len(easy) - 1)]
    return low + (high - low) * (position - int(position))


def meets(problem: Problem, bounds: Mapping[str, float], row: Values) -> bool:
    return all(
        (value := row[spec.name]) is not None and (value >= bounds[spec.name] if spec.minimum is not None else value <= bounds[spec.name])
        for spec in problem.specs
    )


def not_dominated(problem: Problem, rows: list[Values]) -> list[int]:
    """Working designs that no other beats in every spec."""
    signs = {spec.name: 1.0 if spec.minimum is not None else -1.0 for spec in problem.specs}
    points = {
        index: [sign * float(row[name] or 0.0) for name, sign in signs.items()] for index, row in enumerate(rows) if works(problem, row)
    }
    return [
        index
        for index, point in points.items()
        if not any(other != point and all(b >= a for a, b in zip(point, other, strict=True)) for other in points.values())
    ]


def make(name: str, count: int = TARGETS, rounds: int = 0) -> list[Target]:
    problem = load_problem(CIRCUITS / name)
    draw = random.Random(f"targets of {name}")
    known = json.loads((CIRCUITS / name / "known.json").read_text())["sizing"]
    problem = replace(problem, corners=tuple(conditions(problem, draw)), specs=tuple(replace(spec, corners=()) for spec in problem.specs))
    designs = pool(problem, problem.space.snap(known), draw)
    with open_evaluator(problem) as evaluator:
        found = evaluator.evaluate(designs)
        for number in range(rounds):
            # more of the trade-off: neighbours of the designs on its front
            parents = not_dominated(problem, [evaluation.values[f"c{number}"] for evaluation in found])
            children = []
            for _ in range(POOL):
                point = problem.space.to_unit(designs[draw.choice(parents)])
                moved = [min(max(p + draw.gauss(0, 0.08) * (draw.random() < 0.4), 0.0), 1.0) for p in point]
                children.append(problem.space.from_unit(moved))
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
        if kind == "tight":
            chosen = draw.choice(able)
            bounds = {spec.name: slack(spec, float(table[chosen][spec.name] or 0.0), draw) for spec in problem.specs}
        else:
            bounds = {spec.name: between(spec, [float(table[index][spec.name] or 0.0) for index in able], draw) for spec in problem.specs}
        bounds = {key: float(f"{value:.4g}") for key, value in bounds.items()}
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
        targets.append(Target(f"{kind[0]}{len(targets):02d}", kind, replace(corner, name="target"), bounds, designs[proof]))
    if len(targets) < count and count > 10:
        # where one design beats most others few targets can be told apart: fewer, so that the share holds
        return make(name, count, rounds + 2) if rounds < 4 else make(name, count // 2, rounds)
    counts = [sum(target.kind == kind for target in targets) for kind in ("uniform", "tight")]
    print(
        f"{name}: {len(targets)} targets ({counts[0]} uniform, {counts[1]} tight) in {tries} tries; the best design solves {max(solved)}; working designs {[len(v) for v in good.values()]}",
        flush=True,
    )
    return targets


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("circuits", nargs="*")
    names = parser.parse_args().circuits or sorted(path.parent.name for path in CIRCUITS.glob("*/known.json"))
    for name in names:
        data = {"made_by": "python benchmarks/targets.py", "targets": [target_data(target) for target in make(name)]}
        text = json.dumps(data, separators=(",", ":")).replace('{"name"', '\n{"name"')
        (CIRCUITS / name / "targets.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
