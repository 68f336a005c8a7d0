"""Parsing turns a model's reply into a proposal: it repairs a reply whose meaning is clear, and refuses others with a
message for the model.

A reply is untrusted text. One JSON object is read from it; only numbers inside the ranges reach a deck.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eda_agent.agent.turn import Proposal
from eda_agent.problem.space import DesignSpace, Parameter
from eda_agent.units import PREFIXES, QuantityError, format_quantity, parse_quantity

MAX_REPLY = 200_000
MAX_REASONING = 4_000
_BARE = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)\s*")


def reply_schema(space: DesignSpace) -> dict[str, Any]:
    """The JSON schema of a reply for a design space; sizes are texts with engineering prefixes, such as "4.7u"."""
    properties = {}
    for parameter in space.parameters:
        span = f"{format_quantity(parameter.minimum)} to {format_quantity(parameter.maximum)} {parameter.unit}".strip()
        properties[parameter.name] = {
            "type": "string",
            "pattern": rf"^[0-9]{{1,4}}(\.[0-9]{{1,4}})?{_prefixes(parameter)}$",
            "description": f"{parameter.role or parameter.name}, {span}",
        }
    return {
        "type": "object",
        "properties": {
            "reasoning": {
                "type": "string",
                "maxLength": 600,
                "description": "which spec to go for and which sizes that moves",
            },
            "sizing": {
                "type": "object",
                "properties": properties,
                "required": list(space.names),
                "additionalProperties": False,
            },
        },
        "required": ["reasoning", "sizing"],
        "additionalProperties": False,
    }


def _prefixes(parameter: Parameter) -> str:
    """A regular expression for the prefixes with which a number of up to four digits before and after the point can lie
    in the range.
    """
    able = [
        prefix
        for prefix in ("a", "f", "p", "n", "u", "m", "", "k", "M", "G")
        if (_takes_plain(parameter) if not prefix else _reaches(parameter, 10.0 ** PREFIXES[prefix]))
    ]
    letters = "".join(able)
    return f"[{letters}]{'?' if '' in able else ''}" if letters else ""


def _reaches(parameter: Parameter, factor: float) -> bool:
    """Whether a number of up to four digits before and after the point lies in the range, times a factor."""
    return 1e-4 * factor <= parameter.maximum and 9999.9999 * factor >= parameter.minimum


def _takes_plain(parameter: Parameter) -> bool:
    """Whether a number without a prefix is meant as it is: W = 40 is no width, R = 40 is a resistance."""
    return parameter.maximum >= 1.0 and parameter.minimum <= 9999.9999


def parse_reply(text: str, space: DesignSpace, fallback: Mapping[str, float]) -> Proposal:
    """Read a reply. Omitted parameters keep their value in `fallback` (the incumbent).

    An unreadable reply gives a proposal without a sizing; its `error` tells the model what to write.
    """
    found = _find_object(text[:MAX_REPLY])
    if found is None:
        return Proposal(
            None,
            reply=text,
            error='no JSON object found; answer with {"reasoning": "…", "sizing": {"NAME": "4.7u", …}}',
        )
    data, thought = found
    reasoning = str(data.get("reasoning", "") or thought)[:MAX_REASONING]
    given = data.get("sizing", {key: value for key, value in data.items() if key != "reasoning"})
    if given == {}:
        first = space.names[0]
        return Proposal(None, reasoning, text, f"sizing is empty: name at least one parameter, such as {first}")
    if not isinstance(given, dict):
        return Proposal(None, reasoning, text, "sizing must be an object of parameter name → value")
    read = read_sizes(given, space, fallback)
    if read.errors:
        return Proposal(None, reasoning, text, read.error_text(space), read.notes)
    return Proposal(read.sizing, reasoning, text, notes=read.notes)


@dataclass(frozen=True)
class ReadSizes:
    """Sizes as a reply gives them.

    Attributes:
        sizing: a legal sizing, complete.
        errors: what cannot be understood; the sizing then must not be used.
        clipped: values outside their range, and where they were moved.
        left_out: parameters that the reply does not name.
    """

    sizing: dict[str, float]
    errors: tuple[str, ...] = ()
    clipped: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was changed in the reply, for its turn."""
        kept = (f"not named and kept: {', '.join(self.left_out)}",) if self.left_out else ()
        return (*self.clipped, *kept)

    def error_text(self, space: DesignSpace) -> str:
        """The errors as one message."""
        known = f"; parameters are {', '.join(space.names)}" if any("unknown" in one for one in self.errors) else ""
        return "; ".join(self.errors[:5]) + known


