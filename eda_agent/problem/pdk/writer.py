"""A writer collects the text of a cut: the cards and subcircuits that the devices of a circuit need, each once, with
constants evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from eda_agent.errors import InputError
from eda_agent.problem import expression
from eda_agent.problem.expression import ExpressionError
from eda_agent.problem.expression_text import to_text
from eda_agent.problem.pdk.bins import ANY, Bin, Box
from eda_agent.problem.pdk.library import Block, Library, pairs
from eda_agent.problem.pdk.mismatch import Spread, statistics
from eda_agent.problem.pdk.registry import Pdk
from eda_agent.problem.pdk.whole import FET_SCALE, INNER, WholeWriter, declared, is_number

_PLAIN = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
"""A number as in most parameters of a card."""
_VARIED = re.compile(r"\{(" + _PLAIN.pattern + r")\+([^{}]*)\}")
"""A nominal value with a statistical term after it: the other form in SKY130's cards."""
_BOUND = re.compile(r"\b([lw]m(?:in|ax))\s*=\s*('[^']*'|\{[^}]*\}|\S+)", flags=re.IGNORECASE)


def written(
    pdk: Pdk, library: Library, constants: dict[str, float], boxes: Mapping[str, Box], *, mismatch: bool
) -> Writer:
    """The cut of a library at these constants, with its spreads if `mismatch`."""
    writer = Writer(pdk, library, constants, boxes, mismatch=mismatch)
    for name in sorted(boxes):
        writer.device(name)
    return writer


def constants_of(params: Mapping[str, str]) -> dict[str, float]:
    """Evaluate global parameters in any order; those that cannot be evaluated are left out."""
    values: dict[str, float] = {}
    waiting = dict(params)
    while waiting:
        progress = False
        for name, text in list(waiting.items()):
            try:
                values[name] = expression.evaluate(expression.parse(text), values)
            except ExpressionError:
                continue
            del waiting[name]
            progress = True
        if not progress:
            break
    return values


