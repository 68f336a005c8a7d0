"""The results of a run in the CACE datasheet from which its spec was drafted: minimum, typical and maximum of every
measured result, in the datasheet's units. Every other line of the datasheet stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from eda_agent.errors import Finding, InputError
from eda_agent.files import read_file
from eda_agent.problem.cace import read_datasheet
from eda_agent.record.best_turn import best_turn
from eda_agent.record.fold import RunState
from eda_agent.record.labels import extremes, found_in
from eda_agent.units import QuantityError, any_unit

Results = dict[str, dict[str, dict[str, float]]]
"""Parameter → result → {minimum, typical, maximum}."""


def datasheet_with_results(path: Path, state: RunState) -> str:
    """The text of a datasheet with the results of a run's best design. Raises `InputError`."""
    text = read_file(path).decode("utf-8", errors="replace")
    results = _results(path, state)
    if not results:
        known = ", ".join(spec["name"] for spec in state.started["specs"])
        raise InputError(Finding("the run measured no result of this datasheet", path, read=f"its specs are {known}"))
    return with_results(text, results)


def _results(path: Path, state: RunState) -> Results:
    evaluation = best_turn(state).get("evaluation", {})
    corners = list(evaluation.get("values", {}))
    names = {spec["name"] for spec in state.started["specs"]}
    found: Results = {}
    for parameter in read_datasheet(path).parameters:
        for spec in parameter.specs:
            if spec.name not in names:
                continue
            measured = [one for one in found_in(evaluation, spec.name, corners) if one[0] is not None]
            if not measured:
                continue
            low, high = extremes(measured)
            rows = {"minimum": low, "typical": measured[0], "maximum": high}
            # CACE has no values that are only bounds
            found.setdefault(parameter.name, {})[spec.result] = {
                side: _number(value, spec.unit)
                for side, (value, bound) in rows.items()
                if value is not None and not bound
            }
    return found


def _number(value: float, unit: str) -> float:
    try:
        factor = float(any_unit(unit).factor) if unit and unit != "%" else 1.0
    except QuantityError:
        factor = 1.0
    return float(f"{value / factor:.6g}")


def with_results(text: str, results: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """A datasheet's text with `results:` under its parameters; earlier results are replaced."""
    lines = text.split("\n")
    parameters = _child(yaml.compose(text, Loader=yaml.SafeLoader), "parameters")
    if not isinstance(parameters, yaml.MappingNode):
        return text
    # from the end, so that earlier lines stay where they are
    for key, node in reversed(parameters.value):
        own = results.get(str(key.value))
        if own is None or not isinstance(node, yaml.MappingNode) or node.flow_style:
            continue
        column = node.start_mark.column
        for old, value in node.value:
            if old.value == "results":
                del lines[old.start_mark.line : _last_line(value) + 1]
        rows = [f"{' ' * (column + 2)}{name}: {_flow(row)}" for name, row in own.items()]
        lines[node.start_mark.line : node.start_mark.line] = [f"{' ' * column}results:", *rows]
    return "\n".join(lines)


def _flow(row: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{side}: {value!r}" for side, value in row.items()) + "}"


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for key, value in pairs if key.value == name), None)


def _last_line(node: yaml.Node) -> int:
    """The last line of a node; a block ends where its last value does."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _last_line(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _last_line(node.value[-1])
    return int(node.end_mark.line)
