"""A spec edit changes entries of a spec.yaml by their keys and leaves every other character, comments included.

The changes are a JSON merge patch (RFC 7396): a mapping is merged into the entry of its name, null removes an entry,
any other value takes its place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from eda_agent.errors import Finding, InputError
from eda_agent.files import read_file, write_text
from eda_agent.problem.load import load_problem
from eda_agent.problem.located_node import read_both
from eda_agent.problem.spec import Problem

Changes = Mapping[str, Any]


def edit_spec(path: Path, changes: Changes, check: Callable[[Path], None] = lambda path: None) -> Problem:
    """Change a spec.yaml. It is written only if it still loads.

    Args:
        path: of the file.
        changes: a merge patch, such as {"specs": {"gbw": {"minimum": "20M"}, "power": None}}.
        check: raises for a new text that must not be written; it is given the path of a file with that text.

    Returns:
        the changed problem.

    Raises:
        InputError: with every fault of the changed spec; the file is as it was.
    """
    read_both(path)  # every fault of the present file, with its line
    text = edited(read_file(path).decode("utf-8"), changes)
    trial = path.with_name(f".{path.stem}.edit.yaml")
    try:
        write_text(trial, text)
        check(trial)
        load_problem(trial)
    except InputError as error:
        found = [_of(one, trial, path) for one in error.findings]
        raise InputError([*found, Finding("nothing was changed", path)]) from None
    finally:
        trial.unlink(missing_ok=True)
    write_text(path, text)
    return load_problem(path)


def _of(one: Finding, trial: Path, path: Path) -> Finding:
    """A finding of the trial as one of the spec; its line is that of a text that nobody has seen."""
    return Finding(one.message, path, None, one.where, one.read, one.fix) if one.file == trial else one


def edited(text: str, changes: Changes) -> str:
    """The text of a spec.yaml with changes. Raises `InputError` for changes that are no plain data."""
    top = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(top, yaml.MappingNode):
        raise InputError("the spec is not a mapping")
    parts = _merged(text, top, changes)
    for start, end, new in sorted(parts, reverse=True):
        text = text[:start] + new + text[end:]
    return text


Part = tuple[int, int, str]
"""(start, end, new text) of a replaced piece."""


def _merged(text: str, node: yaml.MappingNode, changes: Changes) -> list[Part]:
    """The pieces of a block mapping that change."""
    children = {str(key.value): (key, child) for key, child in node.value}
    parts: list[Part] = []
    new: list[str] = []
    for name, value in changes.items():
        if name not in children:
            if value is not None:
                new.append(f"{' ' * node.start_mark.column}{_scalar(str(name))}: {_flow(value)}\n")
            continue
        key, child = children[name]
        if value is None:
            parts.append((*_lines(text, key.start_mark.index, _last(child)), ""))
        elif isinstance(value, Mapping) and isinstance(child, yaml.MappingNode) and not child.flow_style:
            parts += _merged(text, child, value)
        else:
            # a block below its key becomes a value beside it
            parts.append((key.end_mark.index, _last(child), f": {_new(text, child, value)}"))
    if new:
        at = _lines(text, 0, _last(node))[1]
        parts.append((at, at, ("" if text[at - 1 : at] == "\n" else "\n") + "".join(new)))
    return parts


def _new(text: str, node: yaml.Node, value: Any) -> str:
    """The text of a changed value; what does not change in a flow mapping stays as it is written."""
    if not (isinstance(value, Mapping) and isinstance(node, yaml.MappingNode)):
        return _flow(value)
    entries = {}
    for key, child in node.value:
        if key.value not in value:
            entries[key.value] = text[key.start_mark.index : _last(child)]
        elif value[key.value] is not None:
            entries[key.value] = f"{_scalar(key.value)}: {_new(text, child, value[key.value])}"
    more = {name: one for name, one in value.items() if name not in {key.value for key, _ in node.value}}
    entries |= {name: f"{_scalar(str(name))}: {_flow(one)}" for name, one in more.items() if one is not None}
    return "{" + ", ".join(entries.values()) + "}"


def _flow(value: Any) -> str:
    """A value as YAML in one line."""
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{_scalar(str(key))}: {_flow(one)}" for key, one in value.items() if one is not None) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """A single value; a text stands without quotes where YAML reads the same text."""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    try:
        plain = yaml.safe_load(f"k: {value}") == {"k": value} and yaml.safe_load(f"[{value}]") == [value]
    except yaml.YAMLError:
        plain = False
    return value if plain else json.dumps(value, ensure_ascii=False)


def _lines(text: str, start: int, end: int) -> tuple[int, int]:
    """The whole lines of an entry."""
    last = text.find("\n", end)
    return text.rfind("\n", 0, start) + 1, len(text) if last < 0 else last + 1


def _last(node: yaml.Node) -> int:
    """Where a value ends; the mark of a block stands before the next key, behind blank lines and comments."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _last(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _last(node.value[-1])
    end: int = node.end_mark.index
    return end
