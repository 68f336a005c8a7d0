"""Designs, and targets that one of them is known to meet: the basis of random targets, in training and in suites."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from eda_agent.problem.spec import Corner, Problem, Spec

Values = Mapping[str, float | None]


def conditions(
    problem: Problem, draw: random.Random, count: int, ranges: Mapping[str, tuple[float, float]] | None = None
) -> list[Corner]:
    """Random corners c0, c1, …; loads between half and twice the spec's, if its testbenches have one load.

    `ranges` (SI units): vdd and temperature are drawn uniformly, settings of the testbenches on a log scale.
    """
    ranges = ranges or {}
    loads = {bench.settings["load"] for bench in problem.testbenches.values() if "load" in bench.settings}
    cold, hot = ranges.get("temperature", (-20.0, 100.0))
    result = []
    for number in range(count):
        settings = (
            {"load": float(f"{float(next(iter(loads))) * 2 ** draw.uniform(-1, 1):.3g}")} if len(loads) == 1 else {}
        )
        process = draw.choice(list(problem.pdk.corners))
        vdd = round(
            draw.uniform(*ranges["vdd"]) if "vdd" in ranges else problem.pdk.supply * draw.uniform(0.92, 1.1), 3
        )
        temperature = round(draw.uniform(cold, hot), 1)
        for name, (low, high) in ranges.items():
            if name not in {"vdd", "temperature"}:
                settings[name] = float(f"{low * (high / low) ** draw.random():.3g}")
        result.append(Corner(f"c{number}", process, vdd, temperature, settings))
    return result


def designs_around(
    problem: Problem, known: Mapping[str, float], draw: random.Random, count: int
) -> list[dict[str, float]]:
    """The known design, the netlist's own, and others near the known one, farther from it, and anywhere."""
    center = problem.space.to_unit(known)
    designs = [dict(known), problem.space.initial]
    while len(designs) < count:
        spread = draw.choice((0.04, 0.08, 0.15, 0.3))
        if draw.random() < 0.1:
            point = [draw.random() for _ in center]
        else:
            point = [
                min(max(position + draw.gauss(0, spread) * (draw.random() < 0.6), 0.0), 1.0) for position in center
            ]
        designs.append(problem.space.from_unit(point))
    return designs


def works(problem: Problem, row: Values) -> bool:
    """Whether every spec of a design can be measured and it is stable."""
    margins = [row[spec.name] for spec in problem.specs if spec.metric.name in {"phase_margin", "gain_margin"}]
    return all(value is not None for value in row.values()) and all(
        value > (45 if value > 30 else 5) for value in margins if value is not None
    )


def slack(spec: Spec, value: float, draw: random.Random) -> float:
    """A bound that `value` meets with a margin of 2 to 8 % (of 20 dB or of the value; 1 to 4 degrees)."""
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
        (value := row[spec.name]) is not None
        and (value >= bounds[spec.name] if spec.minimum is not None else value <= bounds[spec.name])
        for spec in problem.specs
    )


def not_dominated(problem: Problem, rows: list[Values]) -> list[int]:
    """Working designs that no other beats in every spec."""
    signs = {spec.name: 1.0 if spec.minimum is not None else -1.0 for spec in problem.specs}
    points = {
        index: [sign * float(row[name] or 0.0) for name, sign in signs.items()]
        for index, row in enumerate(rows)
        if works(problem, row)
    }
    return [
        index
        for index, point in points.items()
        if not any(
            other != point and all(b >= a for a, b in zip(point, other, strict=True)) for other in points.values()
        )
    ]


def child(problem: Problem, parent: Mapping[str, float], draw: random.Random) -> dict[str, float]:
    """A neighbour of a design."""
    moved = [min(max(p + draw.gauss(0, 0.08) * (draw.random() < 0.4), 0.0), 1.0) for p in problem.space.to_unit(parent)]
    return problem.space.from_unit(moved)


def draw_bounds(
    problem: Problem,
    kind: str,
    rows: Sequence[Values],
    draw: random.Random,
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> dict[str, float]:
    """Bounds of a target from the metrics of working designs: "tight" around one of them, "uniform" over the range that
    many reach, or in `ranges`.
    """
    if kind == "tight":
        chosen = draw.choice(rows)
        bounds = {spec.name: slack(spec, float(chosen[spec.name] or 0.0), draw) for spec in problem.specs}
    else:
        bounds = {
            spec.name: draw.uniform(*ranges[spec.name])
            if ranges and spec.name in ranges
            else between(spec, [float(row[spec.name] or 0.0) for row in rows], draw)
            for spec in problem.specs
        }
    return {key: float(f"{value:.4g}") for key, value in bounds.items()}
