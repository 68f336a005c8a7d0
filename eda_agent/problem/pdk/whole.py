"""A whole device is a foundry's device that stays a subcircuit in a deck: resistors, capacitors, diodes, bipolars,
MOSFETs of a Verilog-A model, and MOSFETs with other elements in series.

Its values are the foundry's text with the library's constants evaluated. With mismatch, every `AGAUSS(mean, width, n)`
becomes mean + width/n · drawK. The parameter drawK of the subcircuit is 0 by default; a call sets the draws of its
device.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from eda_agent.errors import InputError
from eda_agent.problem import expression
from eda_agent.problem.expression import ExpressionError
from eda_agent.problem.expression_text import to_text
from eda_agent.problem.pdk.library import CONDITIONS, Block, Library, pairs
from eda_agent.problem.pdk.mismatch import DRAW
from eda_agent.problem.pdk.registry import Pdk

ELEMENTS = frozenset("rcldqnmx")
"""Element letters of a whole device; N is a device of a compiled Verilog-A model."""
FET_SCALE = {"w": 1, "l": 1, "pd": 1, "ps": 1, "sa": 1, "sb": 1, "sd": 1, "ad": 2, "as": 2}
"""Power of the library's scale in a parameter of an M line."""
_SCALED = {"w": 1, "l": 1, "pj": 1, "area": 2}
"""The same of an R, C or D line."""
INNER = "__inner"
"""End of the name of a subcircuit that only whole devices call."""
_GAUSS = re.compile(r"\b(a?gauss)\s*\(", re.IGNORECASE)
_QUOTED = re.compile(r"'[^']*'|\{[^{}]*\}")
_SETTING = re.compile(r"\s[A-Za-z_]\w*\s*=")


@dataclass(frozen=True)
class WholeDevice:
    """A whole device in the text of a cut.

    Attributes:
        ports: its nodes.
        params: the parameters that a call may set, with their default as text.
        text: its subcircuit.
        element: the first element in it, in lower case: that of a MOSFET has its operating point.
        draws: number of its normal draws.
    """

    ports: tuple[str, ...]
    params: Mapping[str, str]
    text: str
    element: str
    draws: int

    @property
    def counts_units(self) -> bool:
        """Whether the foundry divides its variation by the root of m, the number of units."""
        return "m" in self.params and re.search(r"sqrt\([^{}]*\bm\b", self.text) is not None


def whole_devices(text: str) -> dict[str, WholeDevice]:
    """Name → whole device, of the text of a cut's subcircuits. One of plain MOSFETs is no whole device."""
    result = {}
    for part in re.findall(r"^\.subckt .*?^\.ends .*?$\n?", text, re.MULTILINE | re.DOTALL):
        head, *lines = part.splitlines()
        elements = [line.split(None, 1)[0].lower() for line in lines if line[0].lower() in ELEMENTS | {"m"}]
        if all(name[0] == "m" for name in elements) and not any(line.startswith(".model ") for line in lines):
            continue
        setting = _SETTING.search(head)
        words = (head[: setting.start()] if setting else head).lower().split()
        params = pairs(head[setting.start() :]) if setting else {}
        draws = sum(DRAW.fullmatch(key) is not None for key in params)
        result[words[1]] = WholeDevice(tuple(words[2:]), params, part, elements[0], draws)
    return result


class Cutting(Protocol):
    """The cut that a whole device is written for (`writer.Writer`)."""

    pdk: Pdk
    library: Library
    constants: dict[str, float]
    mismatch: bool
    blocks: list[str]

    def inner(self, name: str) -> None:
        """Write the subcircuit that a whole device calls, with its models inside."""

    def folded(self, text: str) -> expression.Node: ...