def read_sizes(given: Mapping[str, Any], space: DesignSpace, fallback: Mapping[str, float]) -> ReadSizes:
    """Read the sizes of a reply: parameter → number in SI units or text with a prefix. Others keep their value in
    `fallback`.
    """
    sizing, errors, clipped = dict(fallback), [], []
    parameters = {parameter.name: parameter for parameter in space.parameters}
    by_lower = {name.lower(): name for name in space.names}
    for key, value in given.items():
        name = by_lower.get(str(key).lower())
        if name is None:
            near = difflib.get_close_matches(str(key), space.names, 1)
            errors.append(f"unknown parameter {str(key)[:40]!r}" + (f", did you mean {near[0]!r}?" if near else ""))
            continue
        parameter = parameters[name]
        try:
            number = parse_quantity(value, parameter.unit)
        except QuantityError as error:
            errors.append(f"{name}: {str(value)[:40]!r}: {error}")
            continue
        if meant := _prefix_missing(value, number, parameter):
            errors.append(f"{name}: {str(value)[:40]!r} has no prefix and is not in its range; did you mean {meant}?")
            continue
        sizing[name] = parameter.snap(number)
        if not _inside(number, parameter):
            clipped.append(
                f"{name} = {format_quantity(number, parameter.unit)} moved into its range: now"
                f" {format_quantity(sizing[name], parameter.unit)}"
            )
    named = {str(key).lower() for key in given}
    return ReadSizes(
        sizing, tuple(errors), tuple(clipped), tuple(name for name in space.names if name.lower() not in named)
    )


def _inside(number: float, parameter: Parameter) -> bool:
    return parameter.minimum * (1 - 1e-9) <= number <= parameter.maximum * (1 + 1e-9)


def _prefix_missing(value: object, number: float, parameter: Parameter) -> str:
    """The value with the prefix that puts it into its range, if it has none and lies outside; else ""."""
    bare = isinstance(value, (int, float)) or (isinstance(value, str) and _BARE.fullmatch(value) is not None)
    if not bare or _takes_plain(parameter) or _inside(number, parameter) or number <= 0:
        return ""
    for prefix in ("u", "n", "p", "f", "m", "k", "M", "G"):
        scaled = number * 10.0 ** PREFIXES[prefix]
        if _inside(scaled, parameter):
            return f"{str(value).strip()}{prefix}"
    return ""


def _find_object(text: str) -> tuple[dict[str, Any], str] | None:
    """The last JSON object of the reply that can be an answer, and the text before it."""
    thought = ""
    if "</think>" in text:
        thought, _, text = text.rpartition("</think>")
    decoder = json.JSONDecoder()
    best: tuple[dict[str, Any], str] | None = None
    position = 0
    tries = 0
    while (position := text.find("{", position)) >= 0 and tries < 200:
        tries += 1
        try:
            value, length = decoder.raw_decode(text[position:])
        except (ValueError, RecursionError):
            position += 1
            continue
        if isinstance(value, dict) and value:
            best = value, (thought or text[:position]).strip()
        position += length
    if best is None:
        # replies are often cut off before their last braces; the meaning is clear
        start = text.find("{")
        if start >= 0:
            body = re.sub(r",\s*\"?[^\"{},]*$", "", text[start:])
            for closing in ("}", "}}", '"}', '"}}'):
                try:
                    value = json.loads(body + closing)
                except (ValueError, RecursionError):
                    continue
                if isinstance(value, dict) and isinstance(value.get("sizing"), dict):
                    return value, thought.strip()
    return best
