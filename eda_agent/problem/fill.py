"""Filling replaces expressions in braces or quotes in a testbench's text by the numbers of settings."""

from __future__ import annotations

import re
from collections.abc import Mapping

from eda_agent.problem import expression
from eda_agent.problem.expression import ExpressionError
from eda_agent.problem.line_edit import assignments

_EXPRESSION = re.compile(r"\{([^}]*)\}|'([^']*)'")


def fill(text: str, settings: Mapping[str, float]) -> str:
    """Replace every `{expression}` or `'expression'` that the settings determine by its number; ngspice evaluates the
    rest.

    Inside a `.subckt` of the text its own parameters take precedence, as in SPICE.
    """
    lines = text.splitlines(keepends=True)
    result, known = [], settings
    for number, line in enumerate(lines):
        card = line.split(None, 1)[0].lower() if line.strip() else ""
        if card == ".subckt":
            own = _own_names(lines[number:])
            known = {name: value for name, value in settings.items() if name not in own}
        result.append(_filled(line, known))
        if card == ".ends":
            known = settings
    return "".join(result)


def parameters_filled(text: str, settings: Mapping[str, float]) -> str:
    """A designer's deck with the values of its parameters; ngspice evaluates all other expressions."""
    lines = text.splitlines(keepends=True)
    return "".join(fill(line, settings) if line.lower().startswith(".param ") else line for line in lines)


def _own_names(lines: list[str]) -> set[str]:
    """The parameters that a subcircuit defines, by its header and its `.param` lines."""
    names = set(assignments(lines[0]))
    for line in lines[1:]:
        card = line.split(None, 1)[0].lower() if line.strip() else ""
        if card == ".ends":
            break
        if card in {".param", ".params"}:
            names |= set(assignments(line))
    return names


def _filled(text: str, settings: Mapping[str, float]) -> str:
    def number(match: re.Match[str]) -> str:
        try:
            return repr(expression.evaluate(expression.parse(match[1] if match[1] is not None else match[2]), settings))
        except ExpressionError:
            return match[0]

    return _EXPRESSION.sub(number, text)
