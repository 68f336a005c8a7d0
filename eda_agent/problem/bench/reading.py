"""Reading of a designer's deck: which lines are the circuit, which are the bench, which are the script.

The circuit is every subcircuit, with models, functions and the parameters that they use. Devices outside subcircuits,
analyses and measurements are the bench.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from eda_agent.problem.allow_list import SCRIPT_ANALYSES
from eda_agent.problem.bench.calls import CallValues, plain_words, with_moved_values
from eda_agent.problem.line_edit import assignments
from eda_agent.problem.logical_line import Line
from eda_agent.problem.netlist import Netlist, parse_netlist
from eda_agent.problem.source import read_source
from eda_agent.spice_numbers import parse_spice_number

_PARAMETERS = frozenset([".param", ".params"])
_OF_CIRCUIT = frozenset([".model", ".func", ".global"])
_EXPRESSION = re.compile(r"=\s*(\{[^}]*\}|'[^']*'|\"[^\"]*\"|[^\s]+)|(\{[^}]*\})|('[^']*')")
_MEASURES = frozenset([".meas", ".measure"])


@dataclass(frozen=True)
class BenchText:
    """The lines of a deck, with includes inserted.

    Attributes:
        lines: all of them; those of scripts, and those that name a model library, without text.
        script: the lines inside `.control` blocks.
        constants: the `.csparam` lines.
        left_out: the lines that name a model library.
        calls: values that its calls give to subcircuits.
    """

    lines: tuple[Line, ...]
    script: tuple[Line, ...] = ()
    left_out: tuple[Line, ...] = ()
    calls: CallValues = field(default_factory=CallValues)
    constants: tuple[Line, ...] = ()

    @property
    def measures(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.card in _MEASURES)

    @property
    def analyses(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.card in SCRIPT_ANALYSES)

    @property
    def fourier(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.card == ".four")

    @property
    def measures_itself(self) -> bool:
        """Whether the deck has results of its own: a script, a `.meas` or a `.four` line."""
        return bool(self.script or self.measures or self.fourier)

    def instances(self, subckt: str) -> list[list[str]]:
        """The words of each line outside subcircuits that calls a subcircuit."""
        calls = (plain_words(line.text) for line in outside(self.lines) if line.card.startswith("x"))
        return [words for words in calls if words[-1].lower() == subckt.lower()]

    def called(self) -> list[str]:
        """The subcircuits that the bench calls, in order."""
        found = (plain_words(line.text)[-1].lower() for line in outside(self.lines) if line.card.startswith("x"))
        return list(dict.fromkeys(found))

    @property
    def temperature(self) -> float | None:
        """The temperature of `.temp` or `.option temp=`, in °C."""
        result = None
        for line in self.lines:
            words = line.text.split()
            if line.card == ".temp" and len(words) > 1:
                result = parse_spice_number(words[1].partition("=")[2] or words[1])
            elif line.card in {".option", ".options"} and (text := assignments(line.text).get("temp")):
                result = parse_spice_number(text)
        return result


def read_bench(path: Path, folders: Sequence[Path], library_files: Collection[str] = ()) -> BenchText:
    """Read a deck. Raises `InputError` with every fault."""
    script: list[Line] = []
    left_out: list[Line] = []
    lines = read_source(path, folders, library_files=library_files, left_out=left_out, scripts=script)
    lines, calls = with_moved_values(lines)
    constants = tuple(line for line in script if line.card == ".csparam")
    return BenchText(lines, tuple(line for line in script if line not in constants), tuple(left_out), calls, constants)


def outside(lines: Sequence[Line]) -> list[Line]:
    """The lines outside subcircuits."""
    result, inside = [], False
    for line in lines:
        inside = inside or line.card == ".subckt"
        if not inside:
            result.append(line)
        inside = inside and line.card != ".ends"
    return result


def circuit_part(lines: Sequence[Line]) -> tuple[Line, ...]:
    """All lines of a deck, those of the bench without text: what is edited and written back keeps its place."""
    used = _used(lines)
    result, inside = [], False
    for line in lines:
        inside = inside or line.card == ".subckt"
        kept = inside or line.card in _OF_CIRCUIT
        if line.card in _PARAMETERS and not inside:
            kept = bool(assignments(line.text).keys() & used)
        result.append(line if kept or not line.text else replace(line, text=""))
        inside = inside and line.card != ".ends"
    return tuple(result)


def circuit_of_deck(text: BenchText) -> Netlist:
    """The circuit of a deck; a default that its calls compute from parameters of the deck is that formula."""
    netlist = parse_netlist(circuit_part(text.lines))
    scopes = dict(netlist.subcircuits)
    for name, values in text.calls.computed.items():
        scopes[name] = replace(scopes[name], defaults={**scopes[name].defaults, **values})
    return replace(netlist, subcircuits=scopes)


def bench_part(
    lines: Sequence[Line], subcircuits: Collection[str], files: Collection[Path], parameters: Collection[str]
) -> list[Line]:
    """The lines of the bench: those of the deck that are not the circuit's.

    Args:
        lines: the deck.
        subcircuits: names of the circuit's, which the deck may define too.
        files: files of the circuit, other than the deck itself.
        parameters: those of the circuit outside subcircuits.
    """
    result: list[Line] = []
    inside = theirs = False
    for line in lines:
        if line.card == ".subckt" and not inside:
            words = line.text.split()
            inside, theirs = True, len(words) > 1 and words[1].lower() in subcircuits
        own = line.file.resolve() not in files
        if inside:
            kept = own and not theirs
        elif line.card in _PARAMETERS:
            kept = own and not assignments(line.text).keys() <= set(parameters)
        else:
            kept = own
        if kept and line.text:
            result.append(line)
        if line.card == ".ends":
            inside = theirs = False
    return result


def _used(lines: Sequence[Line]) -> set[str]:
    """The parameters that subcircuits and models use, and the parameters that those use."""
    top: dict[str, str] = {}
    words: set[str] = set()
    inside = False
    called = {line.text.split()[1].lower() for line in lines if line.card == ".subckt" and len(line.text.split()) > 1}
    for line in lines:
        inside = inside or line.card == ".subckt"
        if line.card.startswith("x") and plain_words(line.text)[-1].lower() in called:
            words |= _identifiers(" ".join(assignments(line.text).values()))
        if inside or line.card in {".model", ".func"}:
            words |= _names(line)
        elif line.card in _PARAMETERS:
            top.update(assignments(line.text))
        inside = inside and line.card != ".ends"
    used: set[str] = set()
    waiting = words & top.keys()
    while waiting:
        used |= waiting
        waiting = {name for used_name in waiting for name in _identifiers(top[used_name])} & top.keys() - used
    return used


def _names(line: Line) -> set[str]:
    """The names in the expressions of a line, and the value of an R, C, L, V or I."""
    found: set[str] = set()
    for match in _EXPRESSION.finditer(line.text):
        found |= _identifiers(match[1] or match[2] or match[3])
    words = line.text.split()
    if line.card[:1] in set("rclvi") and len(words) > 3:
        found |= _identifiers(" ".join(words[3:]))
    return found


def _identifiers(text: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Za-z_]\w*", text)}
