"""The specs that a draft proposes for the results of a designer's deck: unit and direction are guessed from what is
measured and from its name, and can be changed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from eda_agent.metrics import METRICS
from eda_agent.problem.bias import BIAS_METRICS
from eda_agent.problem.draft.benches import MAX, MIN, NEAR
from eda_agent.problem.draft.extremes import Extremes
from eda_agent.problem.draft.own_bench import OwnBench
from eda_agent.problem.draft.targets import HALF, NEARNESS, WHOLE, rounded
from eda_agent.problem.script.compiler import result_name
from eda_agent.problem.script.dependence import intermediates
from eda_agent.units import PLAIN, QuantityError, format_quantity, plain_number, read_unit

_LESS = re.compile(
    r"noise|power|current|idd|iq|supply|offset|settl|rise|fall|delay|overshoot|undershoot|thd|ripple|err|ppm|tempco|time"
    r"|jitter|droop|leak|area|energy|dropout|^t[rf]$|^t[dp]|^i_|_i$|line_?reg|load_?reg|sens"
)
_MORE = re.compile(r"gain|gbw|ugf|ugb|bw|bandwidth|margin|^pm$|_pm$|^gm$|slew|^sr|swing|sfdr|snr|psrr|cmrr|a0|adc|av")
_ANGLE = re.compile(r"phase|margin|^pm|_pm|deg")
_FIRST = re.compile(r"thd|err|ripple|noise")
"""Words that ask for less whatever follows: thd_adc, gain_error."""
_SCALED = re.compile(r"_(?:[fpnumkg]|meg)(?:w|a|v|hz|s|f|ohms?|j)$")
"""Endings of a name whose value the deck has scaled itself: p_uw, bw_mhz. It stays a plain number."""
_NAMED_UNITS = ((re.compile(r"_db$"), "dB"), (re.compile(r"_deg$"), "deg"), (re.compile(r"_hz$"), "Hz"))
_SLOPE = re.compile(r"slew|^sr(?:_|\d|$)")
_POWER = re.compile(r"^p(?:ower|diss|w)?(?:_|\d|$)|power")
INTERMEDIATE = "other results are computed from it"


class Row(NamedTuple):
    """A result of the deck: last value, unit of its kind, whether the deck prints it, and its extremes over the corners
    if there are several.
    """

    value: float
    unit: str
    printed: bool
    over: Extremes | None = None


def own_specs(results: Mapping[str, Mapping[str, Row]], benches: Mapping[str, OwnBench]) -> list[str]:
    """Lines of spec.yaml for the results of testbenches; an intermediate of no known direction is a comment, unless
    nothing else is left.
    """
    programs = {name: bench.program for name, bench in benches.items()}
    inner = {name: intermediates(program) for name, program in programs.items() if program is not None}
    for kept in (inner, {}):
        taken: dict[str, str] = {}
        lines = [
            line
            for testbench, rows in results.items()
            for line in _of_bench(rows, testbench, taken, kept.get(testbench, frozenset()))
        ]
        if any(not line.lstrip().startswith("#") for line in lines):
            break
    return lines


def trial_specs(benches: Mapping[str, OwnBench]) -> list[str]:
    """Lines of spec.yaml for testbenches that have not run: any target serves."""
    taken: dict[str, str] = {}
    return [
        f"  {_key(name, bench, taken)}minimum: 1}}  # write your target"
        for bench, own in benches.items()
        for name in (own.program.results or [_printed_net(own)] if own.program is not None else ())
    ]


def _printed_net(own: OwnBench) -> str:
    """The first net of the circuit's call: of a deck whose only results are those of `print all`."""
    return result_name(own.text.instances(own.subckt)[0][1])


def _key(name: str, testbench: str, taken: dict[str, str], unit: str = "") -> str:
    """The beginning of a spec's line; a name that another testbench has too gets its testbench behind it."""
    spec = name if name not in taken else f"{name}_{testbench}"
    taken[spec] = unit
    return f"{spec}: {{testbench: {testbench}, {f'metric: {name}, ' if spec != name else ''}"


