"""A formula is an expression over vectors, as `let`, `print` and `if` of a script have it, read into a tree.

The grammar and its precedences are those of ngspice 39 (manual, chapter 17.2), where `,` joins two numbers to a complex
one or separates the arguments of a function. A tree is made of lists, so that it can be sent as JSON:

    ["number", x]                   ["vector", word]            ["unary", "-" or "~", a]
    ["binary", operator, a, b]      ["call", function, a]       ["if", condition, a, b]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from eda_agent.problem.script.words import ScriptError, word_of
from eda_agent.spice_numbers import command_number

Tree = list[Any]
Macros = Mapping[str, tuple[tuple[str, ...], str]]
"""Name of a function of the script's own (`define`) → its arguments and its text."""
MAX_DEPTH = 60
FUNCTIONS = frozenset(
    [
        "mag",
        "magnitude",
        "ph",
        "phase",
        "cph",
        "cphase",
        "unwrap",
        "j",
        "real",
        "re",
        "imag",
        "im",
        "conj",
        "db",
        "log",
        "log10",
        "ln",
        "exp",
        "abs",
        "sqrt",
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "atan",
        "norm",
        "pos",
        "nint",
        "floor",
        "ceil",
        "mean",
        "stddev",
        "avg",
        "group_delay",
        "vector",
        "unitvec",
        "length",
        "vecmin",
        "minimum",
        "vecmax",
        "maximum",
        "vecd",
        "deriv",
        "integ",
    ]
)
"""Functions of one vector."""
_OF_NODES = {
    "v": None, "vdb": "db", "vm": "mag", "vp": "ph", "vr": "re", "vi": "im", "vg": "group_delay", "gd": "group_delay",
}  # fmt: skip
"""Function of a node or of two → what is taken of the voltage."""
_WORDS = {"gt": ">", "lt": "<", "ge": ">=", "le": "<=", "ne": "<>", "eq": "=", "or": "|", "and": "&", "not": "~"}
_BINARY = {
    "|": 2, "&": 3, "=": 4, "<>": 4, "<=": 4, "<": 4, ">=": 4, ">": 4, ",": 6, "+": 7, "-": 7, "*": 8, "/": 8, "%": 8,
    "^": 10,
}  # fmt: skip
_RIGHT = frozenset({",", "^"})
_NOT, _NEGATIVE = 5, 9
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[a-zA-Z]*(?![\w.#:$]))
    |(?P<quoted>"[^"]*")
    |(?P<name>@[^\s%()^+*,/|&<>~=\[\]-]+(?:-[^\s\[\]]+?)?(?:\[[^\]]*\])?
       |(?:\$&|[^\s%()^+*,/|&<>~=\[\]?"-])+(?:@[^\s%()^+*,/|&<>~=\[\]-]+(?:\[[^\]]*\])?)?)
    |(?P<operator><>|><|<\s*>|>\s*=|<\s*=|==|!=|&&|\|\||[-+*/%^(),=<>&|~\[\]?:!])
    )""",
    re.VERBOSE,
)
_SPELLED = {"><": "<>", "==": "=", "!=": "<>", "&&": "&", "||": "|", "!": "~"}


def parse(text: str, macros: Macros | None = None) -> Tree:
    """Read one formula. Raises `ScriptError`."""
    parser = _Parser(text, macros or {})
    tree = parser.expression(0, 0)
    if parser.peek():
        raise ScriptError(f"cannot read {parser.peek()!r} in {text.strip()!r}")
    return tree


def parse_list(text: str, macros: Macros | None = None) -> list[tuple[str, Tree]]:
    """Read formulas that stand side by side, as `print` takes them: (text, tree) of each. Raises `ScriptError`."""
    parser = _Parser(text, macros or {})
    result = []
    while parser.peek():
        start = parser.starts[parser.position]
        tree = parser.expression(7, 0)
        result.append((text[start : parser.ends[parser.position - 1]].strip(), tree))
        if parser.peek() == ",":
            parser.take()
    return result


class _Parser:
    def __init__(self, text: str, macros: Macros):
        self.text, self.macros = text, macros
        self.tokens: list[str] = []
        self.kinds: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        position = 0
        while position < len(text) and text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None or found.lastgroup is None:
                raise ScriptError(f"cannot read {text[position:].strip()[:20]!r} in {text.strip()!r}")
            token = found[found.lastgroup]
            kind = found.lastgroup
            if kind == "name" and token.lower() in _WORDS and (self.tokens or token.lower() == "not"):
                token, kind = _WORDS[token.lower()], "operator"
            elif kind == "operator":
                token = re.sub(r"\s", "", token)
                token = _SPELLED.get(token, token)
            self.tokens.append(token)
            self.kinds.append(kind)
            self.starts.append(found.start(found.lastgroup))
            self.ends.append(found.end())
            position = found.end()
        self.position = 0

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise ScriptError(f"{expected or 'a value'!r} is missing in {self.text.strip()!r}")
        self.position += 1
        return token

    def expression(self, level: int, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            raise ScriptError("the formula is nested too deeply")
        left = self.operand(depth)
        while True:
            operator = self.peek() if self._is_operator() else ""
            if operator == "[":
                left = self._indexed(left, depth)
            elif operator in _BINARY and _BINARY[operator] >= level:
                self.take()
                strength = _BINARY[operator] + (0 if operator in _RIGHT else 1)
                left = ["binary", operator, left, self.expression(strength, depth + 1)]
            elif operator == "?" and level <= 1:
                self.take()
                yes = self.expression(0, depth + 1)
                self.take(":")
                left = ["if", left, yes, self.expression(0, depth + 1)]
            else:
                return left

    def _is_operator(self) -> bool:
        return self.position < len(self.tokens) and self.kinds[self.position] == "operator"

    def _indexed(self, left: Tree, depth: int) -> Tree:
        self.take("[")
        if self.peek() == "[":
            self.take()
            tree = ["binary", "[[", left, self.expression(0, depth + 1)]
            self.take("]")
        else:
            tree = ["binary", "[", left, self.expression(0, depth + 1)]
        self.take("]")
        return tree

    def operand(self, depth: int) -> Tree:
        is_operator = self._is_operator()
        token = self.take()
        if is_operator:
            if token == "(":
                tree = self.expression(0, depth + 1)
                self.take(")")
                return tree
            if token in "-~":
                inner = self.expression(_NEGATIVE if token == "-" else _NOT, depth + 1)
                return ["unary", token, inner]
            if token == "+":
                return self.expression(_NEGATIVE, depth + 1)
            raise ScriptError(f"cannot read {token!r} in {self.text.strip()!r}")
        kind = self.kinds[self.position - 1]
        if kind == "number" and (number := command_number(token)) is not None:
            return ["number", number]
        if kind == "quoted":
            return ["vector", word_of(token.strip('"').lower())]
        if self.peek() == "(" and self._is_operator():
            return self.call(token.lower(), depth)
        return ["vector", word_of(token.lower())]

    def call(self, name: str, depth: int) -> Tree:
        if name in self.macros:
            return self._macro(name, depth)
        if name in FUNCTIONS or name in {"max", "min"}:
            self.take("(")
            tree = self.expression(0, depth + 1)
            self.take(")")
            if name in FUNCTIONS:
                return ["call", name, tree]
            if tree[:2] != ["binary", ","]:
                raise ScriptError(f"{name} needs two arguments", f"the largest of one vector is vec{name}(…)")
            first, second = tree[2:]
            yes, no = (">", "<=") if name == "max" else ("<", ">=")
            # as ngspice defines them: a sum of products
            return [
                "binary",
                "+",
                ["binary", "*", ["binary", yes, first, second], first],
                ["binary", "*", ["binary", no, first, second], second],
            ]
        raw = self._raw()
        plot, _, function = name.rpartition(".")
        if function in _OF_NODES:
            prefix = f"{plot}." if plot else ""
            nodes = [node.strip().strip('"') for node in raw.lower().split(",")]
            trees = [["vector", word_of(f"{prefix}v({node})")] for node in nodes if node]
            if not 1 <= len(trees) <= 2:
                raise ScriptError(f"{name} needs a node, or two nodes")
            tree = trees[0] if len(trees) == 1 else ["binary", "-", *trees]
            taken = _OF_NODES[function]
            return ["call", taken, tree] if taken else tree
        if function == "i" or function.startswith("output_impedance_at_") or function in {"pole", "zero"}:
            return ["vector", word_of(f"{name}({raw.strip().lower()})")]
        raise ScriptError(f"there is no function {name!r}", f"functions: {', '.join(sorted(FUNCTIONS))}, max, min")

    def _raw(self) -> str:
        """The text inside the brackets that open here, taken as it is: the name of a node may have any character."""
        start = self.ends[self.position]
        self.take("(")
        depth = 1
        while depth:
            token = self.take()
            if self.kinds[self.position - 1] == "operator":
                depth += (token == "(") - (token == ")")
        return self.text[start : self.starts[self.position - 1]]

    def _macro(self, name: str, depth: int) -> Tree:
        names, body = self.macros[name]
        self.take("(")
        tree = self.expression(0, depth + 1)
        self.take(")")
        given = [tree]
        while len(given) < len(names) and given[-1][:2] == ["binary", ","]:
            given[-1:] = given[-1][2:]
        if len(given) != len(names):
            raise ScriptError(f"{name} needs {len(names)} arguments")
        others = {key: value for key, value in self.macros.items() if key != name}
        return _put(parse(body, others), dict(zip(names, given, strict=True)))


def _put(tree: Tree, values: Mapping[str, Tree]) -> Tree:
    if tree[0] == "vector" and len(tree[1]) == 1 and tree[1][0] in values:
        return values[tree[1][0]]
    if tree[0] == "vector" and len(tree[1]) == 1 and isinstance(tree[1][0], str):
        # v(x) of an argument x, which is the name of a node
        found = re.fullmatch(r"v\((.*)\)", tree[1][0])
        if found and found[1] in values and values[found[1]][0] == "vector":
            return ["vector", [f"v({''.join(values[found[1]][1])})"]]
        return tree
    return [_put(part, values) if isinstance(part, list) and tree[0] != "vector" else part for part in tree]
