"""A template is a netlist with `CACE{condition}` and `CACE[expression]`, from which a deck is made.

A condition with a number becomes a parameter of the deck, `cace_NAME`, which the corners set; a script reads it as
the variable `${cace_NAME}`. What CACE writes into a result file, the deck's results are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from eda_agent.errors import Finding, InputError
from eda_agent.problem.cace.conditions import Condition
from eda_agent.problem.cace.datasheet import CaceParameter, Datasheet
from eda_agent.problem.own_script import CONDITION
from eda_agent.problem.script.compiler import result_name
from eda_agent.spice_numbers import spice_number

PREFIX = CONDITION
_FIELD = re.compile(r"CACE\{(?P<name>[^{}=|]+)(?:=(?P<default>[^{}]*)|\|(?P<which>\w+))?\}")
_EXPRESSION = re.compile(r"CACE\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]")
_REDIRECT = re.compile(
    r"^\s*echo\s+(?P<words>.*?)\s*>{1,2}\s*\S*(?:CACE\{simpath\}|CACE\{N\}|CACE\{filename\})\S*\s*$", re.I
)


@dataclass(frozen=True)
class CaceDeck:
    """`text`: the deck. `results`: variable of the datasheet → name of the deck's result. `used`: the conditions that
    the template has.
    """

    text: str
    results: Mapping[str, str]
    used: frozenset[str]


def deck_of_template(text: str, parameter: CaceParameter, sheet: Datasheet) -> CaceDeck:
    """The deck of a parameter. `text`: the netlisted template. Raises `InputError`."""
    conditions = dict(parameter.conditions)
    used = {found["name"] for found in _FIELD.finditer(text)}
    fixed = {
        "DUT_name": sheet.name, "PDK": sheet.pdk or "sky130A", "PDK_ROOT": "/pdk", "filename": parameter.template.stem,
        "netlist_source": "schematic", "simpath": ".", "N": "1", "random": "1", "templates": ".", "root": ".",
    }  # fmt: skip
    results: list[str] = []
    lines: list[str] = []
    script = False
    for line in text.splitlines():
        card = line.strip().lower()
        script = (script or card.startswith(".control")) and not card.startswith(".endc")
        if "CACE{DUT_path}" in line:
            # the circuit itself: the spec names it
            continue
        if script and (found := _REDIRECT.match(line)):
            results = re.findall(r"\$&\{?([\w.#@\[\]]+)\}?", found["words"])
            line = f"echo {found['words']}"
        if card.startswith(".temp"):
            line = f".temp {_plain(conditions, 'temperature', 27.0)}" if "CACE{temperature}" in line else line
        lines.append(_filled(line, conditions, fixed, script=script, text=card.startswith((".lib", ".inc", ".opt"))))
    numbers = {name: one for name, one in conditions.items() if name in used and isinstance(one.typical, float)}
    cards = [_card(name, one) for name, one in numbers.items()]
    columns = [name for name in parameter.variables if name] if parameter.variables else []
    if len(results) < len(parameter.variables):
        raise InputError(
            Finding(
                f"{parameter.name}: its template does not echo {', '.join(parameter.variables)} into its result file",
                parameter.template,
                fix="echo $&NAME … > CACE{simpath}/CACE{filename}_CACE{N}.data; columns of a waveform are not measured",
            )
        )
    named = {
        column: result_name(result)
        for column, result in zip(parameter.variables, results, strict=False)
        if column in columns
    }
    head, *rest = lines or [""]
    return CaceDeck("\n".join([head, *cards, *rest]) + "\n", named, frozenset(used))


def _card(name: str, condition: Condition) -> str:
    value = "{temperature}" if name == "temperature" else spice_number(float(condition.typical))
    return f".param {PREFIX}{name}={value}"


def _plain(conditions: Mapping[str, Condition], name: str, default: float) -> str:
    value = conditions[name].typical if name in conditions else default
    return f"{value:g}" if isinstance(value, float) else str(value)


def _filled(
    line: str, conditions: Mapping[str, Condition], fixed: Mapping[str, str], *, script: bool, text: bool
) -> str:
    """A line with its placeholders filled. `text`: of a card that takes no expression: it gets the typical values."""

    def value(found: re.Match[str], inside: bool) -> str:
        name, which, default = found["name"], found["which"], found["default"]
        if name in fixed:
            return fixed[name]
        condition = conditions.get(name)
        if condition is None:
            if default is None:
                raise InputError(f"the template has CACE{{{name}}}, but the datasheet has no condition {name}")
            return default
        if which is not None:
            found_value = condition.of(which)
            return "" if found_value is None else spice_number(float(found_value))
        if text or not isinstance(condition.typical, float):
            return _plain(conditions, name, 0.0)
        if script:
            return f"${{{PREFIX}{name}}}"
        return f"{PREFIX}{name}" if inside else f"{{{PREFIX}{name}}}"

    def expression(found: re.Match[str]) -> str:
        inner = _FIELD.sub(lambda one: value(one, True), found["text"]).strip()
        if text:
            return _evaluated(inner)
        return f"({inner})" if script else f"{{{inner}}}"

    return _FIELD.sub(lambda found: value(found, _in_braces(line, found.start())), _EXPRESSION.sub(expression, line))


def _in_braces(line: str, place: int) -> bool:
    before = re.sub(r"CACE\{[^{}]*\}", "", line[:place])
    return before.count("{") > before.count("}") or before.count("'") % 2 == 1


def _evaluated(text: str) -> str:
    """The value of an expression of numbers; the text itself if it is not one."""
    from eda_agent.problem import expression
    from eda_agent.problem.expression import ExpressionError

    try:
        return f"{expression.evaluate(expression.parse(text), {}):g}"
    except ExpressionError:
        return text
