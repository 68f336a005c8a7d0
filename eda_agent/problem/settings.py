"""A setting of a testbench is a quantity, or an expression over vdd, temperature and the other settings."""

from __future__ import annotations

import re
from collections.abc import Mapping

from eda_agent.problem import expression
from eda_agent.problem.expression import ExpressionError
from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.spec import Corner
from eda_agent.units import QuantityError, parse_quantity

_ONE_NUMBER = re.compile(r"\s*[-+]?[\d.]+(?:[eE][-+]?\d+)?\s*\w*\s*")


def read_default(value: object) -> str:
    """A template's default is a quantity, or an expression over other settings."""
    try:
        return repr(parse_quantity(str(value)))
    except QuantityError:
        return str(value)


def read_setting(node: LocatedNode, key: str, unit: str, names: set[str]) -> str:
    text = node.text(key)
    try:
        return repr(parse_quantity(text, unit))
    except QuantityError as error:
        try:
            parsed = expression.parse(text)
        except ExpressionError:
            node.wrong(f"{key}: {error}")
            return "1"
        unknown = expression.names(parsed) - names
        # a single number is a quantity: in an expression ngspice ignores letters after it, and 5parsecs would be 5p
        if unknown or _ONE_NUMBER.fullmatch(text):
            node.wrong(
                f"{key}: {error}", "write a quantity such as 2p, or an expression over vdd and the other settings"
            )
            return "1"
        return text


def work_out(settings: Mapping[str, str], corner: Corner) -> dict[str, float]:
    """The settings as numbers in a corner; a corner's own settings take precedence. Raises `ExpressionError`."""
    values = {"vdd": corner.vdd, "temperature": corner.temperature, **corner.settings}
    waiting = {key: text for key, text in settings.items() if key not in values}
    while waiting:
        for key, text in list(waiting.items()):
            node = expression.parse(text)
            if expression.names(node) <= values.keys():
                values[key] = expression.evaluate(node, values)
                del waiting[key]
                break
        else:
            raise ExpressionError(f"{', '.join(waiting)} depend on each other or on an unknown name")
    return values


def check_settings(node: LocatedNode, settings: Mapping[str, str], corners: tuple[Corner, ...]) -> None:
    for corner in corners:
        try:
            work_out(settings, corner)
        except ExpressionError as error:
            node.wrong(f"corner {corner.name}: {error}")
            return
