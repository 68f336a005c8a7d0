"""A prompt is a history as text for a language model: task, design space, best turns, last turns, operating points.

It is built from the history at every turn, so the same history always gives the same prompt.
"""

from __future__ import annotations

from collections.abc import Mapping

from eda_agent.agent.history import History
from eda_agent.agent.turn import Turn
from eda_agent.agent.turn_store import WORST
from eda_agent.problem.space import DesignSpace
from eda_agent.problem.spec import Problem, Spec
from eda_agent.units import format_quantity

SYSTEM = (
    "You size analog circuits. You are shown a circuit, its specs, the ranges of its parameters and what earlier"
    " sizings measured in a circuit simulator. Reason about which spec is furthest from its target and which devices"
    " set it, then propose the next complete sizing. Values are numbers with an engineering prefix (f p n u m k M G),"
    " without a unit."
)


def render(history: History, *, best: int = 3, last: int = 4, netlist: bool = True) -> list[dict[str, str]]:
    """The prompt as chat messages. `best`, `last`: number of best and of latest turns to show."""
    problem = history.problem
    parts = [_task(problem)]
    if netlist:
        circuit = "\n".join(line.text for line in problem.netlist.lines if line.text and line.card != ".end")
        parts.append(f"## Netlist\n{circuit}")
    parts.append(_parameters(problem))
    incumbent = history.incumbent
    if incumbent is not None:
        parts.append(_results(history, incumbent))
    shown = _chosen(history, best, last)
    if shown:
        parts.append("## Turns so far\n" + "\n".join(turn_text(problem, turn, incumbent) for turn in shown))
    if history.turns and history.turns[-1].proposal.error:
        parts.append(f"## Your last reply could not be used\n{history.turns[-1].proposal.error}")
    if history.hints:
        parts.append("## The designer says\n" + "\n".join(history.hints))
    names = ", ".join(f'"{name}": "…"' for name in problem.space.names)
    parts.append(f'## Answer\nOne JSON object: {{"reasoning": "one or two sentences", "sizing": {{{names}}}}}')
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": "\n\n".join(parts)}]


def _task(problem: Problem) -> str:
    lines = [f"# Circuit {problem.name} ({problem.pdk.title})", "## Specs, to be met in every corner"]
    for spec in problem.specs:
        goal = f", then {spec.objective}" if spec.objective else ""
        lines.append(f"- {spec.name} {bound_text(spec)}{goal} ({spec.metric.definition})")
    corners = "; ".join(
        f"{corner.name}: {corner.process}, {format_quantity(corner.vdd, 'V')}, {corner.temperature:g} °C"
        for corner in problem.corners
    )
    return "\n".join([*lines, f"Corners: {corners}"])


def bound_text(spec: Spec) -> str:
    """A spec's bounds as text, such as `≥ 60 dB`."""
    parts = []
    if spec.minimum is not None:
        parts.append(f"≥ {format_quantity(spec.minimum, spec.shown_unit)}")
    if spec.maximum is not None:
        parts.append(f"≤ {format_quantity(spec.maximum, spec.shown_unit)}")
    return " and ".join(parts)


def _parameters(problem: Problem) -> str:
    lines = ["## Parameters: name, role, unit, range"]
    for parameter in problem.space.parameters:
        grid = f", step {format_quantity(parameter.step)}" if parameter.step else ""
        lines.append(
            f"- {parameter.name}: {parameter.role or '–'} [{parameter.unit or '1'}],"
            f" {format_quantity(parameter.minimum)} to {format_quantity(parameter.maximum)}{grid}"
        )
    if problem.groups:
        lines.append("Matched devices: " + "; ".join(" = ".join(group) for group in problem.groups))
    return "\n".join(lines)


def _results(history: History, turn: Turn) -> str:
    assert turn.score is not None and turn.evaluation is not None
    specs = {spec.name: spec for spec in history.problem.specs}
    lines = [f"## Best so far: turn {turn.index}, score {turn.value:.4f}"]
    for result in turn.score.results:
        spec = specs[result.spec]
        state = "met" if result.met else "NOT met"
        value = (
            "not measurable"
            if result.value is None
            else format_quantity(result.value, spec.shown_unit, bound=result.bound)
        )
        value += f" ({result.why})" if result.why else ""
        lines.append(
            f"- {result.spec}: {value} (target {bound_text(spec)}, worst in {result.corner}): {state}, margin"
            f" {result.margin:+.3f}"
        )
    lines.append("Sizing: " + sizing_text(history.problem.space, turn.sizing or {}))
    if turn.evaluation.operating_points:
        lines.append(
            f"Operating points in {history.problem.corners[0].name}: device id gm gds vdsat gm/id region"
            " saturation-margin"
        )
        for name, point in turn.evaluation.operating_points.items():
            lines.append(
                f"- {name} {format_quantity(point.id, 'A', 3)} {format_quantity(point.gm, 'S', 3)}"
                f" {format_quantity(point.gds, 'S', 3)} {point.vdsat:.3f} {point.gm_id:.1f} {point.region}"
                f" {point.margin:+.3f}"
            )
    return "\n".join(lines)


def sizing_text(space: DesignSpace, sizing: Mapping[str, float]) -> str:
    """`W12=4u L12=500n …`"""
    return " ".join(
        f"{parameter.name}={format_quantity(sizing[parameter.name], digits=5)}"
        for parameter in space.parameters
        if parameter.name in sizing
    )


def _chosen(history: History, best: int, last: int) -> list[Turn]:
    count = len(history.turns)
    ranked = sorted(
        history.measured,
        key=lambda place: (history.complete(place), (history.rank_keys[place] or WORST)[0], place),
        reverse=True,
    )[:best]
    return [history.turns[place] for place in sorted({*ranked, *range(max(count - last, 0), count)})]


def turn_text(problem: Problem, turn: Turn, incumbent: Turn | None) -> str:
    """A turn's results and sizes in one line; sizes are relative to the incumbent if one is given."""
    if turn.score is None or turn.sizing is None or turn.evaluation is None:
        return f"- turn {turn.index}: no usable reply ({turn.proposal.error[:200]})"
    if turn.evaluation.failures:
        testbench, corner, failure = turn.evaluation.failures[0]
        outcome = f"simulation failed in {testbench}/{corner}: {failure.kind}"
    else:
        specs = {spec.name: spec for spec in problem.specs}
        outcome = ", ".join(
            f"{result.spec} {format_quantity(result.value, specs[result.spec].shown_unit, 3, result.bound)}"
            f"{'' if result.met else ' (missed)'}"
            for result in turn.score.results
        )
    if incumbent is not None and incumbent.sizing is not None and incumbent.index != turn.index:
        changed = {name: value for name, value in turn.sizing.items() if value != incumbent.sizing[name]}
        sizes = (
            "as the best but " + sizing_text(problem.space, changed)
            if len(changed) <= len(turn.sizing) // 2
            else sizing_text(problem.space, turn.sizing)
        )
    else:
        sizes = sizing_text(problem.space, turn.sizing)
    corners = len(problem.corners)
    bound = (
        ""
        if turn.corners >= corners
        else f" at best (in {turn.corners} of {corners} corners; the others could not make it the best)"
    )
    return f"- turn {turn.index}: score {turn.value:.4f}{bound}: {outcome}; {sizes}"
