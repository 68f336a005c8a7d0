"""Arguments of the Python API are checked before anything starts or is written: a wrong one raises `InputError` that
names it. Numbers of numpy count as numbers.
"""

from __future__ import annotations

import difflib
import math
import operator
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from eda_agent.errors import InputError
from eda_agent.problem.load_corners import SETS
from eda_agent.run.request import SEEDS


class UnknownName(KeyError):
    """A name that an object does not have; the message has the nearest one, or all."""

    def __str__(self) -> str:
        return str(self.args[0])


def unknown(what: str, name: object, known: Iterable[str]) -> UnknownName:
    """The error for a name that is not among `known`."""
    names = list(known)
    return UnknownName(f"no {what} {name!r}{_instead(str(name), names)}")


def whole(name: str, value: object, least: int | None = None) -> int | None:
    """A whole number; None stays None."""
    if value is None:
        return None
    try:
        number = None if _is_bool(value) else operator.index(_plain(value))
    except TypeError:
        number = None
    if number is None or (least is not None and number < least):
        wanted = "a whole number" + (f", {least} or more" if least is not None else "")
        raise InputError(f"{name} {_short(value)}: must be {wanted}")
    return int(number)


def seed(value: object) -> int | None:
    """A seed; None stays None."""
    found = whole("seed", value, 0)
    if found is not None and found >= SEEDS:
        raise InputError(f"seed {_short(value)}: must be 0 to {SEEDS - 1}")
    return found


def number(name: str, value: object) -> float | None:
    """A finite number; None stays None."""
    if value is None:
        return None
    try:
        found = math.nan if _is_bool(value) or isinstance(value, str) else float(_plain(value))
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise InputError(f"{name} {_short(value)}: must be a number")
    return found


def share(name: str, value: object) -> float | None:
    """A number between 0 and 1, both excluded; None stays None."""
    found = number(name, value)
    if found is not None and not 0 < found < 1:
        raise InputError(f"{name} {_short(value)}: must be between 0 and 1, such as 0.05")
    return found


def place(name: str, value: object) -> Path:
    """A path from `str` or a path object."""
    if isinstance(value, (str, os.PathLike)) and isinstance(path := os.fspath(value), str):
        if "\0" in path:
            raise InputError(f"{name} {_short(value)}: this is no path")
        return Path(path)
    raise InputError(f"{name} {_short(value)}: must be a str or a Path")


def text(name: str, value: object) -> str:
    """A text."""
    if not isinstance(value, str):
        raise InputError(f"{name} {_short(value)}: must be a text")
    return value


def texts(name: str, value: object) -> list[str]:
    """One text, or several."""
    given = [value] if isinstance(value, str) else list(value) if isinstance(value, Iterable) else [value]
    if not all(isinstance(one, str) for one in given):
        raise InputError(f"{name} {_short(value)}: must be a text, or several")
    return [str(one) for one in given]


def mapping(name: str, value: object, example: str) -> Mapping[str, Any]:
    """A mapping; None is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InputError(f"{name} {_short(value)}: must be a mapping such as {example}")
    return value


def corner_set(value: object) -> str | None:
    """A corner set of the PDK; None stays None."""
    if value is not None and value not in SETS:
        raise InputError(f"no corner set {value!r}{_instead(str(value), SETS)}")
    return value if isinstance(value, str) else None


def names(what: str, value: object, known: Collection[str]) -> list[str]:
    """Some of the known names, given as one text or as several."""
    given = texts(what, value)
    for one in given:
        if one not in known:
            raise InputError(f"no {what} {_short(one)}{_instead(one, known)}")
    return given


def sizing(value: object) -> Mapping[str, Any]:
    """One sizing, with numbers of Python in place of numpy's."""
    if not isinstance(value, Mapping):
        raise InputError(
            f'sizing {_short(value)}: must be a mapping such as {{"W1": "4u"}}\n    → a list of mappings, or a'
            " DataFrame, is a batch"
        )
    return {str(name): _plain(one) for name, one in value.items()}


def _plain(value: Any) -> Any:
    """A scalar of numpy as one of Python."""
    return value.item() if getattr(value, "ndim", None) == 0 and hasattr(value, "item") else value


def _is_bool(value: object) -> bool:
    return isinstance(_plain(value), bool)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _instead(name: str, known: Iterable[str]) -> str:
    listed = list(known)
    near = difflib.get_close_matches(name, listed, 1)
    return f"\n    → did you mean {near[0]}?" if near else f"\n    → one of {', '.join(listed)}" if listed else ""
