"""Parsing turns a model's reply into a proposal: it repairs a reply whose meaning is clear, and refuses others with a
message for the model.

A reply is untrusted text. One JSON object is read from it; only numbers inside the ranges reach a deck.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from typing import Any

from eda_agent.agent.turn import Proposal
from eda_agent.problem.space import DesignSpace, Parameter
from eda_agent.units import PREFIXES, QuantityError, format_quantity, parse_quantity

MAX_REPLY = 200_000
MAX_REASONING = 4_000


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
        if 1e-4 * 10.0 ** PREFIXES.get(prefix, 0) <= parameter.maximum
        and 9999.9999 * 10.0 ** PREFIXES.get(prefix, 0) >= parameter.minimum
    ]
    letters = "".join(able)
    return f"[{letters}]{'?' if '' in able else ''}" if letters else ""


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
    if not isinstance(given, dict) or not given:
        return Proposal(None, reasoning, text, "sizing must be an object of parameter name → value")
    sizing, errors, notes = dict(fallback), [], []
    by_lower = {name.lower(): name for name in space.names}
    parameters = {parameter.name: parameter for parameter in space.parameters}
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
        if not parameter.minimum <= number <= parameter.maximum:
            notes.append(f"{name} = {format_quantity(number, parameter.unit)} moved into its range")
        sizing[name] = parameter.snap(number)
    left_out = [name for name in space.names if name.lower() not in {str(key).lower() for key in given}]
    if left_out:
        notes.append(f"not named and kept: {', '.join(left_out)}")
    if errors:
        known = f"; parameters are {', '.join(space.names)}" if any("unknown" in error for error in errors) else ""
        return Proposal(None, reasoning, text, "; ".join(errors[:5]) + known, tuple(notes))
    return Proposal(sizing, reasoning, text, notes=tuple(notes))


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
