"""A spread is the effect of local mismatch on the parameters of one device, as expressions over its size and
independent normal draws.

Foundries write it into their models as `AGAUSS(mean, width, sigmas)`, which ngspice draws at every load. Here
`AGAUSS(a, w, n)` becomes a + w/n · z with z from a seeded generator, one for each device and each occurrence. A sample
is then the same on any machine and in any order of simulation, and two sizings can be compared with the same draws.

A device of m units is m devices in parallel that vary independently: their common value varies by 1/√m of that of one.
Models that know this through a parameter of their own (`mult` in SKY130, `par` in GF180) get m there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from eda_agent.problem import expression
from eda_agent.problem.expression import Call, ExpressionError, Name, Node, Number
from eda_agent.problem.expression_text import to_text

Spread = dict[str, str]
"""Parameter → expression of its change, over w, l, m (in the netlist's units) and z0, z1 …"""

DRAW = re.compile(r"\bdraw\d+\b")
"""Name of a parameter of a whole device's subcircuit (`whole`): one normal draw."""
UNITS = frozenset(["mult", "par"])
"""The foundries' names for the number of parallel units."""
_SIZES = frozenset(["w", "l", "m"])


def statistics(parameters: Mapping[str, str], local: Mapping[str, str], constants: Mapping[str, float]) -> Spread:
    """The spread of a model's or instance's `parameters` (key → text).

    `local`: the parameters of the subcircuit around it, in order. `constants`: the library's, with mismatch enabled.
    """
    draws = _Draws()
    known: dict[str, Node] = {"m": Name("m"), "w": Name("w"), "l": Name("l"), **{name: Name("m") for name in UNITS}}
    drawn = set()
    for name, text in local.items():
        if name in known:
            continue
        try:
            known[name] = _shaped(expression.parse(text), known, constants, draws)
        except ExpressionError:
            continue
        if any(symbol not in _SIZES for symbol in expression.names(known[name])):
            drawn.add(name)
    result = {}
    for name, text in parameters.items():
        try:
            # a library has tens of thousands of parameters, and most have no draw
            if "gauss" not in text.lower() and not (drawn and drawn & expression.names(expression.parse(text))):
                continue
            node = _shaped(expression.parse(text), known, constants, draws)
            if any(symbol.startswith("z") and symbol[1:].isdigit() for symbol in expression.names(node)):
                mean = expression.fold(node, {symbol: 0.0 for symbol in expression.names(node) if symbol not in _SIZES})
                result[name] = to_text(Call("-", (node, mean)))
        except ExpressionError:
            continue
    return result


class _Draws:
    def __init__(self) -> None:
        self.count = 0

    def next(self) -> Name:
        self.count += 1
        return Name(f"z{self.count - 1}")


def _shaped(node: Node, known: Mapping[str, Node], constants: Mapping[str, float], draws: _Draws) -> Node:
    """An expression over sizes and draws only. Raises `ExpressionError` for a name that is neither known nor
    constant.
    """
    if isinstance(node, Number):
        return node
    if isinstance(node, Name):
        if node.name in known:
            return known[node.name]
        if node.name in constants:
            return Number(constants[node.name])
        raise ExpressionError(f"parameter {node.name!r} is not defined")
    if node.function in {"agauss", "gauss"} and len(node.arguments) == 3:
        mean, width, sigmas = (_shaped(argument, known, constants, draws) for argument in node.arguments)
        if node.function == "gauss":
            width = Call("*", (mean, width))  # relative to the mean
        return Call("+", (mean, Call("*", (Call("/", (width, sigmas)), draws.next()))))
    return expression.fold(
        Call(node.function, tuple(_shaped(argument, known, constants, draws) for argument in node.arguments)), {}
    )


def symbols(spread: Spread) -> Iterator[str]:
    """The draws that a spread needs, in order."""
    found = {
        name for text in spread.values() for name in expression.names(expression.parse(text)) if name not in _SIZES
    }
    return iter(sorted(found, key=lambda name: int(name[1:])))


def deviation(text: str, width: float, length: float, units: float, draws: Mapping[str, float]) -> float:
    """The value of one expression of a spread. `width`, `length` in the netlist's units; `units`: devices in
    parallel.
    """
    return expression.evaluate(expression.parse(text), {"w": width, "l": length, "m": units, **draws})
