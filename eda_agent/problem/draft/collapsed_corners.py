"""A collapsed corner is one in which the netlist's own sizes hardly work: its values are no basis for targets."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from eda_agent.problem.draft.benches import MAX, MIN, NEAR
from eda_agent.problem.draft.extremes import Extremes, gaps, spread_of
from eda_agent.problem.draft.own_results import Row, sense_of, unit_for
from eda_agent.problem.draft.targets import drafted_unit
from eda_agent.problem.spec import Problem
from eda_agent.units import format_quantity

DECIBELS, FACTOR = 20.0, 10.0
"""A corner collapses if its value is worse than the nominal one by more than this."""
_WORK = {"Hz", "V/s", "s"}
"""Units of the metrics that say whether a circuit works, beside gains: an offset, a rejection or a regulation may be
much smaller in one corner by chance.
"""
_GAIN = "gain"
_OWN_GAIN = re.compile(r"gain|^a(?:0|dc|v|ol|vol)(?:_|$)")
"""A gain by the name that a designer gives it."""


def working_spread(
    problem: Problem, everywhere: Mapping[str, Mapping[str, float | None]], known: Iterable[str]
) -> tuple[dict[str, Extremes], list[str]]:
    """(the extremes of each of the `known` specs over the corners in which the circuit works, what to say).
    `everywhere`: corner → spec → value.
    """
    units = {spec.name: spec.metric.unit for spec in problem.specs if _says_work(spec.metric.name, spec.metric.unit)}
    senses = {
        spec.name: MAX if spec.minimum is None else MIN if spec.maximum is None else NEAR for spec in problem.specs
    }
    lost = collapsed_corners(everywhere, units, senses)
    spread = spread_of(everywhere, known, tuple(lost))
    return spread, [*words(lost), *gaps(spread)]


def own_collapsed(
    everywhere: Mapping[str, Mapping[str, Mapping[str, float | None]]], found: Mapping[str, Mapping[str, Row]]
) -> dict[str, str]:
    """Corner → why it is left out, from the results of a designer's decks: those of a direction known by its name.

    Args:
        everywhere: testbench → corner → result → value, the nominal corner first.
        found: testbench → result → row, in the nominal corner.
    """
    result: dict[str, str] = {}
    for bench, rows in found.items():
        senses = {name: sense for name, row in rows.items() if (sense := sense_of(name, row.value)) != NEAR}
        units = {name: unit for name in senses if _says_own_work(name, unit := unit_for(name, rows[name]))}
        result = {**collapsed_corners(everywhere[bench], units, senses), **result}
    return result


def collapsed_corners(
    values: Mapping[str, Mapping[str, float | None]], units: Mapping[str, str], senses: Mapping[str, str]
) -> dict[str, str]:
    """Corner → why it is left out, such as "gbw is 3.67 kHz".

    Args:
        values: corner → spec → value, the nominal corner first.
        units: spec that says whether the circuit works → unit.
        senses: spec → minimum or maximum.
    """
    rows = iter(values.items())
    _, nominal = next(rows, ("", {}))
    result = {}
    for corner, row in rows:
        for spec, unit in units.items():
            now, value, sense = nominal.get(spec), row.get(spec), senses.get(spec, "")
            if now is None or now <= 0:
                continue
            if value is None and unit != "s":
                # a step response that has not settled has no settling time, but a circuit without gain has no crossing
                result[corner] = f"{spec} cannot be measured"
                break
            if value is not None and _worse(now, value, unit, sense):
                result[corner] = f"{spec} is {format_quantity(value, drafted_unit(unit, value), 3)}"
                break
    return result


def _says_work(metric: str, unit: str) -> bool:
    return unit in _WORK or (unit == "dB" and _GAIN in metric)


def _says_own_work(name: str, unit: str) -> bool:
    return unit in _WORK or (unit == "dB" and _OWN_GAIN.search(name) is not None)


def _worse(now: float, value: float, unit: str, sense: str) -> bool:
    if unit == "dB":
        change = value - now
        return -change > DECIBELS if sense == MIN else change > DECIBELS if sense == MAX else False
    ratio = value / now
    if sense == MIN:
        return ratio < 1 / FACTOR
    return sense == MAX and (ratio > FACTOR or math.isinf(ratio))


def words(collapsed: Mapping[str, str]) -> list[str]:
    """One sentence on the corners that are left out, or none."""
    if not collapsed:
        return []
    listed = [f"{corner} ({why})" for corner, why in collapsed.items()]
    more = f" and {len(listed) - 4} more" if len(listed) > 4 else ""
    return [
        f"at the netlist's own sizes the circuit hardly works in {', '.join(listed[:4])}{more}: more than"
        f" {FACTOR:.0f} times or {DECIBELS:.0f} dB worse than in the nominal corner, so the targets are drafted without"
        " these corners and hold in them too"
    ]
