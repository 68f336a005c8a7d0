"""A logical line of a netlist is a line with its continuations, without comments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from eda_agent.errors import Finding

_LINE = re.compile(r"\r\n|\n|\r")
"""Line ends. Python's own `splitlines` also ends a line at characters that are part of it for ngspice."""
_CARD = re.compile(
    r"^[ \t]*\.(?:subckt|ends?|params?|model|inc|include|lib|endl|global|options?|func|ic|nodeset"
    r"|op|ac|dc|tran|noise|control|title|temp|meas)\b",
    re.IGNORECASE | re.MULTILINE,
)
"""Evidence that a file is a netlist."""
_VARIABLE_FILE = re.compile(r"\.(?:lib|include|inc)\s+\$(?=\S)", re.IGNORECASE)
_IGNORED = frozenset('=[]()&%"!:,')
"""Lines that begin so are comments for ngspice, which warns of "unusual leading characters", such as a parenthesis that
closes a `.model` on a line of its own. It ignores a question mark too, but xschem writes that for a missing symbol.
"""


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
    if not code or code[0] in "*#$;" or code.startswith("//") or (code[0] in _IGNORED and not script):
        return ""
    if script:
        return re.split(r"\s\$(?=\s|$)|;", code, maxsplit=1)[0].rstrip()
    if found := _VARIABLE_FILE.match(code):
        # a file below a variable, as xschem leaves it: .lib $::SKYWATER_MODELS/sky130.lib.spice tt
        return found[0] + re.split(r"\s\$|;|\s//", code[found.end() :], maxsplit=1)[0].rstrip()
    # quotes and braces do not protect these characters: ngspice ends a line at them too
    return re.split(r"\s\$|;|\s//", code, maxsplit=1)[0].rstrip()
