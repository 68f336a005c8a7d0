"""The kind of a field of an event: a test, its name for messages and its JSON schema.

A journal may come from others or have been edited. It is validated where it is read, so that a view never meets a text
in place of a number. A field that version 0.1.0 did not write is optional; unknown fields are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from operator import itemgetter
from typing import Any, NamedTuple

from eda_agent.simulation.operating_point import FIELDS

LATEST = 253402300799.0
"""The last second of the year 9999, the limit of calendars."""
LARGEST = 2**53
"""Limit of a count: larger whole numbers are not exact in JSON."""
_NUMBERS = frozenset([int, float])
_MAYBE = frozenset([int, float, type(None)])
_FIELDS = frozenset(FIELDS)


class FieldKind(NamedTuple):
    """The type of a field: a test, its name for messages, and its JSON schema."""

    fits: Callable[[Any], bool]
    words: str
    schema: dict[str, Any]


Schema = dict[str, Any]
TEXT_SCHEMA: Schema = {"type": "string"}
NUMBER_SCHEMA: Schema = {"type": "number"}
MAYBE_NUMBER_SCHEMA: Schema = {"type": ["number", "null"]}


def list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def map_of(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def texts_of(length: int) -> Schema:
    return {**list_of(TEXT_SCHEMA), "minItems": length, "maxItems": length}


RESULT_SCHEMA: Schema = {
    "type": "object",
    "properties": {
        "corner": TEXT_SCHEMA,
        "value": MAYBE_NUMBER_SCHEMA,
        "margin": MAYBE_NUMBER_SCHEMA,
        "satisfaction": NUMBER_SCHEMA,
        "met": {"type": "boolean"},
        "why": TEXT_SCHEMA,
        "bound": {"enum": ["", ">", "<"]},
    },
    "required": ["corner", "value", "margin", "satisfaction", "met", "why"],
}
POINT_SCHEMA: Schema = {
    "type": "object",
    "properties": dict.fromkeys(FIELDS, MAYBE_NUMBER_SCHEMA),
    "required": list(FIELDS),
    "additionalProperties": False,
}

Table = Mapping[str, Any]
"""Field → kind, or a nested table; a name that ends with `?` is optional."""


def table_schema(table: Table) -> Schema:
    """The JSON schema of an object with these fields, and any others."""
    fields = {name.removesuffix("?"): kind for name, kind in table.items()}
    return {
        "type": "object",
        "properties": {
            name: kind.schema if isinstance(kind, FieldKind) else table_schema(kind) for name, kind in fields.items()
        },
        "required": [name for name in table if not name.endswith("?")],
    }


def is_number(value: Any) -> bool:
    return type(value) in _NUMBERS


def _texts(value: Any) -> bool:
    return type(value) is list and {*map(type, value)} <= {str}


def is_numbers(value: Any) -> bool:
    return type(value) is dict and {*map(type, value.values())} <= _NUMBERS


def is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def maybe(kind: FieldKind) -> FieldKind:
    return FieldKind(
        lambda value: value is None or kind.fits(value),
        f"{kind.words}, or null",
        {"anyOf": [kind.schema, {"type": "null"}]},
    )


def either(*values: Any) -> FieldKind:
    return FieldKind(
        lambda value: type(value) is str and value in values,
        "one of " + ", ".join(map(repr, values)),
        {"enum": list(values)},
    )


def rows(table: Table, words: str) -> FieldKind:
    return FieldKind(
        lambda value: (
            type(value) is list and not any(type(one) is not dict or wrong_field(one, table) for one in value)
        ),
        words,
        {"type": "array", "items": table_schema(table)},
    )


def is_triples(value: Any, length: int = 3) -> bool:
    return type(value) is list and all(_texts(one) and len(one) == length for one in value)


def is_values(value: Any) -> bool:
    return type(value) is dict and all(
        type(row) is dict and {*map(type, row.values())} <= _MAYBE for row in value.values()
    )


def is_points(value: Any) -> bool:
    return type(value) is dict and all(
        type(row) is dict and row.keys() == _FIELDS and {*map(type, row.values())} <= _MAYBE for row in value.values()
    )


_PARTS = itemgetter("corner", "value", "margin", "satisfaction", "met", "why")
_PARTS_ARE = frozenset(product([str], _MAYBE, _MAYBE, _NUMBERS, [bool], [str]))


def is_results(value: Any) -> bool:
    return type(value) is dict and all(map(_result, value.values()))


def _result(one: Any) -> bool:
    try:
        # one look-up for the types of all fields: a long journal has a million of them
        return (
            type(one) is dict and tuple(map(type, _PARTS(one))) in _PARTS_ARE and one.get("bound", "") in ("", ">", "<")
        )
    except KeyError:
        return False


def is_bounds(value: Any) -> bool:
    return type(value) is list and len(value) == 2 and {*map(type, value)} <= _MAYBE


def is_settings(value: Any) -> bool:
    return type(value) is dict and {*map(type, value.values())} <= {int, float, str}


TEXT, TEXTS, FLAG = (
    FieldKind(lambda value: type(value) is str, "text", TEXT_SCHEMA),
    FieldKind(_texts, "a list of texts", list_of(TEXT_SCHEMA)),
    FieldKind(lambda value: type(value) is bool, "true or false", {"type": "boolean"}),
)
NUMBER, COUNT, SIZES = (
    FieldKind(is_number, "a number", NUMBER_SCHEMA),
    FieldKind(is_count, "a whole number, not negative", {"type": "integer", "minimum": 0, "maximum": LARGEST}),
    FieldKind(is_numbers, "sizes by parameter", map_of(NUMBER_SCHEMA)),
)
SIGNED = FieldKind(lambda value: type(value) is int and abs(value) <= LARGEST, "a whole number", {"type": "integer"})
MAP = FieldKind(lambda value: type(value) is dict, "an object", {"type": "object"})
MAPS = FieldKind(
    lambda value: type(value) is list and {*map(type, value)} <= {dict},
    "a list of objects",
    list_of({"type": "object"}),
)


def wrong_field(data: Mapping[str, Any], table: Table, path: str = "") -> str:
    """The first field that violates the table, with the required type; "" if none does."""
    for name, kind in table.items():
        field = name.removesuffix("?")
        if field not in data:
            if field == name:
                return f"{path}{field} is missing"
            continue
        value = data[field]
        if isinstance(kind, FieldKind):
            if not kind.fits(value):
                return f"{path}{field} must be {kind.words}"
        elif type(value) is not dict:
            return f"{path}{field} must be an object"
        elif wrong := wrong_field(value, kind, f"{path}{field}."):
            return wrong
    return ""
