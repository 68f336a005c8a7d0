"""Simulation cards are the lines of a deck that analyse a circuit and print results.

A circuit to size has none, because the testbenches bring their own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from eda_agent.spice_numbers import parse_spice_number

_ANALYSES = frozenset(
    ("op", "ac", "dc", "tran", "noise", "tf", "pz", "sens", "disto", "fft", "four", "step", "lstb")
    + ("save", "print", "plot", "probe", "meas", "measure", "graph", "backanno")
)
_OPTIONS = frozenset(["option", "options", "temp"])
_GUARDS = frozenset(["prot", "protect", "unprot", "unprotect"])
_SWEPT = frozenset(["ac", "dc", "tran", "noise"])
"""Analyses that HSPICE repeats over a table or a parameter."""
_LOOP = re.compile(r"\blstb\s*\(", re.IGNORECASE)
_NO_LOOP = ".lstb and what it measures were left out: ngspice has no such analysis"
_TEMPERATURE = re.compile(r"\.(?:temp|options?\s+temp)\s*[=\s]\s*([^\s=]+)", re.IGNORECASE)
"""A line with the temperature alone: the corner takes it."""
_CARD = re.compile(r"\s*\.(\w+)")
_PROBED = re.compile(r"\bv(?:db|p|m|r|i)?\s*\(\s*([^\s(),]+)\s*(?:,\s*([^\s(),]+)\s*)?\)", re.IGNORECASE)


def without_simulation(lines: Sequence[str], notes: list[str]) -> list[str]:
    """The lines without `.control` blocks and their constants, analyses, options, guards of models, and the variants of
    `.alter` and `.data`.
    """
    result: list[str] = []
    skipping, depth, dropped = "", 0, False
    for line in lines:
        found = _CARD.match(line)
        card = found[1].lower() if found else ""
        if skipping:
            skipping = "" if card == skipping else skipping
            continue
        if line.lstrip().startswith("+") and dropped:
            continue
        dropped = True
        depth += {"subckt": 1, "ends": -1}.get(card, 0)
        if card == "control":
            notes.append("the .control block was left out")
            skipping = "endc"
        elif card == "data":
            notes.append("the table of .data was left out")
            skipping = "enddata"
        elif card == "alter":
            notes.append("what .alter changes was left out: the circuit before it is sized")
            break
        elif card in _ANALYSES:
            notes.append("analyses and their output cards were left out: the testbenches have their own")
        elif card in _OPTIONS or card.startswith("option"):
            if _TEMPERATURE.fullmatch(line.strip()) is None:
                notes.append("simulator options were left out")
        elif card == "csparam":
            notes.append("constants of the script (.csparam) were left out")
        elif card in _GUARDS:
            notes.append("guards of protected models were left out")
        elif card in {"ic", "nodeset"} and depth <= 0:
            notes.append(f".{card} of the deck was left out")
        else:
            dropped = False
            result.append(line)
    return result


def temperature_of(text: str) -> float | None:
    """The temperature (°C) of the last `.temp` or `.option temp=` of a deck, None without one."""
    found = re.findall(
        r"^[ \t]*\.(?:temp|options?\b[^\n]*?\btemp)[ \t]*[=\s][ \t]*([^\s=]+)", text, re.IGNORECASE | re.MULTILINE
    )
    return parse_spice_number(found[-1]) if found else None


_LANGUAGE = re.compile(r"^\s*simulator\s+lang\s*=\s*spice\s*\n", re.IGNORECASE | re.MULTILINE)


def first_variant(text: str, notes: list[str]) -> str:
    """The text of a HSPICE deck without guards of models, tables of `.data`, its loop analysis `.lstb` with what reads
    it, and what `.alter` changes; without the line by which Spectre is told that SPICE follows.

    A deck without them is returned unchanged.
    """
    text, told = _LANGUAGE.subn("", text)
    notes += ["simulator lang=spice was left out"] if told else []
    if not re.search(
        r"^\s*\.(?:alter|data|lstb|(?:un)?prot\w*|temp\s*=|(?:ac|dc|tran|noise)\s[^\n]*\ssweep\s)",
        text,
        re.IGNORECASE | re.MULTILINE,
    ):
        return text
    result: list[str] = []
    skipping = looped = False
    for line in text.splitlines():
        found = _CARD.match(line)
        card = found[1].lower() if found else ""
        looped = (looped and line.lstrip().startswith("+")) or card == "lstb" or bool(card and _LOOP.search(line))
        if looped:
            notes += [_NO_LOOP] if _NO_LOOP not in notes else []
            continue
        if skipping or card == "data":
            skipping = card != "enddata"
            notes += ["the table of .data was left out"] if card == "data" else []
        elif card == "alter":
            notes.append("what .alter changes was left out: the circuit before it is sized")
            break
        elif card in _SWEPT and (cut := re.split(r"\ssweep\s", line, maxsplit=1, flags=re.IGNORECASE)[0]) != line:
            notes.append(f"the sweep of .{card} was left out: the deck's own values are simulated")
            result.append(cut)
        elif card not in _GUARDS:
            plain = re.sub(r"^(\s*\.temp)\s*=\s*", r"\1 ", line, flags=re.IGNORECASE)
            notes += [f"{line.strip()} was written as {plain.strip()}"] if plain != line else []
            result.append(plain)
    return "\n".join(result) + "\n"


def measured_nets(text: str) -> frozenset[str]:
    """The nets whose voltages a deck prints, plots, saves or measures, in lower case."""
    found: set[str] = set()
    inside = False
    for line in text.splitlines():
        words = line.strip().lower()
        if words.startswith("*"):
            continue
        inside = inside or words.startswith(".control")
        if inside or re.match(r"\.(?:print|plot|probe|meas|measure|save|ic)\b", words):
            found |= {net for match in _PROBED.finditer(words) for net in match.groups() if net}
        inside = inside and not words.startswith(".endc")
    return frozenset(found)