class WholeWriter:
    """Writes one block of a library as a whole device, with the constants of `writer`."""

    def __init__(self, writer: Cutting, block: Block, name: str):
        self.writer, self.block, self.name = writer, block, name
        self.draws = 0
        self.local = block.defaults.keys() | block.params.keys() | set(block.ports)

    def text(self) -> str:
        """The subcircuit. Raises `InputError` for a form that cannot be cut."""
        block, name = self.block, self.name
        kinds = {card[0].lower() for card in block.devices} - {"."}
        called = [cell for card in block.devices if (cell := called_cell(card))]
        if not kinds or not kinds <= ELEMENTS or not all(cell in self.writer.library.blocks for cell in called):
            raise InputError(f"{self.writer.pdk.name}: device {name!r} has a form that cannot be cut yet")
        for cell in called:
            self.writer.inner(cell)
        defaults, locals_ = declared(block)
        # accepted and ignored, as in GF180, it would hide the multiplier of ngspice, which is the meaning of m
        if block.ignores_multiplier:
            defaults.pop("m", None)
        header = [f"{key}={self.kept(text)}" for key, text in defaults.items()]
        lines = [f".param {key}={self.kept(text)}" for key, text in locals_.items()]
        elements = [self.element(card) for card in self.chosen()]
        lines += [self.model(key, text) for key, text in self.models(elements).items()] + elements
        # most of a library's statistics are switched off and have vanished
        used = {
            draw: f"draw{number}" for number, draw in enumerate(dict.fromkeys(DRAW.findall(" ".join(header + lines))))
        }
        header, lines = ([DRAW.sub(lambda match: used[match[0]], text) for text in texts] for texts in (header, lines))
        header += [f"{draw}=0" for draw in used.values()]
        return f".subckt {name} {' '.join(block.ports)} {' '.join(header)}\n" + "\n".join(lines) + f"\n.ends {name}\n"

    def chosen(self) -> list[str]:
        """The cards, without those that a condition on constants alone excludes."""
        result: list[str] = []
        open_: list[tuple[bool, bool, bool]] = []  # per .if: (kept as text, some branch was taken, this one is)
        for card in self.block.devices:
            word = card.split(None, 1)[0].lower()
            excluded = any(not kept and not live for kept, _, live in open_)
            if word == ".if":
                value = None if excluded else self.known(card)
                open_.append((value is None and not excluded, bool(value), bool(value)))
                if open_[-1][0]:
                    result.append(self.condition(card))
            elif word in CONDITIONS and open_:
                kept, taken, _ = open_.pop()
                if kept:
                    result.append(self.condition(card))
                if word == ".endif":
                    continue
                value = 1.0 if word == ".else" else self.known(card)
                if not kept and value is None:
                    raise InputError(f"{self.writer.pdk.name}: {card!r} of {self.name!r} cannot be decided")
                open_.append((kept, taken or bool(value), bool(value) and not taken))
            elif not excluded:
                result.append(card)
        return result

    def known(self, card: str) -> float | None:
        """The value of a condition, if constants determine it."""
        try:
            node = expression.fold(expression.parse(card.split(None, 1)[1]), self.writer.constants)
        except (ExpressionError, IndexError):
            return None
        return node.value if isinstance(node, expression.Number) else None

    def condition(self, card: str) -> str:
        word, _, rest = card.partition(" ")
        return f"{word.lower()} {with_constants(rest, self.writer.constants)}".rstrip()

    def models(self, elements: Sequence[str]) -> dict[str, str]:
        """The cards that the elements need: the subcircuit's own, else the library's."""
        words = {word for card in elements for word in card.lower().split()[1:]}
        library = self.writer.library.models
        result = {}
        for word in sorted(words):
            if word in self.block.models:
                result[word] = self.block.models[word]
            elif word in library and word not in self.local:
                result[word] = library[word]
            else:
                bins = re.compile(rf"{re.escape(word)}\.\d+")
                for models in (self.block.models, {} if word in self.local else library):
                    result |= {key: text for key, text in models.items() if bins.fullmatch(key)}
        return result

    def model(self, name: str, text: str) -> str:
        kind, _, body = text.split(None, 1)[1].replace("(", " (", 1).partition(" ")
        body = body.strip()
        if body.startswith("(") and body.endswith(")"):
            body = body[1:-1]
        cells = [f"{parameter}={self.kept(value)}" for parameter, value in pairs(f" {body}").items()]
        return f".model {name} {kind} {' '.join(cells)}"

    def element(self, card: str) -> str:
        """An element line. Its value comes first: ngspice reads `l=` as the resistance if `r=` follows it."""
        if card.startswith("."):
            return card
        first = _SETTING.search(card)
        head, tail = (card[: first.start()], card[first.start() :]) if first else (card, "")
        # a value without its name: R1 a b 'rsheet*l/w'
        head = _QUOTED.sub(lambda match: self.kept(match[0]), head)
        given = pairs(tail)
        kind = card[0].lower()
        scale, powers = self.writer.pdk.scale, {"m": FET_SCALE}.get(kind, _SCALED if kind in "rcd" else {})
        cells = []
        for key in sorted(given, key=lambda key: key != kind):
            value = self.kept(given[key])
            if key in powers and scale != 1.0:
                value = f"{{({value.strip('{}')})*{scale ** powers[key]!r}}}"
            cells.append(f"{key}={value}")
        if cell := called_cell(card):
            head = f"{head.strip().rsplit(None, 1)[0]} {cell}{INNER}"
            inner = whole_devices("".join(self.writer.blocks)).get(f"{cell}{INNER}")
            cells += [f"draw{number}={{{self.draw()}}}" for number in range(inner.draws if inner else 0)]
        return " ".join([head.strip(), *cells])

    def kept(self, text: str) -> str:
        """A value with the library's constants evaluated; the foundry's text if it is more than arithmetic."""
        text = self.drawn(text)
        try:
            node = self.writer.folded(text)
        except ExpressionError:
            return f"{{{with_constants(expression.strip_quotes(text), self.writer.constants)}}}"
        return repr(node.value) if isinstance(node, expression.Number) else f"{{{to_text(node)}}}"

    def drawn(self, text: str) -> str:
        """A text with every statistical function as its mean and width times a draw; unchanged without mismatch."""
        if not self.writer.mismatch or not (found := _GAUSS.search(text)):
            return text
        end = closing(text, found.end() - 1)
        mean, width, sigmas = (self.drawn(part) for part in arguments(text[found.end() : end]))
        width = f"({mean})*({width})" if found[1].lower() == "gauss" else width
        head, tail = text[: found.start()], self.drawn(text[end + 1 :])
        return f"{head}(({mean})+({width})/({sigmas})*{self.draw()}){tail}"

    def draw(self) -> str:
        self.draws += 1
        return f"draw{self.draws - 1}"


