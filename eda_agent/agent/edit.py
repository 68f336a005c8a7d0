"""An edit changes a target, a range or a lock during a run. It never exceeds the ranges with which the run was opened.

The model libraries were cut to the ranges of the spec, so a range can only be narrowed. Other testbenches or corners
need another run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from eda_agent.agent.commands import Command
from eda_agent.errors import InputError
from eda_agent.problem.space import Parameter
from eda_agent.problem.spec import Problem
from eda_agent.units import QuantityError, base_unit, format_quantity, parse_quantity

EDITS = frozenset({"lock", "unlock", "range", "target"})


def apply_edit(problem: Problem, opened: Problem, command: Command) -> Problem:
    """The problem after an edit.

    Args:
        problem: the present problem.
        opened: the problem with which the run was opened.
        command: lock, unlock, range or target. A lock without a value takes the starting size.

    Raises:
        InputError: an unknown name, or a range or target that is not allowed.
    """
    if command.do == "target":
        return _with_target(problem, command.fields)
    name = command.fields["parameter"]
    known = {parameter.name: parameter for parameter in problem.space.parameters}
    if name not in known:
        raise InputError(f"command {command.do}: no parameter {name!r}; the parameters are {', '.join(known)}")
    first = next(parameter for parameter in opened.space.parameters if parameter.name == name)
    if command.do == "unlock":
        changed = replace(known[name], minimum=first.minimum, maximum=first.maximum, locked=False)
    elif command.do == "lock":
        value = (
            first.snap(_quantity(command.fields["value"], first.unit))
            if "value" in command.fields
            else first.snap(first.initial)
        )
        changed = replace(known[name], minimum=value, maximum=value, initial=value, locked=True)
    else:
        changed = _with_range(known[name], first, command.fields)
    parameters = tuple(changed if parameter.name == name else parameter for parameter in problem.space.parameters)
    return replace(problem, space=replace(problem.space, parameters=parameters))


def resolve_command(problem: Problem, command: Command) -> Command:
    """The same edit with texts as numbers in SI units, as the journal stores it. A bare text is in the unit that the
    user sees. Raises `InputError`.
    """
    fields = dict(command.fields)
    for name in fields.keys() & {"minimum", "maximum", "value"}:
        if command.do == "target":
            units = {spec.name: spec.shown_unit for spec in problem.specs}
        else:
            units = {parameter.name: parameter.unit for parameter in problem.space.parameters}
        wanted = fields["spec" if command.do == "target" else "parameter"]
        if wanted in units:
            fields[name] = _quantity(fields[name], units[wanted])
    return Command(command.do, fields)


def _with_range(parameter: Parameter, first: Parameter, fields: Mapping[str, Any]) -> Parameter:
    low = _quantity(fields["minimum"], first.unit) if "minimum" in fields else parameter.minimum
    high = _quantity(fields["maximum"], first.unit) if "maximum" in fields else parameter.maximum
    if not first.minimum <= low < high <= first.maximum:
        span = f"{format_quantity(first.minimum, first.unit)} to {format_quantity(first.maximum, first.unit)}"
        raise InputError(
            f"command range: {parameter.name} must stay within the {span} of the spec, its minimum below its maximum"
        )
    return replace(parameter, minimum=low, maximum=high, initial=min(max(parameter.initial, low), high), locked=False)


def _with_target(problem: Problem, fields: Mapping[str, Any]) -> Problem:
    known = {spec.name: spec for spec in problem.specs}
    if fields["spec"] not in known:
        raise InputError(f"command target: no spec {fields['spec']!r}; the specs are {', '.join(known)}")
    spec = known[fields["spec"]]
    changes: dict[str, float] = {}
    for side in ("minimum", "maximum"):
        if side in fields:
            if getattr(spec, side) is None:
                raise InputError(f"command target: {spec.name} has no {side}")
            changes[side] = _quantity(fields[side], base_unit(spec.metric.unit))
    if not changes:
        raise InputError("command target: give a minimum or a maximum")
    changed = replace(
        spec, minimum=changes.get("minimum", spec.minimum), maximum=changes.get("maximum", spec.maximum), asked=None
    )
    if spec.metric.ramp == "log" and any(value <= 0 for value in changes.values()):
        raise InputError(f"command target: {spec.name} is scored on a log scale, so its bound must be positive")
    if changed.minimum is not None and changed.maximum is not None and changed.minimum > changed.maximum:
        raise InputError(f"command target: {spec.name} would have its minimum above its maximum")
    return replace(problem, specs=tuple(changed if one is spec else one for one in problem.specs))


def complete_sizing(problem: Problem, given: Mapping[str, Any], rest: Mapping[str, float]) -> dict[str, float]:
    """A legal sizing from the user's sizes and, for the others, `rest`. Raises `InputError`."""
    units = {parameter.name: parameter.unit for parameter in problem.space.parameters}
    unknown = sorted(set(given) - set(units))
    if unknown:
        raise InputError(f"no parameter {', '.join(unknown)}; the parameters are {', '.join(units)}")
    return problem.space.snap({**rest, **{name: _quantity(value, units[name]) for name, value in given.items()}})


def _quantity(value: Any, unit: str) -> float:
    try:
        return parse_quantity(value, unit)
    except QuantityError as error:
        raise InputError(str(error)) from None
