"""A source is untrusted netlist text as logical lines.

Everything unsafe is refused here, before a simulator reads it: ngspice runs shell commands and writes files when a
netlist tells it to (`.control`, `*#` comments, `.exec`, XSPICE file devices, includes of any path). There is an allow
list; anything else is refused. Comments never reach the simulator.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.files import read_file
from eda_agent.problem.model_libraries import names_library

MAX_BYTES = 10_000_000
MAX_LINES = 200_000
MAX_INCLUDE_DEPTH = 10
MAX_INCLUDES = 1000
MAX_WORD = 2000
"""Maximum length of a word: longer than any name or expression, and short enough for every pattern that reads it."""

CIRCUIT_CARDS = frozenset(
    [
        ".subckt",
        ".ends",
        ".param",
        ".params",
        ".global",
        ".model",
        ".func",
        ".ic",
        ".nodeset",
        ".option",
        ".options",
        ".end",
        ".include",
        ".inc",
        ".lib",
        ".endl",
    ]
)
ANALYSIS_CARDS = frozenset([".op", ".ac", ".dc", ".tran", ".noise"])
SCRIPT_ANALYSES = ANALYSIS_CARDS | {".tf", ".pz", ".sens"}
"""Analyses of a designer's testbench, whose results have names."""
IGNORED_CARDS = frozenset(
    [".save", ".print", ".plot", ".probe", ".meas", ".measure", ".title", ".four", ".backanno", ".temp"]
)
"""Cards that only select output; the testbench decides that."""
COMMAND_MARKS = r"\w \t.,:@\[\](){}'=+\-*/^%#~?!"
"""Characters of a simulation command, for a regular expression: no redirection, pipe, second command, variable,
quotation or back quote.
"""
_ANALYSIS = re.compile(rf"\.[a-z]+(?:[ \t][{COMMAND_MARKS}]*)?", re.IGNORECASE)
_INCLUDES = frozenset([".include", ".inc", ".lib"])
DEVICES = frozenset("rclvimxefghbdqjkswtzo")
"""Element letters that cannot access files; A (XSPICE) can."""
OPTIONS = frozenset(
    [
        "abstol",
        "chgtol",
        "cshunt",
        "defad",
        "defas",
        "defl",
        "defw",
        "gmin",
        "gminsteps",
        "itl1",
        "itl2",
        "itl3",
        "itl4",
        "itl5",
        "itl6",
        "maxord",
        "method",
        "pivrel",
        "pivtol",
        "reltol",
        "rshunt",
        "savecurrents",
        "seed",
        "sparse",
        "srcsteps",
        "tnom",
        "trtol",
        "vntol",
        "wnflag",
        "noopiter",
        "keepopinfo",
        "klu",
    ]
)


@dataclass(frozen=True)
class Line:
    """One logical line: `text` joined and without comments, `raw` its physical lines, `number` the first of them
    (1-based).

    `hidden`: it comes from a file without a netlist card, which may be a key or a list of passwords: no message repeats
    it.
    """

    text: str
    raw: tuple[str, ...]
    file: Path
    number: int
    hidden: bool = False

    @property
    def card(self) -> str:
        """The first word in lower case."""
        return self.text.split(None, 1)[0].lower() if self.text.strip() else ""

    def finding(self, message: str, fix: str = "") -> Finding:
        if self.hidden:
            return Finding(
                "this is not a line of a netlist; the file has no netlist card, so its text is not shown",
                self.file,
                self.number,
                fix="name a netlist",
            )
        return Finding(message, self.file, self.number, read=self.text.strip()[:80], fix=fix)


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
        scripts: given for a designer's testbench: receives the lines inside `.control` blocks. Then analyses are
            allowed, and lines that name any model library are left out.
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
                if inside and line.card not in {".endc", ".control"} and line.text:
                    self.scripts.append(line)
                inside = line.card != ".endc"
                result.append(replace(line, text=""))
            elif line.card in _INCLUDES:
                result.extend(self._included(line, depth))
            elif line.card == ".end" and line.text.strip().lower() == ".end":
                if depth == 0:
                    result.append(line)
                break
            else:
                _refuse_unsafe(line, self._cards(), self.findings)
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
    if b"\0" in data:
        findings.append(Finding("the file has NUL bytes: it is not a text file", path))
        return ""
    return data.decode("utf-8", errors="replace")


