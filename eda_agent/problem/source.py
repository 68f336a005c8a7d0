"""A source is untrusted netlist text as logical lines.

Everything unsafe is refused here, before a simulator reads it: what is not on the `allow_list`, and includes outside
the allowed folders. Comments never reach the simulator.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.files import read_file
from eda_agent.problem.allow_list import ANALYSIS_CARDS, SCRIPT_ANALYSES, refuse_unsafe
from eda_agent.problem.logical_line import Line, logical_lines
from eda_agent.problem.model_libraries import names_library

MAX_BYTES = 10_000_000
MAX_LINES = 200_000
MAX_INCLUDE_DEPTH = 10
MAX_INCLUDES = 1000
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks."""
_INCLUDES = frozenset([".include", ".inc", ".lib"])


def read_source(
    path: Path,
    folders: Sequence[Path],
    *,
    library_files: Iterable[str] = (),
    analyses: bool = False,
    left_out: list[Line] | None = None,
    scripts: list[Line] | None = None,
) -> tuple[Line, ...]:
    """Read a netlist with its includes inlined, or raise `InputError` with every fault.

    Args:
        folders: where includes may lie (symbolic links are followed before the test).
        library_files: names of the PDK's own top libraries, whose `.lib` lines are left out because the corner decides
            them.
        analyses: whether analysis cards are allowed (a user's own testbench).
        left_out: receives the lines that name one of `library_files` with a section.
        scripts: given for a designer's testbench: receives the lines inside `.control` blocks, and `.csparam` lines.
            Then analyses are allowed, and lines that name any model library are left out.
    """
    folders = [folder.resolve() for folder in folders]
    reader = _Reader(folders, frozenset(library_files), analyses or scripts is not None, left_out, scripts)
    lines = reader.read(path, 0)
    if reader.findings:
        raise InputError(reader.findings)
    return tuple(lines)


class _Reader:
    """Reads a file with its includes. Their total is limited, because four files that include each other can make
    billions of lines.
    """

    def __init__(
        self,
        folders: list[Path],
        libraries: frozenset[str],
        analyses: bool,
        left_out: list[Line] | None,
        scripts: list[Line] | None,
    ):
        self.folders, self.libraries, self.analyses, self.left_out = folders, libraries, analyses, left_out
        self.scripts = scripts
        self.findings: list[Finding] = []
        self._files = self._bytes = self._lines = 0

    def read(self, path: Path, depth: int) -> list[Line]:
        if depth > MAX_INCLUDE_DEPTH:
            self.findings.append(
                Finding(
                    f"includes are nested more than {MAX_INCLUDE_DEPTH} deep", path, fix="does the file include itself?"
                )
            )
            return []
        text = read_text(path, self.findings)
        if self._too_much(path, text):
            return []
        result: list[Line] = []
        inside = False
        for line in logical_lines(text, path, title=depth == 0, scripts=self.scripts is not None):
            if self._full:
                break
            if self.scripts is not None and (inside or line.card == ".control"):
                if inside and line.card in _INCLUDES:
                    # ngspice reads includes wherever they stand
                    result.extend(self._included(line, depth))
                    continue
                if inside and line.card not in {".endc", ".control", ".csparam"} and line.text:
                    self.scripts.append(line)
                inside = line.card != ".endc"
                result.append(replace(line, text=""))
            elif line.card in _INCLUDES:
                result.extend(self._included(line, depth))
            elif self.scripts is not None and line.card == ".csparam":
                # our own interpreter reads it: ngspice never does
                self.scripts.append(line)
                result.append(replace(line, text=""))
            elif line.card == ".end" and line.text.strip().lower() == ".end":
                if depth == 0:
                    result.append(line)
                break
            else:
                refuse_unsafe(line, self._cards(), self.findings)
                result.append(line)
        return result

    def _included(self, line: Line, depth: int) -> list[Line]:
        """The lines of an included file, or none for a model library."""
        if self.scripts is not None and names_library(line.text):
            if self.left_out is not None:
                self.left_out.append(line)
            return [replace(line, text="")]
        target = _include_target(line, self.folders, self.libraries, self.findings)
        if target is not None:
            return self.read(target, depth + 1)
        if self.left_out is not None and line.card == ".lib" and len(line.text.split()) > 2:
            self.left_out.append(line)
        return []

    def _cards(self) -> frozenset[str]:
        """The analysis cards that are allowed."""
        return SCRIPT_ANALYSES if self.scripts is not None else ANALYSIS_CARDS if self.analyses else frozenset()

    @property
    def _full(self) -> bool:
        return self._files > MAX_INCLUDES or self._bytes > MAX_BYTES or self._lines > MAX_LINES

    def _too_much(self, path: Path, text: str) -> bool:
        """Count one more file; a finding if the limit is exceeded."""
        self._files += 1
        self._bytes += len(text)
        self._lines += text.count("\n")
        if self._full:
            limits = f"{MAX_INCLUDES:,} files, {MAX_LINES:,} lines or {MAX_BYTES / 1e6:g} MB"
            self.findings.append(
                Finding(
                    f"the netlist and its includes have more than {limits} together", path, fix="include each file once"
                )
            )
        return self._full


def read_text(path: Path, findings: list[Finding]) -> str:
    """The text of a file, or "" with a finding if it is missing, too large or binary."""
    try:
        data = read_file(path, MAX_BYTES)
    except OSError as error:
        fix = (
            "a circuit is smaller; check whether this is a model library"
            if error.errno == errno.EFBIG
            else "check the path"
        )
        findings.append(Finding(f"cannot read the file: {error.strerror}", path, fix=fix))
        return ""
    if data.count(b"\n") > MAX_LINES:
        findings.append(
            Finding(
                f"the file has more than {MAX_LINES:,} lines",
                path,
                fix="a circuit is smaller; check whether this is the netlist of a layout",
            )
        )
        return ""
    if data[:2] in _UTF16 or (data[1:2] == b"\0" and data.count(b"\0") * 2 >= len(data) - 1):
        # LTspice writes its files so
        return data.decode("utf-16" if data[:2] in _UTF16 else "utf-16-le", errors="replace")
    if b"\0" in data:
        findings.append(Finding("the file has NUL bytes: it is not a text file", path, fix="give the netlist as text"))
        return ""
    return data.decode("utf-8", errors="replace")


def _include_target(line: Line, folders: list[Path], libraries: frozenset[str], findings: list[Finding]) -> Path | None:
    words = re.findall(r"\"[^\"]*\"|'[^']*'|\S+", line.text)
    if line.card == ".lib" and len(words) < 3:
        findings.append(
            line.finding(
                "a .lib section is not a circuit", "give the circuit's own file, and the models through `pdk:`"
            )
        )
        return None
    name = words[1].strip("\"'") if len(words) > 1 else ""
    if Path(name).name in libraries:
        return None
    if not name or any(mark in name for mark in "$~`|\0"):
        findings.append(
            line.finding(
                "this include cannot be resolved safely",
                "write a plain path beside the netlist, and name models with `pdk:`",
            )
        )
        return None
    try:
        target = (line.file.parent / name).resolve()
        inside = any(target.is_relative_to(folder) for folder in folders)
    except (OSError, ValueError):
        inside = False
    if not inside:
        findings.append(
            line.finding(
                "the include lies outside the allowed folders",
                "copy the file beside the netlist, or name its folder under `include:` in spec.yaml",
            )
        )
        return None
    return target