def _of_bench(results: Mapping[str, Row], testbench: str, taken: dict[str, str], inner: Collection[str]) -> list[str]:
    shown = {name: row for name, row in results.items() if row.printed} or results
    rows = []
    for name, row in shown.items():
        stem = re.sub(r"_(min|max)$", "", name)
        if stem != name and stem in shown:
            continue
        name_, row_ = _of_loop(name, row, shown)
        if name_ in BIAS_METRICS:
            continue
        unit = unit_for(name_, row_)
        if taken.get(name_, unit) != unit:
            first = taken[name_] or "no unit"
            rows.append(
                f"  # {name_} of {testbench} has {unit or 'no unit'} here and {first} before: rename one of them"
            )
            continue
        line = _row(name_, row_, _key(name_, testbench, taken, unit))
        if name in inner and sense_of(name, row.value) == NEAR:
            line = f"  # {line.strip()}, {INTERMEDIATE}"
        rows.append(line)
    return rows


def _of_loop(name: str, row: Row, shown: Mapping[str, Row]) -> tuple[str, Row]:
    """The worst value of a loop, if the direction is known; else the last one."""
    sense = sense_of(name, row.value)
    worst = f"{name}_{'min' if sense == MIN else 'max'}"
    return (worst, shown[worst]) if sense != NEAR and worst in shown else (name, row)


def sense_of(name: str, value: float) -> str:
    """Whether more or less of a result is better, by its name; near its value if that is unknown."""
    if value <= 0:
        return NEAR
    if _POWER.search(name):
        return MAX
    if _MORE.search(name) and not _FIRST.search(name):
        return MIN
    return MAX if _LESS.search(name) else NEAR


def unit_for(name: str, row: Row) -> str:
    """The unit of a result: of a metric with its name, or of what it measures."""
    stem = re.sub(r"_(min|max)$", "", name)
    known = METRICS.get(stem)
    if _SCALED.search(stem):
        return ""
    if named := next((unit for ending, unit in _NAMED_UNITS if ending.search(stem)), ""):
        return named
    if row.unit == "A" and row.value > 0 and _POWER.search(stem):
        # a current times the supply as a number; a supply's own current is negative
        return "W"
    if row.unit == "Hz" and _SLOPE.search(stem):
        # volts as a number over a time
        return "V/s"
    if row.unit in {"rad", "deg", ""} and _ANGLE.search(name) and abs(row.value) > math.pi:
        return "deg"
    if row.unit == "rad":
        return "deg" if abs(row.value) > 2 * math.pi else ""
    if known is not None and row.unit in {"", known.unit}:
        return known.unit
    try:
        return read_unit(row.unit).base
    except QuantityError:
        return ""


def _row(name: str, row: Row, key: str) -> str:
    unit = unit_for(name, row)
    sense = sense_of(name, row.value)
    # YAML gives % another meaning
    quoted = f"'{unit}'" if unit.startswith("%") else unit
    head = f"  {key}{f'unit: {quoted}, ' if unit else ''}"
    base, now = _seen(row, sense, unit)
    if sense == NEAR:
        ends = (row.over.low[0], row.over.high[0]) if row.over is not None else (row.value,)
        around = [end * (1 + sign * NEARNESS) for end in ends for sign in (-1, 1)]
        low, high = min(around), max(around)
        if abs(row.value) < 1e-15:
            low, high = -1e-3, 1e-3
        return f"{head}minimum: {_number(low, unit)}, maximum: {_number(high, unit)}}}  # {now}"
    step = WHOLE if row.over is None else HALF
    if unit in step.differences:
        target = float(round(base + (1 if sense == MIN else -1) * step.differences[unit]))
        target = target if target > 0 else base
    else:
        target = rounded(base * step.factor ** (1 if sense == MIN else -1))
    if unit == "deg":
        target = min(max(60.0, round(base) - 10.0), 60.0) if sense == MIN else target
    return f"{head}{sense}: {_number(target, unit)}}}  # {now}"


def _seen(row: Row, sense: str, unit: str) -> tuple[float, str]:
    """(the value from which a target is a step, the nominal value and the worst corner's in words)."""

    def shown(value: float) -> str:
        return format_quantity(value, unit, 4)

    now = f"now {shown(row.value)}"
    if row.over is None:
        return row.value, now
    ends = (row.over.low, row.over.high) if sense == NEAR else (row.over.worst(sense),)
    others = " and ".join(f"{shown(value)} in {corner}" for value, corner in ends if shown(value) != shown(row.value))
    worst = row.value if sense == NEAR else row.over.worst(sense)[0]
    # a circuit that does not work in a corner is no basis
    return worst if worst > 0 else row.value, f"{now}{f', {others}' if others else ''}{row.over.gap}"


def _number(value: float, unit: str) -> str:
    if not unit or unit in PLAIN:
        return plain_number(value, 6)
    return format_quantity(value, digits=4)