_LINE = re.compile(r"\r\n|\n|\r")
"""Line ends. Python's own `splitlines` also ends a line at characters that are part of it for ngspice."""
_MARKS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029`]")


_CARD = re.compile(
    r"^[ \t]*\.(?:subckt|ends?|params?|model|inc|include|lib|endl|global|options?|func|ic|nodeset"
    r"|op|ac|dc|tran|noise|control|title|temp|meas)\b",
    re.IGNORECASE | re.MULTILINE,
)
"""Evidence that a file is a netlist."""


def is_title(first: str) -> bool:
    """Whether the first line of a file is its title: unless it clearly is a card, a comment or a device."""
    return not re.match(r"\s*[.*]|\s*[rclvimx]\S*\s+\S+\s+\S+\s+\S", first, re.IGNORECASE)


def logical_lines(text: str, path: Path, *, title: bool = False, scripts: bool = False) -> list[Line]:
    """Join continuation lines and strip comments; the raw lines stay with their logical line.

    Comment and blank lines become lines with empty text, so that the netlist can be written back unchanged. `title`:
    SPICE reads the first line of a file as its title; here it is a title unless it clearly is a card or device.
    `scripts`: inside `.control` blocks a dollar sign begins a comment only if a blank follows.
    """
    # lines of text, raw lines, number of the first; joined at the end, because a line may have a hundred thousand
    # continuations
    found: list[tuple[list[str], list[str], int]] = []
    last = -1
    """The last line with content, which a continuation continues."""
    inside = False
    for number, raw in enumerate(_LINE.split(text.removesuffix("\n")), start=1):
        code = _strip_comment(raw, inside)
        word = code.split(None, 1)[0].lower() if scripts and code[:1] == "." else ""
        inside = (inside or word == ".control") and word != ".endc"
        if code.startswith("+") and last >= 0:
            for _, between, _ in found[last + 1 :]:
                found[last][1].extend(between)
            del found[last + 1 :]
            found[last][0].append(code[1:].strip())
            found[last][1].append(raw)
            continue
        if title and number == 1 and (is_title(raw) or (scripts and not re.match(r"\s*[.*]", raw))):
            # of a deck, ngspice skips the first line whatever it is
            code = ""
        found.append(([code], [raw], number))
        last = len(found) - 1 if code else last
    hidden = _CARD.search(text) is None
    return [Line(" ".join(codes), tuple(raws), path, number, hidden) for codes, raws, number in found] if text else []


def _strip_comment(raw: str, script: bool = False) -> str:
    code = raw.strip()
    if not code or code[0] in "*#$;" or code.startswith("//"):
        return ""
    if script:
        return re.split(r"\s\$(?=\s|$)|;", code, maxsplit=1)[0].rstrip()
    # quotes and braces do not protect these characters: ngspice ends a line at them too
    return re.split(r"\s\$|;|\s//", code, maxsplit=1)[0].rstrip()


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


def _refuse_unsafe(line: Line, analyses: frozenset[str], findings: list[Finding]) -> None:
    card = line.card
    if not card or card in IGNORED_CARDS:
        return
    if len(line.text) > MAX_WORD and max(map(len, line.text.split())) > MAX_WORD:
        findings.append(
            line.finding(f"a word has more than {MAX_WORD:,} characters", "this is not a netlist for a simulator")
        )
        return
    if _MARKS.search(line.text):
        findings.append(line.finding("this line has a control character or a backtick", "remove it"))
        return
    if re.search(r"\bfile\b\s*[=('\"\s]", line.text, re.IGNORECASE):
        findings.append(line.finding("this line names a file or a command", "remove it"))
        return
    if card == ".model" and len(line.text.split()) < 3:
        findings.append(line.finding("a model needs a name and a type", "write  .model NAME TYPE …"))
        return
    if card.startswith("."):
        if card in analyses | ANALYSIS_CARDS:
            if card not in analyses:
                findings.append(
                    line.finding(
                        "an analysis does not belong in the circuit", "remove it; the testbench runs the analyses"
                    )
                )
            elif not _ANALYSIS.fullmatch(line.text.strip()):
                findings.append(
                    line.finding(
                        "this analysis has characters that are not allowed",
                        "names, numbers and expressions; no > | ; & $",
                    )
                )
        elif card == ".control" or card == ".endc":
            findings.append(
                line.finding(
                    ".control blocks can run any command and are refused",
                    "remove the block; the testbench runs the analyses",
                )
            )
        elif card not in CIRCUIT_CARDS:
            findings.append(line.finding(f"card {card} is not allowed", "remove it"))
        elif card in {".option", ".options"} and analyses >= SCRIPT_ANALYSES:
            # a designer's testbench: what is not allowed is left out (`problem.bench`)
            return
        elif card in {".option", ".options"}:
            names = [word.split("=")[0].lower() for word in re.sub(r"\s*=\s*", "=", line.text).split()[1:]]
            bad = [name for name in names if name not in OPTIONS]
            if bad:
                findings.append(line.finding(f"option {', '.join(bad)} is not allowed", "remove it"))
    elif card[0] not in DEVICES:
        hint = "XSPICE devices can read and write files" if card[0] == "a" else "the element letter is unknown"
        fix = "use R, C, L, D, M, Q, J, X or sources"
        if card == "?":
            hint, fix = (
                "xschem writes it for a symbol that it did not find",
                "add the symbol's library, and export again",
            )
        findings.append(line.finding(f"device {card!r} is refused: {hint}", fix))
