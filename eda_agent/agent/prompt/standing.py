"""The standing in a prompt: how the best turn stands, what the last turn did, and what a search found meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eda_agent.agent.history import History
from eda_agent.agent.prompt.devices import (
    changed_devices,
    nodes_text,
    noise_text,
    out_of_saturation,
    points_text,
    response_text,
)
from eda_agent.agent.prompt.turns import best_before, reason_text, result_cell
from eda_agent.agent.prompt.values import changes_text, sizing_text, value_text
from eda_agent.agent.score import SpecResult
from eda_agent.agent.turn import Turn
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem, Spec
from eda_agent.simulation.inspection import Inspection
from eda_agent.units import format_quantity, format_score, plain_number

Look = Callable[[Sizing], Inspection | None]
"""A closer look at a sizing in the first corner; None if there is none."""
MOST_CORNERS = 6
REASON = 200
"""Characters of the last turn's own reason."""


def best_text(history: History, turn: Turn, look: Look | None, wanted: Sequence[str]) -> str:
    """The best turn: what it misses by how much, what room the others have, and its bias."""
    problem = history.problem
    assert turn.score is not None
    specs = {spec.name: spec for spec in problem.specs}
    state = "meets every spec" if turn.met else "does not meet:"
    lines = [f"## Best: turn {turn.index}, score {format_score(turn.value)}, {state}"]
    lines += [_missed(specs[one.spec], one, turn) for one in turn.score.results if not one.met]
    room = [f"{one.spec} {gap_text(specs[one.spec], one)}" for one in turn.score.results if one.met]
    if room:
        lines.append(f"Met, with room: {', '.join(room)}")
    if turn.index and turn.sizing:
        # the rows of the turns name changes only
        lines.append(f"Sizes: {sizing_text(problem.space, turn.sizing)}")
    lines += _bias(problem, turn, look, wanted)
    return "\n".join(lines)


def _bias(problem: Problem, turn: Turn, look: Look | None, wanted: Sequence[str]) -> list[str]:
    found = look(turn.sizing) if look is not None and turn.sizing else None
    assert turn.evaluation is not None
    points = found.points if found is not None and found.points else turn.evaluation.operating_points
    lines = []
    if points:
        lines.append(points_text(points, found))
        if out := out_of_saturation(points, wanted):
            lines.append(f"Out of saturation: {out}")
    if found is not None:
        lines += [nodes_text(problem, found), response_text(found), noise_text(found)]
    return [line for line in lines if line]


def _missed(spec: Spec, result: SpecResult, turn: Turn) -> str:
    assert turn.evaluation is not None
    if result.value is None:
        return f"- {spec.name}: not measurable in {result.corner} ({result.why})"
    value = value_text(spec, result.value, False, result.bound)
    others = [
        f"{corner} {result_cell(spec, row[spec.name], spec.met(row[spec.name]))}"
        for corner, row in turn.evaluation.values.items()
        if corner != result.corner and row.get(spec.name) is not None
    ]
    beside = f"; {', '.join(others)}" if 0 < len(others) < MOST_CORNERS else ""
    why = f" ({result.why})" if result.why else ""
    return f"- {spec.name}: {value}{why} in {result.corner}, {gap_text(spec, result)}{beside}"


def gap_text(spec: Spec, result: SpecResult) -> str:
    """The signed distance from the nearer bound: of a linear spec in its unit, of another in % of the bound."""
    if result.value is None:
        return "?"
    gaps = []
    for bound, sign in ((spec.minimum, 1.0), (spec.maximum, -1.0)):
        if bound is None:
            continue
        far = sign * (result.value - bound)
        share = far / abs(bound) if bound else far
        if spec.metric.ramp == "linear":
            gaps.append((share, f"{'+' if far >= 0 else ''}{_quantity(spec, far)}"))
        else:
            text = (
                f"{100 * share:+.{2 if abs(share) < 0.01 else 0}f} %"
                if abs(share) < 1
                else f"{result.value / bound:.3g} times the bound"
            )
            gaps.append((share, text))
    return min(gaps)[1]


