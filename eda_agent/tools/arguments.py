"""Arguments are untrusted: they are checked against the part of JSON schema that the tools use, and small slips whose
meaning is clear (a number as a text and the reverse, null for a default) are repaired.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
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
        raise InputError(f'{tool}: the arguments must be an object\n    → {{"name": value}}')
    properties = schema["properties"]
    result = {}
    for name, value in given.items():
        if name not in properties:
            near = difflib.get_close_matches(str(name), properties, 1)
            fix = f"did you mean {near[0]}?" if near else f"it takes {', '.join(properties) or 'no argument'}"
            raise InputError(f"{tool}: no argument {str(name)[:40]!r}\n    → {fix}")
        if value is not None or name in schema.get("required", ()):
            result[name] = _value(f"{tool}: {name}", properties[name], value)
    for name in schema.get("required", ()):
        if name not in result:
            raise InputError(f"{tool}: {name} is missing\n    → give {name}: {_wanted(properties[name])}")
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
        wanted = _type_of(schema)
        raise InputError(
            f"{place} must be {'an' if wanted[0] in 'aio' else 'a'} {wanted}, not {str(value)[:40]!r}"
            f"\n    → give {_wanted(schema)}"
        )
    return value


def _type_of(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", "value")
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


def _wanted(schema: Mapping[str, Any]) -> str:
    """What a value of a schema is, in words."""
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    wanted = _type_of(schema)
    if wanted == "array":
        wanted += f" of {_type_of(schema.get('items', {}))}s"
    about = schema.get("description", "")
    return f"{wanted} ({about})" if about else wanted


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


def _nearest(known: Sequence[Any], value: Any) -> str:
    words = [str(one) for one in known]
    near = difflib.get_close_matches(str(value), words, 1)
    return f"did you mean {near[0]}?" if near else f"choose one, such as {words[0]}"


def _range(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None or high is None:
        return f"a number of at {'most' if low is None else 'least'} {high if low is None else low}"
    return f"a number from {low} to {high}"


def _in_bounds(place: str, schema: Mapping[str, Any], value: Any) -> None:
    if "enum" in schema and value not in schema["enum"]:
        known = ", ".join(map(str, schema["enum"]))
        fix = _nearest(schema["enum"], value)
        raise InputError(f"{place} must be one of {known}, not {str(value)[:40]!r}\n    → {fix}")
    if "minimum" in schema and value < schema["minimum"]:
        raise InputError(f"{place} must be at least {schema['minimum']}, not {value:g}\n    → {_range(schema)}")
    if "maximum" in schema and value > schema["maximum"]:
        raise InputError(f"{place} must be at most {schema['maximum']}, not {value:g}\n    → {_range(schema)}")
    if "exclusiveMinimum" in schema and not schema["exclusiveMinimum"] < value < schema["exclusiveMaximum"]:
        low, high = schema["exclusiveMinimum"], schema["exclusiveMaximum"]
        raise InputError(
            f"{place} must be between {low} and {high}, not {value:g}\n    → a number such as {(low + high) / 2:g}"
        )
    if "maxItems" in schema and len(value) > schema["maxItems"]:
        raise InputError(f"{place} has more than {schema['maxItems']} entries\n    → give at most {schema['maxItems']}")
