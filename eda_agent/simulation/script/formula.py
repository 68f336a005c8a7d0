"""Evaluation of a compiled formula: a tree of `problem.script.formula` becomes a vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from eda_agent.simulation.script.functions import call
from eda_agent.simulation.script.vector import MAX_LENGTH, FormulaError, Vector, binary, indexed, number, ranged
from eda_agent.spice_numbers import command_number


class Scope(Protocol):
    """What a formula refers to."""

    degrees: bool

    def vector(self, name: str) -> Vector:
        """A vector by its name. Raises `FormulaError`."""

    def text(self, word: Sequence[Any]) -> str:
        """The text of a word with its variables replaced. Raises `FormulaError`."""


def evaluate(tree: Sequence[Any], scope: Scope) -> Vector:
    """The value of a formula. Raises `FormulaError`."""
    match tree[0]:
        case "number":
            return number(float(tree[1]))
        case "vector":
            return _named(tree[1], scope)
        case "unary":
            inner = evaluate(tree[2], scope)
            if tree[1] == "-":
                return Vector(-inner.data, inner.unit, inner.scale)
            return Vector(np.asarray(np.real(inner.data) == 0, dtype=np.float64), "", inner.scale)
        case "if":
            chosen = tree[2] if truth(evaluate(tree[1], scope)) else tree[3]
            return evaluate(chosen, scope)
        case "call":
            return call(tree[1], evaluate(tree[2], scope), degrees=scope.degrees)
        case _:
            return _binary(tree[1], evaluate(tree[2], scope), evaluate(tree[3], scope))


def truth(found: Vector) -> bool:
    """Whether a condition holds: as in ngspice, if any of its values is not zero."""
    return bool(np.any(found.data != 0))


def _binary(operator: str, a: Vector, b: Vector) -> Vector:
    if operator == "[":
        return indexed(a, b)
    if operator == "[[":
        return ranged(a, b)
    if max(a.data.size, b.data.size) > MAX_LENGTH:
        raise FormulaError(f"a vector has at most {MAX_LENGTH:,} values")
    return binary(operator, a, b)


def _named(word: Sequence[Any], scope: Scope) -> Vector:
    """A vector by its name, or the number that a variable holds."""
    text = scope.text(word).strip()
    if any(isinstance(part, list) for part in word):
        found = command_number(text)
        if found is not None:
            return number(found)
    return scope.vector(text.lower())
