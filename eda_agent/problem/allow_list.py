"""The allow list holds what a netlist may contain: cards, devices and options. Anything else is refused.

ngspice runs shell commands and writes files when a netlist tells it to (`.control`, `*#` comments, `.exec`, XSPICE file
devices).
"""

from __future__ import annotations

import re

from eda_agent.errors import Finding
from eda_agent.problem.logical_line import Line

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


_MARKS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029`]")


def refuse_unsafe(line: Line, analyses: frozenset[str], findings: list[Finding]) -> None:
    """Add a finding for what a line may not contain. `analyses`: the analysis cards that are allowed."""
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
