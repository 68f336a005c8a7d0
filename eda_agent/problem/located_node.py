"""A located node is a YAML value with its place in the file, so that every message can name file, line and key.

Only plain data is read: no tags, no aliases (which can expand without limit), no duplicate keys. Values stay as
written; `4.7u` and `1.8` are text until their unit is known.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from eda_agent.errors import Finding, InputError
from eda_agent.files import read_file
from eda_agent.problem.shipped import near_spec
from eda_agent.units import QuantityError, parse_quantity

_NETLIST = re.compile(rb"^\s*\.(?:subckt|ends?)\b", re.IGNORECASE | re.MULTILINE)
MAX_BYTES = 1_000_000
MAX_NODES = 20_000
READ = 200
"""Characters of a value that a finding repeats."""
MAX_FINDINGS = 100
MAX_DEPTH = 100
_UNREAL = re.compile(r"[\x00\ud800-\udfff]")


@dataclass
class LocatedNode:
    """`value` is a str, a list of `LocatedNode` or a dict of str → `LocatedNode`; `key` is the path from the top, such
    as `specs.gbw`.
    """

    value: str | list[LocatedNode] | dict[str, LocatedNode] | None
    key: str
    line: int
    report: Report

    def wrong(self, message: str, fix: str = "") -> None:
        # a file that is one text as a whole is not ours and may be a key
        read = self.value[:READ] if isinstance(self.value, str) and self.key else ""
        self.report.add(Finding(message, self.report.file, self.line, self.key, read, fix))

    def noted(self, message: str) -> Finding:
        """A remark on this place that is not a fault."""
        return Finding(message, self.report.file, self.line, self.key)

    def mapping(self, what: str) -> dict[str, LocatedNode]:
        """The value as a mapping; reports another type and returns {}."""
        if isinstance(self.value, dict):
            return self.value
        if self.value in (None, ""):
            self.wrong(f"{what} is empty", "write its entries as  name: {…}  lines below it: docs/spec.md")
            return {}
        self.wrong(f"{what} must be a mapping", "write  key: value  lines, or {key: value}")
        return {}

    def items(self, what: str) -> list[LocatedNode]:
        if isinstance(self.value, list):
            return self.value
        self.wrong(f"{what} must be a list", "write [a, b]")
        return []

    def text(self, what: str) -> str:
        if isinstance(self.value, str):
            return self.value
        self.wrong(f"{what} must be a single value")
        return ""

    def at(self, key: str) -> LocatedNode:
        """The node of a dotted key below this one, or the last on the way to it that is there."""
        name, _, rest = key.partition(".")
        child = self.value.get(name) if isinstance(self.value, dict) else None
        return self if child is None else child.at(rest) if rest else child

    def only(self, *known: str) -> None:
        """Report every unknown key, with the nearest known one."""
        import difflib

        if isinstance(self.value, dict):
            for key, child in self.value.items():
                if key not in known:
                    near = difflib.get_close_matches(key, known, 1)
                    fix = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
                    # the value is not repeated: in a foreign file it may be a password
                    self.report.add(Finding(f"unknown key {key!r}", self.report.file, child.line, child.key, fix=fix))


@dataclass
class Report:
    """Collects the findings of one file."""

    file: Path
    findings: list[Finding]

    def add(self, finding: Finding) -> None:
        if len(self.findings) < MAX_FINDINGS and finding not in self.findings:
            self.findings.append(finding)

    def raise_if_any(self) -> None:
        if self.findings:
            raise InputError(sorted(self.findings, key=lambda finding: finding.line or 0))


def read_marked(path: Path) -> LocatedNode:
    """Read a YAML file. Raises `InputError` if it cannot be read as plain data."""
    return _read(path)[1]


def read_plain(path: Path) -> Any:
    """The same as Python numbers, texts, lists and dicts, for files that need no places. Raises `InputError`."""
    return read_both(path)[1]


def read_both(path: Path) -> tuple[LocatedNode, Any]:
    """A file as located nodes and as plain data. Raises `InputError`."""
    node, located = _read(path)
    try:
        return located, yaml.SafeLoader("").construct_document(node)
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InputError(Finding(f"not valid YAML: {str(error).splitlines()[0]}", path)) from None


class _TooMuch(Exception):
    """The file has more values than one of ours."""


class _Loader(yaml.SafeLoader):
    """A loader that refuses deep or large files while it reads: PyYAML searches all open brackets at each token, and
    takes 0.1 ms per value.
    """

    def __init__(self, text: str):
        super().__init__(text)
        self.left = MAX_NODES

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.left -= 1
        if self.left < 0:
            raise _TooMuch
        return super().compose_node(parent, index)

    def fetch_flow_collection_start(self, TokenClass: Any) -> None:
        self._deeper(self.flow_level)
        super().fetch_flow_collection_start(TokenClass)

    def add_indent(self, column: int) -> bool:
        self._deeper(len(self.indents))
        return super().add_indent(column)

    @staticmethod
    def _deeper(depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise RecursionError


def _read(path: Path) -> tuple[yaml.Node, LocatedNode]:
    report = Report(path, [])
    try:
        data = read_file(path, MAX_BYTES)
    except OSError as error:
        fix = near_spec(path) or "check the path"
        raise InputError(Finding(f"cannot read the file: {error.strerror}", path, fix=fix)) from None
    try:
        node = yaml.compose(data.decode("utf-8"), Loader=_Loader)
        if node is None:
            raise InputError(Finding("the file is empty", path, fix="see `eda-agent check` and docs/spec.md"))
        marked = _mark(node, "", report, set())
    except UnicodeDecodeError:
        raise InputError(
            Finding("the file is not UTF-8 text", path, fix="save it as UTF-8; a spec is a YAML text")
        ) from None
    except yaml.YAMLError as error:
        if _NETLIST.search(data):
            raise InputError(
                Finding("a netlist, not a spec", path, fix=f"draft one with: eda-agent init {shlex.quote(str(path))}")
            ) from None
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise InputError(
            Finding(
                f"not valid YAML: {problem}",
                path,
                mark.line + 1 if mark else None,
                fix="check indentation, colons and brackets there",
            )
        ) from None
    except RecursionError:
        raise InputError(Finding("the file is nested too deeply", path)) from None
    except _TooMuch:
        raise InputError(Finding("the file has too many values", path)) from None
    report.raise_if_any()
    return node, marked


def _mark(node: yaml.Node, key: str, report: Report, seen: set[int]) -> LocatedNode:
    line = node.start_mark.line + 1
    result = LocatedNode(None, key, line, report)
    if id(node) in seen:
        result.wrong("YAML aliases (&, *) are not read", "write the value out")
        return result
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        result.value = None if node.tag.endswith(":null") else node.value
        if _UNREAL.search(node.value):
            result.value = ""
            result.wrong(
                "the text has a character that no file name or netlist can have (NUL, or half of a surrogate pair)",
                "remove it",
            )
        if not node.tag.startswith("tag:yaml.org,2002:"):
            result.wrong(f"YAML tag {node.tag} is not read", "write a plain value")
    elif isinstance(node, yaml.SequenceNode):
        result.value = [_mark(child, f"{key}[{index}]", report, seen) for index, child in enumerate(node.value)]
    elif isinstance(node, yaml.MappingNode):
        children: dict[str, LocatedNode] = {}
        for name_node, child_node in node.value:
            name = _UNREAL.sub("?", name_node.value) if isinstance(name_node, yaml.ScalarNode) else "?"
            child = _mark(child_node, f"{key}.{name}" if key else name, report, seen)
            child.line = name_node.start_mark.line + 1
            if name in children:
                child.wrong(f"key {name!r} appears twice", "keep one")
            children[name] = child
        result.value = children
    return result


def read_quantity(node: LocatedNode, unit: str, what: str, default: float = 1.0) -> float:
    """A number in SI units; reports an invalid one and returns `default`."""
    try:
        return parse_quantity(node.text(what), unit)
    except QuantityError as error:
        node.wrong(f"{what}: {error}")
        return default
