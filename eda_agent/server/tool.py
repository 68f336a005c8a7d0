"""A tool of the server has a name, a description, a JSON schema of its arguments, and a function on the root."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eda_agent.server.confined import Root

Schema = dict[str, Any]


@dataclass(frozen=True)
class ServerTool:
    """`call`: root, arguments with the form of `schema` → JSON data. It raises `EdaAgentError`.

    `as_written`: the reply is a file of the user, and no word of it is changed.
    """

    name: str
    description: str
    schema: Schema
    call: Callable[[Root, Mapping[str, Any]], dict[str, Any]]
    as_written: bool = False


def arguments(properties: Mapping[str, Schema], required: Sequence[str] = ()) -> Schema:
    """The schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


TEXT: Schema = {"type": "string"}
TARGET: Schema = {"type": "string", "description": "spec.yaml or its folder, or the folder of a run; below the root"}
SIZING: Schema = {
    "type": "object",
    "additionalProperties": {"type": ["number", "string"]},
    "description": 'parameter → value with a prefix, such as {"W1": "4.7u"}; the others keep those of the target',
}
