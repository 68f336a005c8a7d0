"""Options of a policy, by the names of the command line without dashes, such as {"max-cost": 2}."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from eda_agent.agent.policies.registry import OPTIONS
from eda_agent.api import arguments
from eda_agent.errors import InputError

_READ: dict[Any, Callable[[str, object], Any]] = {
    int: lambda name, value: arguments.whole(name, value, 1),
    float: arguments.number,
    Path: arguments.place,
}


def policy_options(given: object) -> dict[str, Any]:
    """The options with values of their types; the policy itself refuses a name that it does not have."""
    options = arguments.mapping("options", given, '{"endpoint": "http://localhost:8000/v1", "model": "name"}')
    by_flag = {option.flag: name for name, option in OPTIONS.items()}
    found = {}
    for key, value in options.items():
        name = by_flag.get(str(key), str(key).replace("-", "_"))
        if value is None:
            continue
        found[name] = _read(name, value) if name in OPTIONS else value
    return found


def _read(name: str, value: object) -> Any:
    option = OPTIONS[name]
    if not option.metavar:
        if not isinstance(value, bool):
            raise InputError(f"option {name} {value!r}: must be True or False")
        return value
    if option.type in _READ:
        return _READ[option.type](f"option {name}", value)
    # a model is a name or a folder
    return str(value) if name == "model" and isinstance(value, Path) else arguments.text(f"option {name}", value)
