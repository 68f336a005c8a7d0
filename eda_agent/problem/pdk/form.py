"""The form of a PDK file: each key's type and range, and valid names. A file is checked before a PDK is made of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.names import is_name
from eda_agent.problem.pdk.device_types import FETS, TERMINALS
from eda_agent.units import QuantityError, parse_quantity

NEEDED = ("title", "library", "corners", "supply", "devices")
MOST_TEXT = 300
_SMALLEST, _LARGEST = 1e-12, 1e3
"""m: every device of an integrated circuit has a size within these limits."""


def wrong_in(data: object) -> list[tuple[str, str]]:
    """(key, required form) for every fault in the content of a PDK file."""
    if not isinstance(data, dict):
        return [("", "a PDK file has the keys title, library, corners, supply and devices")]
    missing = [key for key in NEEDED if key not in data]
    result = [("", f"the PDK file has no {', '.join(missing)}")] if missing else []
    result += [(key, words) for key, (fits, words) in _KEYS.items() if key in data and not fits(data[key])]
    devices = data.get("devices")
    for name, rule in devices.items() if isinstance(devices, dict) else ():
        result += [(f"devices.{str(name)[:60]}{key}", words) for key, words in _wrong_device(name, rule)]
    return result


def refuse_unknown_keys(node: LocatedNode) -> None:
    """Report every unknown key of a PDK file, with its line and the nearest known key."""
    node.only(*_KEYS)
    values = node.value if isinstance(node.value, dict) else {}
    devices = values["devices"].value if "devices" in values else None
    for rule in devices.values() if isinstance(devices, dict) else ():
        rule.only(*_RULE)
    entries = values["library"].value if "library" in values else None
    for entry in entries if isinstance(entries, list) else ():
        entry.only("path")
    if "process" in values:
        values["process"].only("sections", "params")


def _wrong_device(name: object, rule: object) -> list[tuple[str, str]]:
    if not _name(name):
        return [("", "a device's name has letters, digits, _ . and -")]
    if not isinstance(rule, dict):
        return [("", "a device is {type: nmos, w: [0.22u, 100u], l: [0.18u, 20u]}")]
    needed = ("type", "w", "l") if rule.get("type") in (None, *FETS) else ("type",)
    result = [(f".{key}", "it is missing") for key in needed if key not in rule]
    return result + [(f".{key}", words) for key, (fits, words) in _RULE.items() if key in rule and not fits(rule[key])]


def _text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MOST_TEXT and value.isprintable()


def _name(value: object) -> bool:
    return isinstance(value, str) and is_name(value)


def _number(value: object) -> bool:
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e30 and math.isfinite(value)
    )


def _quantity(value: object, unit: str, low: float, high: float) -> bool:
    try:
        # PyYAML reads 1e3 as text, and so do our readers
        return low <= parse_quantity(value, unit) <= high
    except (QuantityError, OverflowError):
        return False


def _plain(low: float, high: float) -> Callable[[object], bool]:
    return lambda value: _quantity(value, "", low, high)


def _list(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _map(key: Callable[[object], bool], fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, dict) and all(map(key, value)) and all(map(fits, value.values()))


def _path(value: object) -> bool:
    return isinstance(value, dict) and _text(value.get("path")) and bool(value["path"])


def _beside(value: object) -> bool:
    return _text(value) and "/" not in str(value) and value not in ("", ".", "..")


def _process(value: object) -> bool:
    return value == {} or (
        isinstance(value, dict)
        and _list(_text)(value.get("sections"))
        and _map(_name, _number)(value.get("params"))
        and len(value) == 2
    )


def _range(value: object) -> bool:
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not all(_quantity(bound, "m", _SMALLEST, _LARGEST) for bound in value)
    ):
        return False
    return parse_quantity(value[0], "m") <= parse_quantity(value[1], "m")


_KEYS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "title": (_text, "it is one line of text"),
    "licence": (_text, "it is one line of text"),
    "verilog": (_map(_name, _text), "it is {name: file}"),
    "mismatch_suffix": (_text, "it is the end of a section's name"),
    "device_files": (_text, "it is one line of text"),
    "library": (_list(_path), "it is [{path: FILE}]"),
    "include": (_list(_beside), "it is a list of files beside the library"),
    "corners": (
        lambda value: bool(value) and _map(_name, _list(_text))(value),
        "it is {tt: [section], …}: a process has letters, digits, _ . and -",
    ),
    "params": (_map(_name, _number), "it is {name: number}"),
    "mismatch": (_map(_name, _number), "it is {name: number}"),
    "process": (_process, "it is {sections: [name], params: {name: number}}"),
    "scale": (_plain(1e-12, 1e3), "it is metres per unit of W and L, such as 1e-6"),
    "supply": (_plain(1e-3, 1e4), "it is a voltage in V, above 0"),
    "grid": (lambda value: _quantity(value, "m", 1e-12, 1e-3), "it is a length, such as 5n"),
    "subcircuits": (lambda value: isinstance(value, bool), "it is true or false"),
    "devices": (lambda value: isinstance(value, dict), "it is {name: {type: nmos, …}}"),
}
_RULE: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "type": (lambda value: isinstance(value, str) and value in TERMINALS, f"it is one of {', '.join(TERMINALS)}"),
    "w": (_range, "it is [minimum, maximum], such as [0.22u, 100u]"),
    "l": (_range, "it is [minimum, maximum], such as [0.18u, 20u]"),
    "aliases": (_list(_name), "it is a list of names"),
    "file": (lambda value: _text(value) or _list(_text)(value), "it is a prefix of file names, or a list of them"),
    "terminals": (lambda value: isinstance(value, int) and 2 <= value <= 5, "it is 2 to 5"),
    "names": (
        lambda value: isinstance(value, list) and len(value) == 2 and all(map(_name, value)),
        "it is [width, length], such as [r_width, r_length]",
    ),
    "sized": (lambda value: isinstance(value, bool), "it is true or false"),
    "own": (lambda value: _text(value) or _list(_text)(value), "it is a file, relative to the library, or a list"),
    "counts": (_map(_name, _plain(1, 1e6)), "it is {name: maximum}"),
    "fingers": (_name, "it is the name of a parameter"),
    "fixed": (_map(_name, _number), "it is {name: number}"),
    "compiled": (lambda value: _text(value) or _list(_text)(value), "it is the name of a Verilog-A model, or a list"),
    "supply": (
        lambda value: _quantity(value if not _number(value) else float(str(value)), "V", 1e-3, 1e4),
        "it is a voltage, such as 5",
    ),
    "rated": (
        lambda value: _quantity(value if not _number(value) else float(str(value)), "V", 0.0, 1e5),
        "it is a voltage, such as 1.98",
    ),
}
