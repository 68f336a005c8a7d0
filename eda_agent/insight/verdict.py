"""A verdict explains why a run did not meet its specs, with evidence from its turns that were simulated in every
corner.

not met yet    a spec that no turn met, while the run is short or its best value still improves, and the best value
out of reach   the same after a search that no longer brings it nearer
conflict       two specs that were each met, but never together
range          a size at the end of its range in the best turns of an unmet spec
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eda_agent.insight.complete import complete_turns, partial
from eda_agent.spec_text import value_text
from eda_agent.units import EXACT, counted, format_quantity, shown_unit

Row = Mapping[str, Any]

TOP = 5
"""Number of best turns per spec."""
ENOUGH = 8
"""Minimum number of simulated turns for a conclusion."""
_PACE = 20
"""Minimum number of last turns that show whether a value still improves; twice the number of sizes if that is more."""


@dataclass(frozen=True)
class Diagnosis:
    """`kind` is not met yet, out of reach, conflict or range; `specs` and `parameters` are those concerned; `text` is
    for people; `remedy` is what would change it, "" if nothing known would.
    """

    kind: str
    specs: tuple[str, ...]
    parameters: tuple[str, ...]
    text: str
    remedy: str = ""


def remedy_text(findings: Sequence[Diagnosis]) -> str:
    """What to change in the spec, where more turns will hardly help; "" if no finding says it."""
    wider = [one.remedy for one in findings if one.kind == "range" and one.remedy]
    lower = [one.remedy for one in findings if one.kind == "out of reach" and one.remedy]
    return ", or ".join(" and ".join(dict.fromkeys(part)) for part in (wider, lower) if part) if lower else ""


def judge(turns: Sequence[Row], specs: Sequence[Row], parameters: Sequence[Row], corners: int) -> tuple[Diagnosis, ...]:
    """Findings on a run's turns (as event data); () if the run met its specs or has too few turns. `corners`: the
    number of corners of the run.
    """
    simulated = conclusive_turns(turns, corners)
    left = sum(partial(turn, corners) for turn in turns)
    others = f" ({left} more simulated in fewer corners do not count)" if left else ""
    if any(turn["met"] for turn in simulated) or len(simulated) < ENOUGH:
        return ()
    names = [spec["name"] for spec in specs]
    met = {name: [turn for turn in simulated if turn["specs"][name]["met"]] for name in names}
    best = max(simulated, key=lambda turn: (turn["score"], -turn["index"]))
    unmet = [name for name in names if not best["specs"][name]["met"]]
    free = sum(one["maximum"] > one["minimum"] and not one.get("locked") for one in parameters)
    result = [_never_met(spec, simulated, others, max(_PACE, 2 * free)) for spec in specs if not met[spec["name"]]]
    for one, other in itertools.combinations(names, 2):
        # of the conflicting pairs only those that the best design misses
        if (
            met[one]
            and met[other]
            and {one, other} & set(unmet)
            and not any(turn["specs"][other]["met"] for turn in met[one])
        ):
            text = (
                f"{one} was met in {counted(len(met[one]), 'turn')} and {other} in {len(met[other])}, never both in one"
            )
            result.append(Diagnosis("conflict", (one, other), (), text))
    for name in unmet:
        result += _blocking(name, simulated, parameters)
    return tuple(result)


def conclusive_turns(turns: Sequence[Row], corners: int) -> list[Row]:
    """The turns that were simulated in every corner without a failure."""
    return [
        turn
        for turn in complete_turns(turns, corners)
        if turn["sizing"] is not None and not turn.get("evaluation", {}).get("failures")
    ]


def _never_met(spec: Row, simulated: Sequence[Row], others: str, last: int) -> Diagnosis:
    name = spec["name"]
    best = max(
        simulated, key=lambda turn: turn["specs"][name]["margin"] if turn["specs"][name]["margin"] is not None else -9.0
    )
    seen = best["specs"][name]
    value = (
        "never measurable"
        if seen["value"] is None
        else (
            f"at best {value_text(spec, seen['value'], seen.get('bound', ''))} in {seen['corner']}"
            f" (turn {best['index']})"
        )
    )
    text = (
        f"{name} was met in none of {_tried(simulated)}{others}: {value}, target"
        f" {format_quantity(_missed(spec, seen['value']), shown_unit(spec), EXACT)}"
    )
    if not _stuck([turn["specs"][name]["margin"] for turn in simulated], last):
        return Diagnosis("not met yet", (name,), (), text)
    return Diagnosis("out of reach", (name,), (), text, _relaxed(spec, seen))


def _stuck(margins: Sequence[float | None], last: int) -> bool:
    """Whether, at the pace of the `last` turns, the target is more turns away than the run has made."""
    known = [-math.inf if margin is None else margin for margin in margins]
    if len(known) <= last:
        return False
    before, best = max(known[:-last]), max(known)
    gain = best - before if best > before else 0.0
    return -best * last > gain * len(known)


def _relaxed(spec: Row, seen: Row) -> str:
    """The target that the best value meets; "" without a value."""
    value, bound = seen["value"], seen.get("bound", "")
    if not value or bound:
        return ""
    lower = _missed(spec, value) == spec["minimum"]
    # three digits, rounded to the side on which the value meets it
    size = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    reached = (math.floor if lower else math.ceil)(value / size + (1e-9 if lower else -1e-9)) * size
    return f"{'lower' if lower else 'raise'} {spec['name']} to {format_quantity(reached, shown_unit(spec), 3)}"


def _tried(simulated: Sequence[Row]) -> str:
    """The turns by number; the start is named, because no budget counts it."""
    start = sum(turn["index"] == 0 for turn in simulated)
    return counted(len(simulated) - start, "turn") + (", nor at the start" if start else "")


def _missed(spec: Row, value: float | None) -> float:
    """The bound that a value misses; of two, the lower one for a value inside or without a value."""
    low, high = spec["minimum"], spec["maximum"]
    missed: float = high if low is None or (high is not None and value is not None and value > high) else low
    return missed


def _blocking(name: str, simulated: Sequence[Row], parameters: Sequence[Row]) -> list[Diagnosis]:
    able = [turn for turn in simulated if turn["specs"][name]["margin"] is not None]
    top = sorted(able, key=lambda turn: -turn["specs"][name]["margin"])[:TOP]
    if len(top) < TOP:
        return []
    result = []
    for parameter in parameters:
        key, low, high = parameter["name"], parameter["minimum"], parameter["maximum"]
        if high <= low or parameter.get("locked"):
            continue
        for end, side in ((low, "minimum"), (high, "maximum")):
            count = sum(turn["sizing"][key] == end for turn in top)
            everywhere = sum(turn["sizing"][key] == end for turn in simulated) / len(simulated)
            # at the end in the best turns, but not in all turns
            if count >= TOP - 1 and everywhere < 0.7:
                text = (
                    f"{key} is at its {side} {format_quantity(end, parameter['unit'])} in {count} of the {TOP} turns"
                    f" that are best on {name}"
                )
                limit = parameter.get("least" if side == "minimum" else "most")
                # no range goes beyond what the PDK's models cover
                at_limit = limit is not None and abs(end - limit) <= 1e-6 * abs(limit)
                text += ", the limit of its models" if at_limit else ""
                remedy = "" if at_limit else f"widen {key} beyond {format_quantity(end, parameter['unit'])}"
                result.append(Diagnosis("range", (name,), (key,), text, remedy))
    return result