class Writer:
    """Collects the text of a cut; every model and subcircuit is written once."""

    def __init__(
        self, pdk: Pdk, library: Library, constants: dict[str, float], boxes: Mapping[str, Box], *, mismatch: bool
    ):
        self.pdk, self.library, self.constants, self.boxes = pdk, library, constants, boxes
        self.mismatch = mismatch
        self.statistical = {**constants, **pdk.mismatch}
        """The constants with mismatch enabled."""
        self.models: list[str] = []
        self.blocks: list[str] = []
        self.bins: list[Bin] = []
        self.spreads: dict[str, Spread] = {}
        self.seen: set[str] = set()
        self.written: set[str] = set()
        self.numbers: dict[str, str] = {}
        """Text → number in cards: a library has some hundred values in ten thousands of parameters."""
        self.terms: dict[str, bool] = {}
        """Whether a term is a product with value zero: a library has a thousand values before a handful of terms."""

    def device(self, name: str) -> None:
        if name in self.seen:
            return
        self.seen.add(name)
        rule = self.pdk.device(name)
        for spelling in (name, *(rule.spellings if rule else ())):
            if spelling in self.library.blocks:
                self.block(self.library.blocks[spelling], name)
                return
            if self.model(name, _as(name, spelling, self.library.models), self.boxes.get(name)):
                return
        others = self.pdk.missing_packages()
        more = f"\n    → pip install --no-deps {' '.join(others)}" if others else ""
        raise InputError(f"the models of {self.pdk.name} at {self.pdk.models} have no device {name!r}{more}")

    def block(self, block: Block, name: str) -> None:
        """The subcircuit, under the name that the netlist has for it."""
        fets = [card.split() for card in block.devices]
        if not all(words[0][0].lower() == "m" and len(words) > 5 for words in fets):
            self.blocks.append(self.whole(block, name))
            return
        for words in fets:
            self.card(words[5].lower(), block, self.boxes.get(name))
        defaults, locals_ = declared(block)
        # GF180 declares m and never uses it, so ngspice silently ignores `m=` on an instance. Without the declaration
        # ngspice multiplies the devices inside, which is the meaning of m
        if block.ignores_multiplier:
            defaults.pop("m", None)
        with self.inside(block):
            lines = [self.mos(card, card.split()[:6]) for card in block.devices]
            for card in block.devices:
                self.varied(name, pairs(card.split(None, 6)[6]), {**block.defaults, **block.params})
            used = _closure(lines, locals_)
            header = " ".join(f"{key}={expression.strip_quotes(text)}" for key, text in defaults.items())
            body = "".join(
                f".param {key}={{{to_text(self.folded(text))}}}\n" for key, text in locals_.items() if key in used
            )
        self.blocks.append(
            f".subckt {name} {' '.join(block.ports)} {header}\n{body}" + "".join(lines) + f".ends {name}\n"
        )

    def inner(self, name: str) -> None:
        """A subcircuit that a whole device calls, under a name of its own: its models are inside."""
        if f"{name}{INNER}" not in self.seen:
            self.seen.add(f"{name}{INNER}")
            self.blocks.append(self.whole(self.library.blocks[name], f"{name}{INNER}"))

    def whole(self, block: Block, name: str) -> str:
        """The subcircuit of a device that stays one, with draws if the cut has mismatch."""
        rule = self.pdk.device(name)
        with self.inside(block):
            self.constants = {**(self.statistical if self.mismatch else self.constants), **(rule.fixed if rule else {})}
            return WholeWriter(self, block, name).text()

    @contextmanager
    def inside(self, block: Block) -> Iterator[None]:
        """The library's names inside a subcircuit: its own parameters hide constants of the same names, as in SPICE.

        SKY130's files set `w = 3` and `l = 4u` for the whole library, beside a device with its own W and L.
        """
        # an expression of a voltage, v(r0), names a net
        hidden = block.defaults.keys() | block.params.keys() | set(block.ports)
        outer = self.constants, self.statistical, self.numbers, self.terms
        if hidden & (self.constants.keys() | self.statistical.keys()):
            self.constants = {key: value for key, value in outer[0].items() if key not in hidden}
            self.statistical = {key: value for key, value in outer[1].items() if key not in hidden}
            self.numbers, self.terms = {}, {}
        try:
            yield
        finally:
            self.constants, self.statistical, self.numbers, self.terms = outer

    def card(self, target: str, block: Block, box: Box | None) -> None:
        """The model card of a device in a subcircuit: the subcircuit's own, or the library's."""
        with self.inside(block):
            if self.model(target, block.models, box):
                return
        if not self.model(target, self.library.models, box):
            raise InputError(
                f"{self.pdk.name}: device {block.name!r} needs model {target!r}, which the library does not have"
            )

    def varied(self, name: str, parameters: Mapping[str, str], local: Mapping[str, str]) -> None:
        """Store the mismatch of a device or card, if it has any."""
        if self.mismatch and (spread := statistics(parameters, local, self.statistical)):
            self.spreads[name] = spread

    def mos(self, card: str, head: list[str]) -> str:
        result = " ".join(head).lower()
        for key, text in pairs(card.split(None, 6)[6]).items():
            node = self.folded(text)
            power = FET_SCALE.get(key, 0)
            if power and self.pdk.scale != 1.0:
                node = expression.Call("*", (node, expression.Number(self.pdk.scale**power)))
            if node != expression.Number(0.0) or key != "delvto":
                result += f" {key}={{{to_text(node)}}}"
        return result + "\n"

    def folded(self, text: str) -> expression.Node:
        return expression.fold(expression.parse(text), self.constants)

    def model(self, name: str, models: Mapping[str, str], box: Box | None) -> bool:
        """Write the card of a model, or those of its bins that `box` touches. False if there is none."""
        if name in models:
            chosen = {name: Bin(name, name, ANY, ANY)}
        else:
            found = [
                self.bin(key, text) for key, text in models.items() if re.fullmatch(re.escape(name) + r"\.\d+", key)
            ]
            chosen = {entry.name: entry for entry in found if box is None or entry.touches(*box)}
        for key, entry in chosen.items():
            if key in self.written:
                continue
            self.written.add(key)
            self.bins.append(entry)
            text = models[key]
            kind, *body = text.split(None, 2)[1:]
            given = pairs(" ".join(body))
            known = self.numbers
            cells = [
                f"{parameter}={known.get(value) or self.number(key, parameter, value)}"
                for parameter, value in given.items()
            ]
            self.varied(key, given, {})
            rows = [" ".join(cells[start : start + 12]) for start in range(0, len(cells), 12)]
            self.models.append(f".model {key} {kind.strip('(')}\n" + "".join(f"+ {row}\n" for row in rows))
        return bool(chosen)

    def number(self, model: str, parameter: str, text: str) -> str:
        """The value of a parameter of a model's card. Raises `InputError` if it is not a number."""
        if _PLAIN.fullmatch(text):
            result = text if text[0] != "-" else repr(float(text))
        elif (varied := _VARIED.fullmatch(text)) and self.off(varied[2]):
            result = repr(float(varied[1]))
        else:
            try:
                node = self.folded(text)
            except ExpressionError as error:
                raise InputError(f"{self.pdk.name}: model {model}: {error}") from None
            if not isinstance(node, expression.Number):
                raise InputError(
                    f"{self.pdk.name}: model {model}: {parameter} depends on"
                    f" {', '.join(sorted(expression.names(node)))}, which a cut cannot keep"
                )
            result = text.strip() if is_number(text) else repr(node.value)
        self.numbers[text] = result
        return result

    def off(self, term: str) -> bool:
        """Whether a term is a product with value zero, so that it vanishes in a sum."""
        if term not in self.terms:
            try:
                node = expression.parse(term)
                self.terms[term] = (
                    isinstance(node, expression.Call)
                    and node.function == "*"
                    and self.folded(term) == expression.Number(0.0)
                )
            except ExpressionError:
                self.terms[term] = False
        return self.terms[term]

    def bin(self, name: str, text: str) -> Bin:
        # all four come first in most cards, which are long; a number at the end of a piece may be incomplete
        found = _BOUND.findall(text[:400].rpartition(" ")[0])
        found = found if len(found) == 4 else _BOUND.findall(text)
        bounds = {
            key.lower(): float(value) if _PLAIN.fullmatch(value) else expression.evaluate(self.folded(value), {})
            for key, value in found
        }
        width = (bounds.get("wmin", ANY[0]), bounds.get("wmax", ANY[1]))
        length = (bounds.get("lmin", ANY[0]), bounds.get("lmax", ANY[1]))
        return Bin(name, name.rpartition(".")[0], width, length)


def _as(name: str, spelling: str, models: Mapping[str, str]) -> Mapping[str, str]:
    """The cards of a model and its bins under another name."""
    if name == spelling:
        return models
    return {
        name + key.removeprefix(spelling): text
        for key, text in models.items()
        if key == spelling or key.startswith(f"{spelling}.")
    }


def _closure(lines: list[str], local: Mapping[str, str]) -> set[str]:
    """The local parameters that the lines need, directly or through each other."""
    needed: set[str] = set()
    waiting = [
        word for line in lines for word in re.findall(r"[a-z_]\w*", " ".join(re.findall(r"\{[^}]*\}", line.lower())))
    ]
    while waiting:
        word = waiting.pop()
        if word in local and word not in needed:
            needed.add(word)
            waiting.extend(re.findall(r"[a-z_]\w*", local[word].lower()))
    return needed
