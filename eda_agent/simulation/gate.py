"""A gate checks every deck and every command on the way into ngspice: it passes only the parts of a simulation.

ngspice executes what a deck contains: a control block, a comment that begins with `*#`, a redirection, or a second
command after a semicolon can start a shell or write a file. Netlists are validated before they become a deck
(`problem.source`). The gate applies the same rule again, at the only place that all text passes: also names of a spec,
settings and measurements.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from eda_agent.problem.allow_list import CIRCUIT_CARDS, COMMAND_MARKS, DEVICES, SCRIPT_ANALYSES
from eda_agent.problem.pdk.library import CONDITIONS
from eda_agent.problem.script.vocabulary import OPTIONS, SETTINGS
from eda_agent.simulation.failure import Failure, SimulationFailed
from eda_agent.simulation.ngspice import Ngspice

CARDS = (CIRCUIT_CARDS | SCRIPT_ANALYSES | CONDITIONS) - {".include", ".inc", ".lib", ".endl"}
"""Cards allowed in a deck; those that read a file are resolved before. A foundry's subcircuits have conditions.
Analyses run when a program says `run`.
"""
ELEMENTS = DEVICES | {"n"}
"""Element letters allowed in a deck: N is a device of a compiled model, in a foundry's subcircuit."""
COMMANDS = frozenset(
    ["alter", "altermod", "alterparam", "setcirc", "remcirc", "reset", "destroy", "op", "ac", "dc", "tran", "noise"]
    + ["tf", "pz", "sens", "run", "show", "meas", "save", "setplot", "linearize", "fft", "fourier", "delete"]
)
_SETTINGS = frozenset(["set num_threads=1", "set noaskquit", "set nomoremode", "set wnflag=1", "set no_mem_check"])
_KEPT = "|".join(sorted(SETTINGS))
_OPTION = re.compile(rf"(?:set|option) ({'|'.join(sorted(OPTIONS | SETTINGS))})(?:=[\w.+\-]*)?|unset ({_KEPT})")
_COMMAND = re.compile(rf"([a-z]+)(?:[ \t][{COMMAND_MARKS}]*)?")
_ANALYSIS = re.compile(rf"\.[a-z]+(?:[ \t][{COMMAND_MARKS}]*)?", re.IGNORECASE)
_MARKS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f`]")
_WORD = re.compile(r"\s*(\.?\w*)")


class Gated(Ngspice):
    """ngspice behind the gate. `command` and `load` raise `SimulationFailed` of kind `refused`."""

    def command(self, text: str) -> None:
        check_command(text)
        super().command(text)

    def load(self, lines: Sequence[str]) -> None:
        check_deck(lines)
        super().load(lines)


def check_command(text: str) -> None:
    """Raise `SimulationFailed` for text that is not a command of a simulation."""
    found = _COMMAND.fullmatch(text)
    if text not in _SETTINGS and not _OPTION.fullmatch(text) and (found is None or found[1] not in COMMANDS):
        raise _refused(f"not a command of a simulation: {text[:80]!r}")


def check_deck(lines: Sequence[str]) -> None:
    """Raise `SimulationFailed` for a line that is not a card of a circuit. The first line is the title: a comment."""
    if not lines or not lines[0].startswith("* ") or _MARKS.search(lines[0]):
        raise _refused("the first line of a deck must be its title")
    for line in lines[1:]:
        # a regular expression on each of a hundred long model cards would cost more than loading them
        word = _WORD.match(line[:40])[1].lower()  # type: ignore[index]  # it always matches
        known = (
            word in CARDS
            if word[:1] == "."
            else word[:1] in ELEMENTS
            if word
            else not line.strip() or line.lstrip()[0] == "+"
        )
        if word in SCRIPT_ANALYSES and not _ANALYSIS.fullmatch(line.strip()):
            raise _refused(f"not a card of a circuit: {line[:80]!r}")
        if not known or (not line.isprintable() and _MARKS.search(line)) or "`" in line:
            raise _refused(f"not a card of a circuit: {line[:80]!r}")


def _refused(words: str) -> SimulationFailed:
    return SimulationFailed(Failure("refused", words))
