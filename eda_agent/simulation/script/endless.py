"""An endless loop is a `while` whose body changes nothing that its condition reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_HARMLESS = frozenset({"let", "print", "echo", "nothing", "if"})
"""Steps that change no more than the vector that a `let` names."""


def names_without_end(step: Mapping[str, Any]) -> list[str] | None:
    """The names in the condition of a `while` that goes on for ever once it has begun, None for another loop."""
    body = list(_inside(step["body"]))
    names = list(dict.fromkeys(_names(step["tree"])))
    if any(one["do"] not in _HARMLESS for one in body) or any("$" in name for name in names):
        return None
    changed = {one["name"].rpartition(".")[2] for one in body if one["do"] == "let"}
    return None if changed & {name.rpartition(".")[2] for name in names} else names


def _inside(steps: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for step in steps:
        yield step
        yield from _inside([*step.get("body", ()), *step.get("else", ())])


def _names(tree: Any) -> Iterator[str]:
    """The vectors in a formula; one whose name a variable makes has a dollar sign."""
    if isinstance(tree, list) and len(tree) == 2 and tree[0] == "vector":
        yield "".join(part if isinstance(part, str) else "$" for part in tree[1])
    elif isinstance(tree, list):
        for part in tree[1:]:
            yield from _names(part)
