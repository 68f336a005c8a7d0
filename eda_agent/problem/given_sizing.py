"""A given sizing names some sizes, as numbers in SI units or as text; the others keep theirs.

It is refused as a whole if a name is unknown or a value is no number or lies outside its range: a simulation that the
user did not ask for helps nobody.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.problem.space import DesignSpace, Parameter, Sizing
from eda_agent.units import PREFIXES, QuantityError, format_quantity, parse_quantity


def complete(
    space: DesignSpace,
    given: Mapping[str, object],
    rest: Sizing,
    *,
    widen: Callable[[], str] = lambda: "choose a value in the range",
    file: Path | None = None,
    line: int | None = None,
) -> dict[str, float]:
    """The legal sizing of the given sizes and, for the others, `rest`.

    Args:
        given: parameter → number in SI units, or text such as "4u".
        widen: gives what to do for a wider range, for messages.
        file, line: where the sizes are, for messages.

    Raises:
        InputError: with every fault.
    """
    parameters = {parameter.name: parameter for parameter in space.parameters}
    sizing, faults = dict(rest), []
    for name, value in given.items():
        where = f"size {name}"
        if name not in parameters:
            fix = _instead(str(name), space)
            faults.append(Finding(f"no parameter {str(name)[:40]!r}", file, line, where[:60], fix=fix))
            continue
        one = parameters[name]
        try:
            number = parse_quantity(value, one.unit)
        except QuantityError as error:
            faults.append(Finding(str(error), file, line, where, read=str(value)[:40], fix=_example(one)))
            continue
        if not one.minimum <= number <= one.maximum:
            span = f"{format_quantity(one.minimum, one.unit)} to {format_quantity(one.maximum, one.unit)}"
            fix = _prefix(one, number, value) + widen()
            faults.append(
                Finding(f"outside the range of {name}, {span}", file, line, where, read=str(value)[:40], fix=fix)
            )
            continue
        if one.whole and not number.is_integer() and number != one.initial:
            fix = f"{math.floor(number)} or {math.ceil(number)}"
            faults.append(Finding("this is a whole number", file, line, where, read=str(value)[:40], fix=fix))
            continue
        sizing[name] = number
    if faults:
        raise InputError(faults)
    return space.snap(sizing)


def _instead(name: str, space: DesignSpace) -> str:
    """What to write instead of an unknown name: the parameter of that device's size, the nearest one, or all."""
    device, _, attribute = name.lower().rpartition(".")
    for one in space.parameters:
        for place in one.places:
            if device and place.edit.attribute.lower() == attribute and place.edit.device.lower() in _labels(device):
                return f"{one.name} sizes it, as matched devices share their sizes"
    by_lower = {one.lower(): one for one in space.names}
    near = difflib.get_close_matches(name.lower(), by_lower, 1)
    return f"did you mean {by_lower[near[0]]}?" if near else f"one of {', '.join(space.names)}"


def _example(parameter: Parameter) -> str:
    low, high = (format_quantity(end, parameter.unit) for end in (parameter.minimum, parameter.maximum))
    return f"a value from {low} to {high}, such as {format_quantity(parameter.initial, '').replace(' ', '')}"


def _labels(device: str) -> tuple[str, str]:
    """A user's M1 is also the XM1 of a netlist."""
    return device, f"x{device}"


def _prefix(parameter: Parameter, number: float, written: object) -> str:
    """The prefix that the writer of a value may have left out, as a question; "" if there is none."""
    text = str(written).strip()
    for prefix, power in PREFIXES.items():
        if text[-1:].isdigit() and parameter.minimum <= number * 10.0**power <= parameter.maximum:
            return f"did you mean {text}{prefix}? Else "
    return ""
