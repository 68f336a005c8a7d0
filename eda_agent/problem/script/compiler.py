"""The compiler turns the lines of a deck's `.control` blocks and its `.meas` lines into a program."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from eda_agent.errors import Finding
from eda_agent.problem import expression
from eda_agent.problem.expression import ExpressionError
from eda_agent.problem.line_edit import assignments
from eda_agent.problem.logical_line import Line
from eda_agent.problem.script.commands import Step, read_command
from eda_agent.problem.script.formula import parse
from eda_agent.problem.script.measure_line import Measure, read_measure
from eda_agent.problem.script.words import ScriptError, word_of

MAX_STEPS = 2000
MAX_DEPTH = 20
MAX_NAME = 40
_ENDS = frozenset(["end", "endif", "endwhile", "endforeach", "endrepeat", "enddowhile"])
_BLOCKS = frozenset(["if", "while", "dowhile", "repeat", "foreach", "begin"])


@dataclass(frozen=True)
class Program:
    """What a deck does and measures.

    Attributes:
        steps: the script, in order; without one, the deck's own analyses (`run`).
        measures: the `.meas` lines, measured after every analysis of their kind.
        results: name of each possible result, with the text that it stands for.
        skipped: commands that were left out, by name.
        parameters: numbers of the circuit that `.meas` lines may use.
        constants: those of `.csparam` lines, name → formula of parameters.
    """

    steps: tuple[Step, ...] = ()
    measures: tuple[Measure, ...] = ()
    results: dict[str, str] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    parameters: dict[str, float] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)

    def wire(self, parameters: Mapping[str, float] | None = None) -> dict[str, Any]:
        """The program as a worker receives it. `parameters`: those of the corner, which `.meas` lines may use too."""
        known = {**self.parameters, **(parameters or {})}
        looped = sorted(name for name in self.results if f"{name}_min" in self.results)
        constants = {"constants": self.constants} if self.constants else {}
        return {
            "steps": list(self.steps), "measures": list(self.measures), "parameters": known, "looped": looped,
        } | constants  # fmt: skip


def all_steps(steps: Iterable[Step]) -> Iterator[Step]:
    """Every step, also those inside loops and conditions."""
    for step in steps:
        yield step
        yield from all_steps([*step.get("body", ()), *step.get("else", ())])


def compile_script(
    control: Sequence[Line],
    measures: Sequence[Line],
    findings: list[Finding],
    *,
    analyses: Sequence[Line] = (),
    fourier: Sequence[Line] = (),
    constants: Sequence[Line] = (),
    named: bool = False,
) -> Program:
    """Compile a deck's script.

    Args:
        control: the lines inside `.control` blocks, without the cards around them.
        measures: the `.meas` lines.
        findings: receives one finding for each line that cannot be read.
        analyses: the deck's analysis cards, which run if there is no script.
        fourier: the `.four` cards, which are computed last.
        constants: the `.csparam` cards.
        named: whether the messages of the program name the file of a line.

    Returns:
        the program.
    """
    compiler = _Compiler(findings, named)
    steps = compiler.script(control)
    read = []
    for line in measures:
        try:
            read.append({**read_measure(line.text.partition(" ")[2]), **_place(line, named)})
        except ScriptError as error:
            findings.append(line.finding(str(error), error.fix))
    if not control and analyses:
        steps = [{"do": "run", "line": analyses[0].number}]
    steps += compiler.script([replace(line, text=line.text[1:]) for line in fourier])
    for measure in read:
        compiler.result(measure["name"], f"{measure['analysis']} {measure['kind']}")
    known: dict[str, str] = {}
    for line in constants:
        given = assignments(line.text)
        known |= given
        if len(given) != 1:
            findings.append(line.finding("a .csparam line sets one constant", "write  .csparam NAME={FORMULA}"))
        for text in given.values():
            try:
                expression.parse(text)
            except ExpressionError as error:
                findings.append(line.finding(str(error)))
    return Program(tuple(steps), tuple(read), compiler.results, tuple(dict.fromkeys(compiler.skipped)), constants=known)


def result_name(text: str) -> str:
    """The name of a metric for a printed formula: `vdb(out)[3]` becomes `vdb_out_3`."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:MAX_NAME].rstrip("_")
    return name if name[:1].isalpha() else f"r_{name}"[:MAX_NAME]


def _place(line: Line, named: bool) -> dict[str, Any]:
    """The place of a step for messages."""
    return {"line": line.number, **({"file": line.file.name} if named else {})}


