"""A result is a number that a designer's deck prints or measures under a name; as a metric it has the unit of its
spec.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from eda_agent.metrics import METRICS, Metric
from eda_agent.problem.bench.loading import RESULT
from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.script.compiler import all_steps
from eda_agent.problem.spec import Testbench
from eda_agent.units import QuantityError, parse_quantity, read_unit

_DEFINITION = "a result of the designer's own deck"
_SPANS = {"dB": 60.0, "deg": 90.0, "%": 50.0, "degC": 100.0}
"""Unit → the miss at which a linear ramp scores 0; other units have a ramp over decades."""


def with_printed(specs: LocatedNode | None, testbenches: Mapping[str, Testbench]) -> dict[str, Testbench]:
    """The testbenches; one with `print all` has each result that a spec asks of it. Only the simulation knows whether
    it has a vector of that name.
    """
    result = dict(testbenches)
    for key, entry in specs.mapping("specs").items() if specs else ():
        values = entry.value if isinstance(entry.value, dict) else {}
        place = str(values["testbench"].value) if "testbench" in values else next(iter(testbenches), "")
        name = str(values["metric"].value) if "metric" in values else key
        bench = result.get(place)
        if bench is None or bench.program is None or name in METRICS or name in bench.sources:
            continue
        if any(step["do"] == "print_all" for step in all_steps(bench.program.steps)):
            program = replace(bench.program, results={**bench.program.results, name: "print"})
            measures, sources = {**bench.measures, name: RESULT}, {**bench.sources, name: RESULT}
            result[place] = replace(bench, program=program, measures=measures, sources=sources)
    return result


def result_metrics(specs: LocatedNode | None, testbenches: Mapping[str, Testbench]) -> dict[str, Metric]:
    """The metrics of the results that specs name; one with the name and unit of a built-in metric is that metric."""
    names = {name for bench in testbenches.values() if bench.program is not None for name in bench.program.results}
    names |= {name for bench in testbenches.values() if bench.script is not None for name in bench.script.results}
    result: dict[str, Metric] = {}
    for key, entry in specs.mapping("specs").items() if specs else ():
        values = entry.value if isinstance(entry.value, dict) else {}
        name = str(values["metric"].value) if "metric" in values else key
        if name not in names:
            continue
        unit = _unit(values.get("unit"))
        known = METRICS.get(name)
        if known is not None and unit in {None, known.unit}:
            continue
        scale, span = _ramp(unit or "", values)
        # two testbenches may give one name to a positive and to a signed number
        if name not in result or scale == "linear":
            result.setdefault(name, Metric(name, unit or "", scale, span, _DEFINITION))
            result[name] = replace(result[name], ramp=scale, span=span)
    return result


def _unit(node: LocatedNode | None) -> str | None:
    try:
        return read_unit(str(node.value)).base if node is not None else None
    except QuantityError:
        return None


def _ramp(unit: str, values: Mapping[str, LocatedNode]) -> tuple[Literal["log", "linear"], float | None]:
    """The scale of the score: over decades for positive targets, else linear."""
    if unit in _SPANS:
        return "linear", _SPANS[unit]
    positive = True
    for key in ("minimum", "maximum"):
        try:
            positive &= key not in values or parse_quantity(str(values[key].value), unit) > 0
        except QuantityError:
            continue
    return ("log", None) if positive else ("linear", None)
