"""A command is a user's instruction to a running loop: one small JSON object per line, executed between two turns.

{"do": "stop"}   {"do": "pause"}   {"do": "resume"}   {"do": "spend", "simulations": 300}
{"do": "review", "on": true}       every proposal waits for one of the next three commands
{"do": "accept"}   {"do": "reject", "why": "too much current"}   {"do": "edit", "sizing": {"W12": "8u"}}
{"do": "hint", "text": "the load is small"}          a text for the policy
{"do": "try", "sizing": {"W12": "8u"}}               simulate this as the next turn; omitted sizes are those of the best
turn
{"do": "try", "sizing": {…}, "unless_met": true}     the same, unless the best turn meets every spec
{"do": "policy", "name": "trust"}                    switch to another policy
{"do": "lock", "parameter": "W12", "value": "8u"}    {"do": "range", "parameter": "W12", "minimum": "2u", "maximum":
"20u"}
{"do": "unlock", "parameter": "W12"}                 {"do": "target", "spec": "gbw", "minimum": "20M"}
{"do": "back", "turn": 12}                           continue from this turn; later turns are set aside
{"do": "return"}                                     undo the last `back`
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eda_agent.errors import InputError

_FIELDS: dict[str, dict[str, str]] = {
    "stop": {},
    "pause": {},
    "resume": {},
    "accept": {},
    "return": {},
    "spend": {"simulations": "count"},
    "review": {"on": "flag"},
    "reject": {"why": "text?"},
    "edit": {"sizing": "sizing"},
    "hint": {"text": "text"},
    "try": {"sizing": "sizing", "unless_met": "flag?"},
    "policy": {"name": "text", "options": "options?"},
    "lock": {"parameter": "text", "value": "quantity?"},
    "unlock": {"parameter": "text"},
    "range": {"parameter": "text", "minimum": "quantity?", "maximum": "quantity?"},
    "target": {"spec": "text", "minimum": "quantity?", "maximum": "quantity?"},
    "back": {"turn": "count"},
}
COMMANDS_FILE = "orders.jsonl"
"""File in a run's folder to which other processes append commands."""
MAX_CHARACTERS = 100_000
"""Maximum length of a command, in characters."""
MAX_COUNT = 1_000_000_000
"""Maximum number of simulations and turns."""


@dataclass(frozen=True)
class Command:
    """`do` is one of the words above; `fields` holds its fields, with the right types."""

    do: str
    fields: Mapping[str, Any]

    def data(self) -> dict[str, Any]:
        """The command as JSON data."""
        return {"do": self.do, **self.fields}


def parse_command(text: str) -> Command:
    """Parse a command line. Raises `InputError` with the fault."""
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"a command has at most {MAX_CHARACTERS} characters")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(
            f"a command is a JSON object such as {json.dumps({'do': 'stop'})}, not {text.strip()[:60]!r}"
        ) from None
    return command_from(data)


def command_from(data: Any) -> Command:
    """A command from plain data. Raises `InputError`."""
    if not isinstance(data, dict) or not isinstance(data.get("do"), str):
        raise InputError(f"this is no command\n    → a JSON object such as {json.dumps({'do': 'stop'})}")
    do = data["do"]
    if do not in _FIELDS:
        near = difflib.get_close_matches(do, _FIELDS, 1)
        fix = f"did you mean {near[0]}?" if near else f"one of {', '.join(_FIELDS)}"
        raise InputError(f"unknown command {do[:40]!r}\n    → {fix}")
    known = _FIELDS[do]
    wrong = sorted(set(map(str, data)) - {"do", *known})
    if wrong:
        raise InputError(f"command {do}: it has no {', '.join(wrong)}\n    → it has {', '.join(known) or 'no fields'}")
    fields = {}
    for name, kind in known.items():
        if data.get(name) is None:
            if not kind.endswith("?"):
                raise InputError(f"command {do}: {name} is missing\n    → give {name}: {_KINDS[kind]}")
            continue
        if not _fits(data[name], kind.removesuffix("?")):
            wanted = _KINDS[kind.removesuffix("?")]
            raise InputError(f"command {do}: {name} is {str(data[name])[:40]!r}\n    → give {wanted}")
        fields[name] = data[name]
    return Command(do, fields)


_KINDS = {
    "count": f"a whole number from 0 to {MAX_COUNT:,}",
    "flag": "true or false",
    "text": "text",
    "quantity": "a number, or text such as 8u",
    "sizing": "an object parameter → number or text such as 8u",
    "options": "an object name → text",
}


def _fits(value: Any, kind: str) -> bool:
    match kind:
        case "count":
            return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT
        case "flag":
            return isinstance(value, bool)
        case "text":
            return isinstance(value, str)
        case "quantity":
            return isinstance(value, (int, float, str)) and not isinstance(value, bool)
        case "sizing":
            return isinstance(value, dict) and bool(value) and all(_fits(entry, "quantity") for entry in value.values())
        case _:
            return isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values())


_SCHEMAS: dict[str, dict[str, Any]] = {
    "count": {"type": "integer", "minimum": 0, "maximum": MAX_COUNT},
    "flag": {"type": "boolean"},
    "text": {"type": "string"},
    "quantity": {"type": ["number", "string"]},
    "sizing": {"type": "object", "minProperties": 1, "additionalProperties": {"type": ["number", "string"]}},
    "options": {"type": "object", "additionalProperties": {"type": "string"}},
}


def command_schema() -> dict[str, Any]:
    """The JSON schema of a command."""
    kinds = [
        {
            "type": "object",
            "properties": {
                "do": {"const": do},
                **{name: _SCHEMAS[kind.removesuffix("?")] for name, kind in fields.items()},
            },
            "required": ["do", *(name for name, kind in fields.items() if not kind.endswith("?"))],
            "additionalProperties": False,
        }
        for do, fields in _FIELDS.items()
    ]
    return {"title": "a command to a run of eda-agent", "anyOf": kinds}
