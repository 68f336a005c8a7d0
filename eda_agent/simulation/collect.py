"""Collecting makes an evaluation of the replies to a sizing's tasks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from eda_agent.metrics.contradiction import (
    proves_instability,
    proves_stability,
    same_conditions,
    tells_of_instability,
    withheld,
)
from eda_agent.problem.spec import Problem, Spec
from eda_agent.simulation.bias import worst_device
from eda_agent.simulation.deck import Deck
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.failure import Failure
from eda_agent.simulation.instance import Instance
from eda_agent.simulation.operating_point import OperatingPoint, operating_point
from eda_agent.simulation.own_script import with_script
from eda_agent.simulation.pending import Pending


def collect(problem: Problem, pending: Pending, number: int, shown: Collection[str], keep_points: bool) -> Evaluation:
    """The evaluation of one sizing.

    Args:
        problem: what was measured.
        pending: has a reply to every task.
        number: the sizing's place in it.
        shown: keys of the decks whose operating points are shown.
        keep_points: keep operating points of every corner (`Evaluation.corner_points`).
    """
    instance = pending.instances[number]
    failures = []
    points: dict[str, dict[str, OperatingPoint]] = {}
    by_place: dict[tuple[str, str], dict[str, Any]] = {}
    corners = {corner.name: corner for corner in problem.corners}
    for deck in pending.decks:
        reply = pending.replies[number, deck.key]
        if (script := problem.testbenches[deck.testbench].script) is not None:
            reply = with_script(script, corners[deck.corner], deck.settings, reply)
        by_place[deck.testbench, deck.corner] = reply
        if "failure" in reply:
            failure = Failure(reply["failure"]["kind"], reply["failure"]["words"])
            failures.append((deck.testbench, deck.corner, failure))
        elif deck.key in shown:
            found = reply.get("operating_point", {})
            points[deck.corner] = {label: operating_point(numbers) for label, numbers in found.items()}
    values: dict[str, dict[str, float | None]] = {}
    reasons: dict[tuple[str, str], str] = {}
    bounds: dict[tuple[str, str], str] = {}
    for corner in (one.name for one in problem.corners if pending.corners is None or one.name in pending.corners):
        row = values[corner] = {}
        for spec in problem.specs:
            if not spec.counts_in(corner):
                continue
            if not spec.testbench:
                row[spec.name] = instance.parts.gate_area
                continue
            row[spec.name], why, bound = measured(spec, by_place[spec.testbench, corner], instance)
            if why:
                reasons[corner, spec.name] = why
            if bound:
                bounds[corner, spec.name] = bound
        _withhold(problem, corner, pending.decks, row, reasons, bounds)
    return Evaluation(
        values,
        reasons,
        tuple(failures),
        next(iter(points.values()), {}),
        pending.jobs[number],
        pending.cached[number],
        sum(reply.get("seconds", 0.0) for reply in by_place.values()),
        bounds,
        points if keep_points else {},
    )


def _withhold(
    problem: Problem,
    corner: str,
    decks: Sequence[Deck],
    row: dict[str, float | None],
    reasons: dict[tuple[str, str], str],
    bounds: dict[tuple[str, str], str],
) -> None:
    """Withhold the values that a testbench of the same corner contradicts (`metrics.contradiction`)."""
    specs = {spec.name: spec for spec in problem.specs}
    benches = {
        specs[name].testbench: problem.testbenches[specs[name].testbench]
        for name in row
        if (row[name] is None and tells_of_instability(reasons.get((corner, name), "")))
        or (proves_instability(specs[name].metric.name, row[name]) and (corner, name) not in bounds)
    }
    settings = {deck.testbench: deck.settings for deck in decks if deck.corner == corner}
    for spec in problem.specs:
        if not proves_stability(spec.metric.name, row.get(spec.name)):
            continue
        for name, bench in benches.items():
            windows = frozenset({*bench.grows, *problem.testbenches[spec.testbench].grows})
            if same_conditions(settings[name], settings[spec.testbench], windows):
                row[spec.name], reasons[corner, spec.name] = None, withheld(spec.metric.name, name)
                bounds.pop((corner, spec.name), None)
                break


def measured(spec: Spec, reply: Mapping[str, Any], instance: Instance) -> tuple[float | None, str, str]:
    """(value, its device or why it is censored, bound), or (None, the reason, ""), of a spec from its testbench's
    reply.
    """
    if "metrics" not in reply:
        return None, "the simulation failed", ""
    if spec.devices:
        widths = instance.parts.widths if spec.metric.name == "current_density" else {}
        return *worst_device(spec, reply.get("operating_point", {}), widths), ""
    value, why, bound = reply["metrics"].get(spec.metric.name, (None, "the simulation failed", ""))
    return value, why, bound
