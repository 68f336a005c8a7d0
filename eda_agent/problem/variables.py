"""Variables are the values of an elaboration: each an expression over the places and over earlier variables."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

from eda_agent.problem import expression
from eda_agent.problem.expression import Call, ExpressionError, Name, Node, Number
from eda_agent.problem.expression_text import to_python

Symbols = Mapping[str, Number | Name]


class Variables:
    """`inputs`: the names of the places. Values are defined in order, then computed for any numbers of the places."""

    def __init__(self, inputs: Collection[str]):
        self.inputs = tuple(inputs)
        self._assignments: list[tuple[str, Node]] = []
        self._compiled: Callable[..., dict[str, float]] | None = None

    def __len__(self) -> int:
        return len(self._assignments)

    def define(self, node: Node) -> Number | Name:
        """A number or variable for an expression over earlier definitions."""
        if not isinstance(node, Call):
            return node
        name = f"v{len(self._assignments)}"
        self._assignments.append((name, node))
        return Name(name)

    def value(self, text: str, known: Symbols) -> Number | Name:
        """The value of a text with these names known. Raises `ExpressionError`."""
        node = expression.parse(text)
        unknown = expression.names(node) - known.keys()
        if unknown:
            raise ExpressionError(f"parameter {sorted(unknown)[0]!r} is not defined")
        return self.define(expression.fold(_substituted(node, known), {}))

    def compile(self) -> None:
        """Compile all definitions to one Python function, unless they are too deep for Python's parser."""
        body = "".join(f"    {name} = {to_python(node)}\n" for name, node in self._assignments)
        names = [*self.inputs, *(name for name, _ in self._assignments)]
        source = (
            f"def run({', '.join(self.inputs)}):\n{body}    return"
            f" {{{', '.join(f'{name!r}: {name}' for name in names)}}}\n"
        )
        scope: dict[str, Any] = {f"f_{name}": function for name, function in expression.FUNCTIONS.items()}
        try:
            # contains only our own names, numbers and operators: see `to_python`
            exec(compile(source, "<elaboration>", "exec"), scope)  # noqa: S102  # see above
        except (SyntaxError, RecursionError, MemoryError):
            return
        self._compiled = scope["run"]

    def at(self, inputs: Mapping[str, float]) -> dict[str, float]:
        """Every variable at these numbers of the places, without those that cannot be computed there."""
        try:
            numbers = self._compiled(**inputs) if self._compiled else None
        except (ArithmeticError, ValueError, TypeError):
            numbers = None
        if numbers is None or not all(map(math.isfinite, numbers.values())):
            return self._one_by_one(inputs)
        return numbers

    def _one_by_one(self, inputs: Mapping[str, float]) -> dict[str, float]:
        numbers = dict(inputs)
        for name, node in self._assignments:
            try:
                numbers[name] = expression.evaluate(node, numbers)
            except ExpressionError:
                continue
        return numbers


def _substituted(node: Node, known: Symbols) -> Node:
    if isinstance(node, Name):
        return known[node.name]
    if isinstance(node, Call):
        return Call(node.function, tuple(_substituted(argument, known) for argument in node.arguments))
    return node