class _Compiler:
    def __init__(self, findings: list[Finding], named: bool):
        self.findings, self.named = findings, named
        self.results: dict[str, str] = {}
        self.skipped: list[str] = []
        self.macros: dict[str, tuple[tuple[str, ...], str]] = {}
        self.count = self.loops = 0

    def result(self, name: str, what: str) -> None:
        """Note a result; inside a loop also the smallest and the largest of its values."""
        self.results[result_name(name)] = what
        for ending in ("min", "max") if self.loops else ():
            self.results.setdefault(f"{result_name(name)}_{ending}", what)

    def script(self, lines: Sequence[Line]) -> list[Step]:
        rest = iter([line for line in lines if line.text.strip()])
        steps, end = self._block(rest, None, 0)
        while end is not None:
            self.findings.append(end.finding("this line ends nothing", "remove it"))
            more, end = self._block(rest, None, 0)
            steps += more
        return steps

    def _block(self, lines: Iterator[Line], opened: Line | None, depth: int) -> tuple[list[Step], Line | None]:
        """The steps up to the line that ends the block, and that line."""
        steps: list[Step] = []
        for line in lines:
            word = line.text.split(None, 1)[0].lower()
            self.count += 1
            if self.count > MAX_STEPS:
                self.findings.append(line.finding(f"the script has more than {MAX_STEPS} lines"))
                return steps, None
            if word in _ENDS or word == "else":
                return steps, line
            try:
                step = self._opened(word, line, lines, depth) if word in _BLOCKS else self._command(word, line)
            except ScriptError as error:
                self.findings.append(line.finding(str(error), error.fix))
                continue
            if step is not None:
                steps.append({**step, **_place(line, self.named)})
        if opened is not None:
            self.findings.append(opened.finding("this block has no end", "write end"))
        return steps, None

    def _opened(self, word: str, line: Line, lines: Iterator[Line], depth: int) -> Step:
        """The step of a block, with its body read also if its head is wrong."""
        if depth >= MAX_DEPTH:
            raise ScriptError(f"blocks are nested more than {MAX_DEPTH} deep")
        self.loops += word not in {"if", "begin"}
        body, end = self._block(lines, line, depth + 1)
        self.loops -= word not in {"if", "begin"}
        other: list[Step] = []
        if end is not None and end.text.split()[0].lower() == "else":
            inner = end.text.split(None, 1)[1:] if len(end.text.split()) > 1 else []
            if inner and inner[0].split()[0].lower() == "if":
                raise ScriptError("else and if stand on one line", "write else, and if on the next line")
            other, _ = self._block(lines, line, depth + 1)
        rest = line.text.strip()[len(word) :].strip()
        if word == "begin":
            return {"do": "if", "tree": ["number", 1.0], "body": body, "else": []}
        if word == "if":
            return {"do": "if", "tree": parse(rest, self.macros), "body": body, "else": other}
        if word in {"while", "dowhile"}:
            return {"do": word, "tree": parse(rest, self.macros), "body": body}
        words = [word_of(one) for one in rest.replace("(", " ").replace(")", " ").split()]
        if word == "repeat":
            if not words:
                raise ScriptError("this loop has no number of repetitions and never ends", "write repeat 10")
            return {"do": "repeat", "times": words[0], "body": body}
        if len(words) < 2 or not isinstance(words[0][0], str):
            raise ScriptError("foreach needs a name and values")
        return {"do": "foreach", "name": words[0][0].lower(), "values": words[1:], "body": body}

    def _command(self, word: str, line: Line) -> Step | None:
        step = read_command(line.text, self.macros)
        if step is None:
            self.skipped.append(word)
            return None
        match step["do"]:
            case "measure":
                measure = step["measure"]
                self.result(measure["name"], f"{measure['analysis']} {measure['kind']}")
            case "let":
                self.results.setdefault(result_name(step["name"].rpartition(".")[2]), "let")
            case "print":
                for text, _ in step["formulas"]:
                    self.result(text, text)
            case "echo":
                for name, _ in step["values"]:
                    self.result(name.rpartition(".")[2], name)
            case "analysis" if step["kind"] == "tf":
                of, source = (["".join(map(str, word)) for word in step["words"]] + ["", ""])[:2]
                for name in ("transfer_function", f"output_impedance_at_{of}", f"{source}_input_impedance"):
                    self.results.setdefault(result_name(name), "tf")
            case "analysis" if step["kind"] == "noise":
                self.results.setdefault("inoise_total", "noise")
                self.results.setdefault("onoise_total", "noise")
            case "fourier":
                for node in step["words"][1:]:
                    self.results[result_name("thd_" + "".join(map(str, node)))] = "fourier"
        return step
