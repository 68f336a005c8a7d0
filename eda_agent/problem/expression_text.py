"""The text of an expression is written for Python, which computes it, or for ngspice."""

from __future__ import annotations

from eda_agent.problem.expression import OPERATORS, Name, Node, Number

_PYTHON = {
    "<": "float({} < {})",
    ">": "float({} > {})",
    "<=": "float({} <= {})",
    ">=": "float({} >= {})",
    "==": "float({} == {})",
    "!=": "float({} != {})",
    "&&": "float(bool({}) and bool({}))",
    "||": "float(bool({}) or bool({}))",
    "neg": "(-{})",
    "!": "float(not {})",
    "?:": "({1} if {0} else {2})",
    "**": "pow({}, {})",
    "+": "({} + {})",
    "-": "({} - {})",
    "*": "({} * {})",
    "/": "({} / {})",
}


def to_python(node: Node) -> str:
    """The expression as Python, over names and the functions of `FUNCTIONS` as `f_NAME`; no text of the netlist
    remains.
    """
    if isinstance(node, Number):
        return repr(node.value)
    if isinstance(node, Name):
        return node.name
    arguments = [to_python(argument) for argument in node.arguments]
    if node.function in _PYTHON:
        return _PYTHON[node.function].format(*arguments)
    return f"f_{node.function}({', '.join(arguments)})"


def to_text(node: Node) -> str:
    """The expression in ngspice's syntax, fully bracketed."""
    if isinstance(node, Number):
        return repr(node.value)
    if isinstance(node, Name):
        return node.name
    if node.function == "?:":
        condition, yes, no = map(to_text, node.arguments)
        return f"({condition} ? {yes} : {no})"
    if node.function in {"neg", "!"}:
        return f"({'-' if node.function == 'neg' else '!'}{to_text(node.arguments[0])})"
    if node.function in OPERATORS:
        return f"({to_text(node.arguments[0])}{node.function}{to_text(node.arguments[1])})"
    return f"{node.function}({','.join(map(to_text, node.arguments))})"