def declared(block: Block) -> tuple[dict[str, str], dict[str, str]]:
    """(parameters that a call may set, those that are computed inside)."""
    defaults = dict(block.defaults)
    locals_: dict[str, str] = {}
    declares = not block.defaults
    for key, text in block.params.items():
        # SKY130 declares W, L, … by a .param in the body; others declare them in the header and compute in the body
        (defaults if declares and is_number(text) else locals_)[key] = text
    return defaults, locals_


def is_number(text: str) -> bool:
    """Whether a value is a plain number."""
    try:
        return isinstance(expression.parse(text), expression.Number)
    except ExpressionError:
        return False


def called_cell(card: str) -> str:
    """The name of the cell that an X line calls, else "": the last word before the first setting."""
    if card[0].lower() != "x":
        return ""
    first = _SETTING.search(card)
    return (card[: first.start()] if first else card).split()[-1].lower()


def with_constants(text: str, constants: Mapping[str, float]) -> str:
    """A text with every constant's name replaced by its number."""
    return re.sub(
        r"(?<![\w.])[A-Za-z_][\w.]*(?!\s*\()",
        lambda match: f"({constants[match[0].lower()]!r})" if match[0].lower() in constants else match[0],
        text,
    )


def closing(text: str, start: int) -> int:
    """The place of the bracket that closes the one at `start`."""
    depth = 0
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return len(text)


def arguments(text: str) -> list[str]:
    """The arguments of a call, split at its own commas; the number of sigmas is 1 where it is missing."""
    parts, depth = [""], 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [*parts, "1"][:3] if len(parts) < 3 else parts[:3]
