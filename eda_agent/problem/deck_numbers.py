"""A deck's numbers are those of its parameters: sources and loads state their values by formulas of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from eda_agent.problem import expression
from eda_agent.problem.expression import ExpressionError
from eda_agent.problem.line_edit import assignments
from eda_agent.spice_numbers import parse_spice_number

_FORMULA = re.compile(r"\{[^{}]*\}|'[^']*'|\"[^\"]*\"")
_WORDS = frozenset(["ac", "dc", "pulse", "sin", "sine", "exp", "sffm", "am", "pwl"])


def parameters(lines: Iterable[str]) -> dict[str, float]:
    """Name → number of the `.param` lines outside subcircuits. One that no number follows from is left out."""
    texts: dict[str, str] = {}
    inside = False
    for line in _joined(lines):
        card = line.split(maxsplit=1)[0].lower() if line.strip() else ""
        inside = (inside or card == ".subckt") and card != ".ends"
        if card in {".param", ".params"} and not inside:
            texts.update(assignments(line))
    return numbers(texts)


def numbers(texts: Mapping[str, str]) -> dict[str, float]:
    """Name → number of parameters, which may be formulas of each other."""
    found: dict[str, float] = {}
    waiting = dict(texts)
    while waiting:
        new = {name: value for name, text in waiting.items() if (value := number(text, found)) is not None}
        if not new:
            break
        found.update(new)
        waiting = {name: text for name, text in waiting.items() if name not in new}
    return found


def number(text: str, known: Mapping[str, float]) -> float | None:
    """The value of a number or of a formula of known names, None if it has none."""
    bare = expression.strip_quotes(text)
    if (plain := parse_spice_number(bare)) is not None:
        return plain
    try:
        return expression.evaluate(expression.parse(bare), known)
    except (ExpressionError, ArithmeticError):
        return None


def valued(card: str, known: Mapping[str, float]) -> str:
    """The line of a source, a resistor or a capacitor with numbers for its formulas and names of parameters.

    A formula that no number follows from stays.
    """
    head, tail = re.match(r"(\s*(?:\S+\s+){0,3})(.*)", card, re.DOTALL).groups()  # type: ignore[union-attr]  # matches any text
    tail = _FORMULA.sub(lambda match: _written(match[0], known), tail)
    return head + re.sub(r"[A-Za-z_]\w*(?!\w|\s*=)", lambda match: _named(match, known), tail)


def _joined(lines: Iterable[str]) -> list[str]:
    result: list[str] = []
    for line in lines:
        if line.startswith("+") and result:
            result[-1] += " " + line[1:]
        else:
            result.append(line)
    return result


def _written(text: str, known: Mapping[str, float]) -> str:
    value = number(text, known)
    return text if value is None else f"{value:.12g}"


def _named(match: re.Match[str], known: Mapping[str, float]) -> str:
    word, before = match[0].lower(), match.string[: match.start()]
    # the exponent or the unit of a number, and names in formulas, are no names of parameters
    if word in _WORDS or word not in known or before[-1:].isalnum() or before[-1:] in {".", "_"} or _is_open(before):
        return match[0]
    return f"{known[word]:.12g}"


def _is_open(before: str) -> bool:
    return before.count("{") > before.count("}") or before.count("'") % 2 == 1