def _quantity(spec: Spec, number: float) -> str:
    return format_quantity(number, spec.shown_unit, 2)


def last_text(history: History, turn: Turn, best: Turn, look: Look | None, wanted: Sequence[str]) -> str:
    """The last turn: what it did against the best before it, and where its bias differs from the best turn's."""
    base = best_before(history, turn.index)
    if base is None:
        return ""
    lines = [f"## Last: turn {turn.index} against turn {base.index}"]
    if words := reason_text(turn, REASON):
        lines.append(f"You said: {words}")
    if effect := effect_text(history.problem.specs, turn, base):
        lines.append(f"Effect: {effect}")
    if turn.proposal.notes:
        lines.append(f"Notes: {'; '.join(turn.proposal.notes)}")
    assert turn.evaluation is not None
    for testbench, corner, failure in turn.evaluation.failures[:2]:
        lines.append(f"Failed in {testbench}/{corner}: {failure.kind}: {' '.join(failure.words.split())[:160]}")
    if turn.index != best.index:
        lines += _difference(history.problem, turn, best, look, wanted)
    return "\n".join(lines)


def _difference(problem: Problem, turn: Turn, best: Turn, look: Look | None, wanted: Sequence[str]) -> list[str]:
    """Operating points of the last turn where they differ from the best turn's."""
    assert turn.evaluation is not None and best.evaluation is not None
    found = look(turn.sizing) if look is not None and turn.sizing else None
    points = found.points if found is not None and found.points else turn.evaluation.operating_points
    if not points:
        return ["It has no operating point."]
    lines = []
    out = out_of_saturation(points, wanted)
    if out:
        lines.append(f"Out of saturation: {out}")
    moved = changed_devices(points, best.evaluation.operating_points)
    if moved:
        lines.append(points_text(points, None, moved))
    if found is not None and (out or turn.evaluation.failures):
        base = look(best.sizing) if look is not None and best.sizing else None
        lines.append(nodes_text(problem, found, base))
    if found is not None:
        lines.append(response_text(found, poles=bool(out)))
    return [line for line in lines if line]


def effect_text(specs: Sequence[Spec], turn: Turn, base: Turn) -> str:
    """The change of each spec's worst value between two turns; small changes are left out."""
    assert turn.score is not None and base.score is not None
    parts = []
    for spec, now, then in zip(specs, turn.score.results, base.score.results, strict=True):
        if now.value is None or then.value is None:
            if now.value != then.value:
                parts.append(f"{spec.name} {'lost' if now.value is None else 'found'}")
            continue
        change = now.value - then.value
        if spec.metric.ramp == "linear":
            text = _quantity(spec, change)
            small = abs(change) < 0.002 * (spec.metric.span or abs(spec.target) or 1.0)
        else:
            share = 100 * change / abs(then.value) if then.value else 0.0
            text, small = f"{plain_number(share, 2)} %", abs(share) < 0.5
        if not small:
            parts.append(f"{spec.name} {'+' if change > 0 else ''}{text}")
    return ", ".join(parts)


def search_text(history: History, places: Sequence[int]) -> str:
    """What a search found in its turns, for the model that gets the run back."""
    before = history.turns[places[0]].index
    base = best_before(history, before)
    best = history.incumbent
    names = sorted({history.proposers[place] for place in places})
    if base is None or best is None or base.sizing is None or best.sizing is None:
        return ""
    lines = [
        f"## The search ({', '.join(names)}) played turns {places[0]} to {places[-1]}: score"
        f" {format_score(base.value)} to {format_score(best.value)}"
    ]
    if best.index != base.index:
        lines.append(
            f"Against turn {base.index} its best turn {best.index} has"
            f" {changes_text(history.problem.space, best.sizing, base.sizing)}"
        )
        lines.append(f"Effect: {effect_text(history.problem.specs, best, base)}")
    else:
        lines.append("It found nothing better; small steps around the best turn are exhausted.")
    return "\n".join(lines)
