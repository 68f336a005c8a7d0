"""Bias words: the sources outside the circuit that `bias:` of its spec connects to its ports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.errors import InputError
from eda_agent.problem import expression
from eda_agent.problem.expression import ExpressionError
from eda_agent.problem.located_node import read_plain
from eda_agent.problem.spec import Corner, Problem
from eda_agent.units import QuantityError, format_quantity, parse_quantity

_UNITS = {"current": "A", "voltage": "V", "resistance": "Ohm"}


def bias_texts(problem: Problem) -> list[str]:
    """Of each bias a text with its value in the first corner, such as `ib: 5 uA from the supply`; [] without any."""
    try:
        data = read_plain(problem.path)
    except InputError:
        return []
    given = data.get("bias") if isinstance(data, dict) else None
    return [_told(str(port), one, problem.corners[0]) for port, one in given.items()] if isinstance(given, dict) else []


def _told(port: str, given: Any, corner: Corner) -> str:
    kind = next((key for key in _UNITS if isinstance(given, dict) and key in given), "")
    if not kind:
        return f"{port}: {given}"
    text = str(given[kind])
    value, formula = _value(text, _UNITS[kind], {"vdd": corner.vdd, "temperature": corner.temperature})
    if value is None:
        return f"{port}: {text}"
    end = str(given.get("to", "vss"))
    way = {"current": " from the supply" if value >= 0 else " to vss", "voltage": "", "resistance": f" to {end}"}[kind]
    shown = format_quantity(abs(value) if kind == "current" else value, _UNITS[kind])
    return f"{port}: {shown}{way}{formula}"


def _value(text: str, unit: str, names: Mapping[str, float]) -> tuple[float | None, str]:
    """(value in SI units, its formula in parentheses if it is not a plain number)."""
    try:
        return parse_quantity(text, unit), ""
    except QuantityError:
        pass
    try:
        return float(expression.evaluate(expression.parse(text), names)), f" ({text})"
    except ExpressionError:
        return None, ""
