"""A call is a line of a bench that places a subcircuit: `X1 in out vdd 0 ota wp=30u`.

A value of the call replaces the default of the subcircuit, so a changed default would have no effect. If all calls of a
subcircuit give a parameter the same number, that number becomes the default and leaves the calls: the circuit is the
same, and the default is what is sized. If all give the same formula, what it is computed from is sized. If they differ,
the default has no effect and must not be sized.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from eda_agent.problem.expression import strip_quotes
from eda_agent.problem.line_edit import Edit, assignments, edited
from eda_agent.problem.logical_line import Line
from eda_agent.spice_numbers import parse_spice_number

_PARAMS = re.compile(r"\s+params:\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class CallValues:
    """Subcircuit → parameter → text.

    Attributes:
        moved: numbers that all calls give, which are the defaults now.
        computed: formulas that all calls give; ngspice does not take one as a default, so they stay in the calls.
        differing: values that calls give differently, as shown to people.
    """

    moved: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    computed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    differing: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def with_moved_values(lines: Sequence[Line]) -> tuple[tuple[Line, ...], CallValues]:
    """The lines of a deck with the values of its calls moved to the subcircuits' headers, and what was moved."""
    headers = {line.text.split()[1].lower(): line for line in lines if _is_header(line)}
    calls: dict[str, list[tuple[Line, bool]]] = {}
    inside = False
    for line in lines:
        inside = inside or line.card == ".subckt"
        called = plain_words(line.text)[-1].lower() if line.card.startswith("x") else ""
        if called in headers:
            calls.setdefault(called, []).append((line, inside))
        inside = inside and line.card != ".ends"
    moved: dict[str, dict[str, str]] = {}
    computed: dict[str, dict[str, str]] = {}
    differing: dict[str, dict[str, str]] = {}
    for name, places in calls.items():
        if all(within for _, within in places):
            continue
        given = [assignments(line.text) for line, _ in places]
        for parameter in _defaults(headers[name]):
            texts = dict.fromkeys(values.get(parameter, "") for values in given)
            if list(texts) == [""]:
                continue
            if len(texts) == 1:
                value = next(iter(texts))
                into = moved if parse_spice_number(strip_quotes(value)) is not None else computed
                into.setdefault(name, {})[parameter] = strip_quotes(value)
            else:
                shown = ", ".join(
                    f"{line.card} {values.get(parameter, 'the default')}"
                    for (line, _), values in zip(places, given, strict=True)
                )
                differing.setdefault(name, {})[parameter] = shown
    changed: dict[int, Line] = {}
    for name, values in moved.items():
        changed[id(headers[name])] = _edited(headers[name], values)
        for line, _ in calls[name]:
            changed[id(line)] = _edited(line, dict.fromkeys(values, ""))
    return tuple(changed.get(id(line), line) for line in lines), CallValues(moved, computed, differing)


def plain_words(text: str) -> list[str]:
    """The words of a device line before its first parameter."""
    words = re.sub(r"\s*=\s*", "=", text).split()
    first = next((number for number, word in enumerate(words) if "=" in word or word.lower() == "params:"), len(words))
    return words[:first]


def _is_header(line: Line) -> bool:
    return line.card == ".subckt" and len(line.text.split()) > 1


def _defaults(header: Line) -> list[str]:
    return list(assignments(re.sub(r"\bparams:", " ", header.text, flags=re.IGNORECASE)))


def _edited(line: Line, values: Mapping[str, str]) -> Line:
    """A line with other values; "" removes one. It becomes one physical line, comments between its parts are kept."""
    text = line.text
    for name, value in values.items():
        text = edited(text, Edit("", "", name), value) or text
    text = _PARAMS.sub("", text)
    remarks = [raw for raw in line.raw if raw.lstrip().startswith(("*", "$", ";"))]
    return replace(line, text=text, raw=(*remarks, text))
