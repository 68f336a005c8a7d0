"""An expression is the text between braces or quotes in a netlist, read as ngspice's numparam reads it.

It supports arithmetic: numbers with SPICE suffixes, case-insensitive names, + - * / ** ^, comparisons, `?:`, and the
functions in `FUNCTIONS`. Anything else (v(node), temper, …) raises `ExpressionError`, and the caller
lets ngspice evaluate it. The statistical functions give their nominal value, as in a run without Monte Carlo.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from eda_agent.spice_numbers import parse_spice_number


class ExpressionError(ValueError):
    """The text is not supported arithmetic, or uses an undefined name."""


def _limit(nominal: float, _spread: float) -> float:
    return nominal


FUNCTIONS: dict[str, Callable[..., float]] = {
    "sqrt": math.sqrt,
    "abs": abs,
    "min": min,
    "max": max,
    "exp": math.exp,
    "ln": math.log,
    "log": math.log,
    "log10": math.log10,
    "int": lambda x: float(math.trunc(x)),
    "nint": lambda x: float(round(x)),
    "floor": lambda x: float(math.floor(x)),
    "ceil": lambda x: float(math.ceil(x)),
    "pow": pow,
    "pwr": lambda x, y: math.copysign(abs(x) ** y, x),
    "sgn": lambda x: float((x > 0) - (x < 0)),
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "atan": math.atan,
    "agauss": lambda nominal, *_: nominal,
    "gauss": lambda nominal, *_: nominal,
    "aunif": lambda nominal, *_: nominal,
    "unif": lambda nominal, *_: nominal,
    "limit": _limit,
}


@dataclass(frozen=True)
class Number:
    value: float


@dataclass(frozen=True)
class Name:
    name: str


@dataclass(frozen=True)
class Call:
    """An operator or function applied to its arguments; `function` is a key of `FUNCTIONS` or an operator."""

    function: str
    arguments: tuple[Node, ...]


Node = Number | Name | Call

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[a-zA-Zµ]*)|(?P<name>[a-zA-Z_][\w.]*)|(?P<op>\*\*|<=|>=|==|!=|&&|\|\||[-+*/^()<>?:,!]))"
)
_BINARY = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    ">": 4,
    "<=": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "^": 8,
    "**": 8,
}
_UNARY_LEVEL = 7
_MAX_DEPTH = 90
"""Maximum depth of brackets and of nested operations: Python compiles at most 200 brackets, and an operation may need
two.
"""


def _tokens(text: str) -> Iterator[str]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            if text[position:].isspace():
                return
            raise ExpressionError(f"cannot read {text[position:].strip()[:20]!r} in expression {text.strip()!r}")
        yield match[0].strip()
        position = match.end()


class _Parser:
    """Precedence climbing over the tokens of one expression."""

    def __init__(self, text: str):
        self.text = text
        self.tokens = list(_tokens(text))
        self.position = 0
        self.depths: dict[int, tuple[int, Node]] = {}

    def made(self, function: str, *arguments: Node) -> Node:
        """The call, unless it is too deep: a sum of a thousand terms has depth one thousand."""
        depth = 1 + max(self.depths.get(id(argument), (0, argument))[0] for argument in arguments)
        if depth > _MAX_DEPTH:
            raise ExpressionError(f"the expression has more than {_MAX_DEPTH} nested operations")
        node = Call(function, arguments)
        # kept with its id, so that no other object gets it
        self.depths[id(node)] = depth, node
        return node

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, expected: str | None = None) -> str:
        token = self.peek()
        if not token or (expected is not None and token != expected):
            raise ExpressionError(f"{expected or 'a value'!r} is missing in expression {self.text.strip()!r}")
        self.position += 1
        return token

    def expression(self, level: int = 0, depth: int = 0) -> Node:
        if depth > _MAX_DEPTH:
            raise ExpressionError("the expression is nested too deeply")
        left = self.operand(depth)
        while (operator := self.peek()) in _BINARY and _BINARY[operator] >= level:
            self.take()
            strength = _BINARY[operator]
            # ** and ^ are right-associative
            right = self.expression(strength if strength == 8 else strength + 1, depth + 1)
            left = self.made("**" if operator == "^" else operator, left, right)
        if level == 0 and self.peek() == "?":
            self.take()
            yes = self.expression(0, depth + 1)
            self.take(":")
            left = self.made("?:", left, yes, self.expression(0, depth + 1))
        return left

    def operand(self, depth: int) -> Node:
        token = self.take()
        if token in {"-", "+", "!"}:
            inner = self.expression(_UNARY_LEVEL, depth + 1)
            return inner if token == "+" else self.made("neg" if token == "-" else "!", inner)
        if token == "(":
            inner = self.expression(0, depth + 1)
            self.take(")")
            return inner
        number = parse_spice_number(token)
        if number is not None:
            if not math.isfinite(number):
                raise ExpressionError(f"{token} is no finite number")
            return Number(number)
        if not (token[0].isalpha() or token[0] == "_"):
            raise ExpressionError(f"cannot read {token!r} in expression {self.text.strip()!r}")
        if self.peek() != "(":
            return Name(token.lower())
        return self.call(token.lower(), depth)

    def call(self, function: str, depth: int) -> Node:
        if function not in FUNCTIONS:
            raise ExpressionError(f"function {function!r} is not known here")
        self.take("(")
        arguments = [self.expression(0, depth + 1)]
        while self.peek() == ",":
            self.take()
            arguments.append(self.expression(0, depth + 1))
        self.take(")")
        return self.made(function, *arguments)


@lru_cache(maxsize=65536)
def parse(text: str) -> Node:
    """Read an expression, with or without its braces or quotes. Raises `ExpressionError`."""
    parser = _Parser(strip_quotes(text))
    node = parser.expression()
    if parser.peek():
        raise ExpressionError(f"cannot read {parser.peek()!r} in expression {text.strip()!r}")
    return node


def strip_quotes(text: str) -> str:
    """The expression inside {…}, '…' or "…"."""
    text = text.strip()
    while len(text) >= 2 and (text[0], text[-1]) in {("{", "}"), ("'", "'"), ('"', '"')}:
        text = text[1:-1].strip()
    return text


def names(node: Node) -> frozenset[str]:
    """The names that an expression depends on, in lower case."""
    if isinstance(node, Name):
        return frozenset([node.name])
    if isinstance(node, Call):
        return frozenset().union(*(names(argument) for argument in node.arguments))
    return frozenset()


OPERATORS: dict[str, Callable[..., float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": pow,
    "neg": lambda a: -a,
    "!": lambda a: float(not a),
    "<": lambda a, b: float(a < b),
    ">": lambda a, b: float(a > b),
    "<=": lambda a, b: float(a <= b),
    ">=": lambda a, b: float(a >= b),
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "&&": lambda a, b: float(bool(a) and bool(b)),
    "||": lambda a, b: float(bool(a) or bool(b)),
}


def evaluate(node: Node, values: Mapping[str, float]) -> float:
    """The value of an expression; `values` maps lower-case names to numbers. Raises `ExpressionError`."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        try:
            return values[node.name]
        except KeyError:
            raise ExpressionError(f"parameter {node.name!r} is not defined") from None
    try:
        if node.function == "?:":
            return evaluate(node.arguments[1 if evaluate(node.arguments[0], values) else 2], values)
        function = OPERATORS.get(node.function) or FUNCTIONS[node.function]
        result = function(*(evaluate(argument, values) for argument in node.arguments))
        if isinstance(result, complex) or not math.isfinite(result):
            raise ExpressionError(f"{node.function} gives no finite number")
        return float(result)
    except (ArithmeticError, ValueError, TypeError) as error:
        if isinstance(error, ExpressionError):
            raise
        raise ExpressionError(f"{node.function}: {error}") from None


def fold(node: Node, values: Mapping[str, float]) -> Node:
    """The same expression with everything that `values` determines evaluated; a product with zero is zero.

    The last rule removes `MC_MM_SWITCH*AGAUSS(…)*f(l, w)` from a foundry's model when Monte Carlo is off.
    """
    if isinstance(node, Name):
        return Number(values[node.name]) if node.name in values else node
    if isinstance(node, Number):
        return node
    first = fold(node.arguments[0], values)
    if node.function == "*" and isinstance(first, Number) and first.value == 0:
        return Number(0.0)
    arguments = (first, *[fold(argument, values) for argument in node.arguments[1:]])
    if all(isinstance(argument, Number) for argument in arguments):
        return Number(evaluate(Call(node.function, arguments), {}))
    zero = [isinstance(argument, Number) and argument.value == 0 for argument in arguments]
    if node.function == "*" and any(zero):
        return Number(0.0)
    if node.function in {"+", "-"} and len(zero) == 2 and zero[1]:
        return arguments[0]
    if node.function == "+" and zero[0]:
        return arguments[1]
    return Call(node.function, arguments)
