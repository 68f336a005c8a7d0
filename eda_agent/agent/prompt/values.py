"""Values in a prompt: bounds, sizes and results as short texts, with the digits that the reader needs."""

from __future__ import annotations

from collections.abc import Mapping

from eda_agent.agent.score import SpecResult
from eda_agent.agent.turn import Turn
from eda_agent.problem.space import DesignSpace
from eda_agent.problem.spec import Problem, Spec
from eda_agent.units import format_quantity, format_score


def bound_text(spec: Spec) -> str:
    """A spec's bounds as text, such as `≥ 60 dB`."""
    parts = []
    if spec.minimum is not None:
        parts.append(f"≥ {format_quantity(spec.minimum, spec.shown_unit)}")
    if spec.maximum is not None:
        parts.append(f"≤ {format_quantity(spec.maximum, spec.shown_unit)}")
    return " and ".join(parts)


def sizing_text(space: DesignSpace, sizing: Mapping[str, float]) -> str:
    """`W12=4u L12=500n …`"""
    return " ".join(
        f"{parameter.name}={format_quantity(sizing[parameter.name], digits=4)}"
        for parameter in space.parameters
        if parameter.name in sizing
    )


def value_text(spec: Spec, value: float | None, met: bool, bound: str = "", digits: int = 3) -> str:
    """A measured value with so many digits that a missed one does not read like its bound."""
    if value is None:
        return "none"
    bounds = [one for one in (spec.minimum, spec.maximum) if one is not None]
    for count in range(digits, 9):
        text = format_quantity(value, spec.shown_unit, count)
        if met or all(text != format_quantity(one, spec.shown_unit, count) for one in bounds):
            break
    return f"{bound} {text}" if bound else text


def result_text(spec: Spec, result: SpecResult) -> str:
    """`gbw 21.2 MHz!`: a missed one has an exclamation mark."""
    value = value_text(spec, result.value, result.met, result.bound).replace(" ", "")
    return f"{result.spec} {value}{'' if result.met else '!'}"


def changes_text(space: DesignSpace, sizing: Mapping[str, float], base: Mapping[str, float]) -> str:
    """The sizes that differ from a base."""
    changed = {name: value for name, value in sizing.items() if value != base.get(name)}
    return sizing_text(space, changed) if changed else "the same sizes"


def turn_text(problem: Problem, turn: Turn, base: Turn | None) -> str:
    """A turn's results and sizes in one line; sizes are relative to `base` if one is given."""
    if turn.score is None or turn.sizing is None or turn.evaluation is None:
        return f"- turn {turn.index}: no usable reply ({turn.proposal.error[:200]})"
    if turn.evaluation.failures:
        testbench, corner, failure = turn.evaluation.failures[0]
        outcome = f"simulation failed in {testbench}/{corner}: {failure.kind}"
    else:
        specs = {spec.name: spec for spec in problem.specs}
        outcome = ", ".join(result_text(specs[result.spec], result) for result in turn.score.results)
    if base is not None and base.sizing is not None and base.index != turn.index:
        sizes = f"turn {base.index} with {changes_text(problem.space, turn.sizing, base.sizing)}"
    else:
        sizes = sizing_text(problem.space, turn.sizing)
    count = len(problem.corners)
    bound = (
        ""
        if turn.corners >= count
        else f" at best (in {turn.corners} of {count} corners; the others could not make it the best)"
    )
    return f"- turn {turn.index}: score {format_score(turn.value)}{bound}: {outcome}; {sizes}"
