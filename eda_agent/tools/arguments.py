"""Arguments are untrusted: they are checked against the part of JSON schema that the tools use, and small slips whose
meaning is clear (a number as a text and the reverse, null for a default) are repaired.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import Any

from eda_agent.errors import InputError

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def checked(tool: str, schema: Mapping[str, Any], given: Any) -> dict[str, Any]:
    """The arguments in the form of a tool's schema. Raises `InputError` that names what is wrong."""
    if not isinstance(given, Mapping):
        raise InputError(f"{tool}: the arguments must be an object")
    properties = schema["properties"]
    result = {}
    for name, value in given.items():
        if name not in properties:
            near = difflib.get_close_matches(str(name), properties, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; it takes {', '.join(properties) or 'nothing'}"
            raise InputError(f"{tool}: no argument {str(name)[:40]!r}{hint}")
        if value is not None or name in schema.get("required", ()):
            result[name] = _value(f"{tool}: {name}", properties[name], value)
    for name in schema.get("required", ()):
        if name not in result:
            known = properties[name].get("enum")
            fix = f"\n    → one of {', '.join(map(str, known))}" if known else ""
            raise InputError(f"{tool}: {name} is missing{fix}")
    return result


def _value(place: str, schema: Mapping[str, Any], value: Any) -> Any:
    kinds = schema.get("type", ())
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        found = _of_type(kind, value)
        if found is not None:
            _in_bounds(place, schema, found)
            items = schema.get("items")
            if kind == "array" and items:
                return [_value(f"{place}[{index}]", items, entry) for index, entry in enumerate(found)]
            return found
    if kinds:
        wanted = kinds if isinstance(kinds, str) else " or ".join(kinds)
        raise InputError(f"{place} must be {'an' if wanted[0] in 'aio' else 'a'} {wanted}, not {str(value)[:40]!r}")
    return value


def _of_type(kind: str, value: Any) -> Any:
    """The value if it has the type, a number that was written as a text, or None."""
    if isinstance(value, str) and kind in {"integer", "number"}:
        try:
            value = float(value)
        except ValueError:
            return None
    if kind == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:.15g}" if math.isfinite(value) else None
    if kind == "boolean":
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if kind == "integer" and isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return value if isinstance(value, _TYPES[kind]) else None


def _in_bounds(place: str, schema: Mapping[str, Any], value: Any) -> None:
    if "enum" in schema and value not in schema["enum"]:
        raise InputError(f"{place} must be one of {', '.join(map(str, schema['enum']))}, not {str(value)[:40]!r}")
    if "minimum" in schema and value < schema["minimum"]:
        raise InputError(f"{place} must be at least {schema['minimum']}")
    if "maximum" in schema and value > schema["maximum"]:
        raise InputError(f"{place} must be at most {schema['maximum']}")
    if "exclusiveMinimum" in schema and not schema["exclusiveMinimum"] < value < schema["exclusiveMaximum"]:
        raise InputError(f"{place} must be between {schema['exclusiveMinimum']} and {schema['exclusiveMaximum']}")
    if "maxItems" in schema and len(value) > schema["maxItems"]:
        raise InputError(f"{place} has more than {schema['maxItems']} entries")
