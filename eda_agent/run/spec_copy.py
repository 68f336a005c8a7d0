"""A spec copy lies in the run's folder: the spec, the netlist with its includes inserted, decks and programs.

Every view simulates and exports from the copy, so that it shows the circuit that the run sized, even if the files have
changed since. A PDK's file and its libraries stay in place; the copy names them by their full path.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from eda_agent.errors import Finding, InputError
from eda_agent.files import read_file, write_text
from eda_agent.problem.bench import read_bench
from eda_agent.problem.load import library_names
from eda_agent.problem.spec import Problem

ORIGIN = "origin.json"
"""File in a run's folder that records the place of the original spec and the copied files."""
SPEC = "spec.yaml"
_TAKEN = frozenset(
    ["journal.jsonl", "orders.jsonl", "stderr.log", SPEC, ORIGIN, "best.json", "sized.spice", "montecarlo.json"]
)
"""Names of a run's own files."""


def write_copy(problem: Problem, folder: Path) -> None:
    """Copy a problem's spec and its files into the folder of its run. An existing file with other content is never
    replaced.
    """
    files: dict[str, str] = {}
    origin = problem.path.resolve()
    if origin != (folder / SPEC).resolve():
        text, files = _copied(problem, folder)
        files[SPEC] = text
        for name, content in files.items():
            write_text(folder / name, content)
    record = {
        "spec": str(origin),
        "read": _digest(problem.text.encode()),
        "files": {name: _digest(content.encode()) for name, content in files.items()},
    }
    write_text(folder / ORIGIN, json.dumps(record) + "\n")


def original_spec(folder: Path) -> Path:
    """The spec from which a run was started; the run's own copy if it is gone."""
    named = _origin(folder).get("spec")
    origin = Path(named) if isinstance(named, str) else folder / SPEC
    return origin if origin.is_file() else folder / SPEC


def files_of_run(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(names of the files that the run copied, names of its own files)."""
    files = _origin(folder).get("files")
    copied = sorted(str(name) for name in files) if isinstance(files, dict) else []
    return tuple(copied), tuple(sorted(_TAKEN))


def changed_since(folder: Path) -> bool:
    """Whether the original spec has changed since the run was started; False if this is unknown."""
    read, origin = _origin(folder).get("read"), original_spec(folder)
    return (
        isinstance(read, str)
        and origin.is_file()
        and _digest(origin.read_text(encoding="utf-8", errors="replace").encode()) != read
    )


def spec_of_run(folder: Path) -> tuple[Path, tuple[str, ...]]:
    """(the spec from which a run's circuit is read, remarks on it). Raises `InputError` if both copy and original are
    missing.
    """
    files = _origin(folder).get("files")
    files = files if isinstance(files, dict) else {}
    missing = sorted(name for name in files if not (folder / name).is_file())
    if files and not missing:
        changed = [name for name, digest in files.items() if _digest(read_file(folder / name)) != digest]
        said = (
            f"{', '.join(sorted(changed))} in {folder} changed after the run had copied it: the changed circuit is"
            " shown"
        )
        return folder / SPEC, (said,) if changed else ()
    origin = original_spec(folder)
    if not origin.is_file():
        raise InputError(
            Finding(
                "the spec of this run is gone: both the run's copy and the original are missing",
                folder,
                fix=f"restore {SPEC} and its netlist",
            )
        )
    if missing:
        return origin, (
            f"{', '.join(missing)}, the run's copy, is missing in {folder}: the circuit is read from {origin}",
        )
    return origin, ()


def _origin(folder: Path) -> Mapping[str, Any]:
    try:
        data = json.loads(read_file(folder / ORIGIN, 1_000_000))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _copied(problem: Problem, folder: Path) -> tuple[str, dict[str, str]]:
    """(the spec's text, name of a file → its text). The spec's text changes only if a file needs another name."""
    beside = problem.path.parent
    text = problem.text
    files: dict[str, str] = {}
    # from the end, so that earlier positions stay valid
    for kind, node in sorted(_names(problem.text), key=lambda found: -found[1].start_mark.index):
        if kind in {"pdk", "root"}:
            name = str((beside / node.value).resolve())
        else:
            content = _text(problem, kind, beside / node.value)
            name = _free(Path(node.value).name, content, folder, files)
            files[name] = content
        if name != node.value:
            text = text[: node.start_mark.index] + json.dumps(name) + text[node.end_mark.index :]
    return text, files


def _names(text: str) -> Iterator[tuple[str, yaml.ScalarNode]]:
    """(kind, node) of every file that a spec names."""
    top = _children(yaml.compose(text, Loader=yaml.SafeLoader))
    circuit, pdk = top.get("circuit"), top.get("pdk")
    if isinstance(circuit, yaml.ScalarNode):
        yield "circuit", circuit
    if isinstance(pdk, yaml.ScalarNode) and pdk.value.endswith((".yaml", ".yml")):
        yield "pdk", pdk
    for section, kind in (("testbenches", "deck"), ("measures", "python")):
        for entry in _children(top.get(section)).values():
            named = _children(entry).get(kind)
            if isinstance(named, yaml.ScalarNode):
                yield kind, named
            script = _children(_children(entry).get("script"))
            for key, what in (("file", "python"), ("root", "root")):
                place = script.get(key)
                if isinstance(place, yaml.ScalarNode):
                    yield what, place


def _children(node: yaml.Node | None) -> dict[str, yaml.Node]:
    return {str(key.value): child for key, child in node.value} if isinstance(node, yaml.MappingNode) else {}


def _text(problem: Problem, kind: str, path: Path) -> str:
    if kind == "python":
        return read_file(path).decode("utf-8", errors="replace")
    if kind == "circuit":
        lines = problem.netlist.lines
    else:
        folders = {problem.path.parent, path.parent, *(line.file.parent for line in problem.netlist.lines)}
        lines = read_bench(path, sorted(folders), library_names(problem.pdk)).lines
    text = "\n".join(raw for line in lines for raw in line.raw) + "\n"
    if lines and lines[0].file.resolve() != path.resolve():
        # an included file has no title line
        text = f"* {path.name}, its includes written in\n{text}"
    return text


def _free(name: str, content: str, folder: Path, files: Mapping[str, str]) -> str:
    """A name that no file with other content has."""
    stem, suffix = Path(name).stem, Path(name).suffix
    for number in range(1000):
        chosen = f"{stem}-{number}{suffix}" if number else name
        if chosen in files:
            if files[chosen] == content:
                return chosen
        elif chosen not in _TAKEN and (not (folder / chosen).exists() or _same(folder / chosen, content)):
            return chosen
    raise InputError(Finding(f"no free name for a copy of {name}", folder, fix="choose another --out"))


def _same(path: Path, content: str) -> bool:
    try:
        return read_file(path).decode("utf-8", errors="replace") == content
    except OSError:
        return False
