"""A library is a foundry's model files, read with their `.lib` sections and includes into parameters, models and
subcircuits.

Model cards stay text and are parsed only when a cut needs them: a SKY130 corner has 30,000 lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from eda_agent.errors import InputError
from eda_agent.files import read_file

MOST_BYTES = 300_000_000
"""Maximum size of one file of a library; SKY130's largest has 27 MB."""
MAX_RUNS = 20_000
"""Maximum number of files and sections of a library; SKY130's whole library has 1,500."""
CONDITIONS = frozenset([".if", ".elseif", ".else", ".endif"])
"""Cards inside a subcircuit that choose between its elements."""
_TERM = r"(?:'[^']*'|\{[^}]*\}|(?:\([^()]*\)|[^\s=])+)"
# a value may be a sum with blanks around its signs, as in SKY130's `lvtox = 0.0 + MC_PR_SWITCH*AGAUSS(0,1.1,1)`
_PAIR = re.compile(rf"(?<!\w)([A-Za-z_]\w*)\s*=\s*({_TERM}(?:\s+[-+*/]\s+{_TERM})*)")


@dataclass
class Block:
    """A subcircuit of a library: its header, and its body's cards in order."""

    name: str
    ports: tuple[str, ...]
    defaults: dict[str, str]
    params: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    devices: list[str] = field(default_factory=list)

    @property
    def ignores_multiplier(self) -> bool:
        """Whether it declares m and no device in it uses it: ngspice then silently ignores `m=` on an instance.

        If m is not declared, ngspice multiplies the devices inside.
        """
        return "m" in self.defaults and not any(
            re.search(r"\bm\b", text) for card in self.devices for text in pairs(card).values()
        )


@dataclass
class Library:
    """`models` maps a lower-case name (bins included, `name.3`) to the card's text after `.model`; `files` lists the
    files that were read.
    """

    params: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


def pairs(text: str) -> dict[str, str]:
    """`key = value` pairs of a card, keys in lower case."""
    words = text.split()
    keys, values = words[0::3], words[2::3]
    plain = (
        len(keys) == len(values) == words[1::3].count("=") == text.count("=")
        and "'" not in text
        and all(map(str.isidentifier, keys))
    )
    # most of a library is `key = value`, three words each: splitting takes a third of the time of the expression, with
    # the same result
    if plain and all(word[0] == "{" and word.find("}") == len(word) - 1 for word in values if "{" in word):
        return dict(zip(map(str.lower, keys), values, strict=True))
    return {key.lower(): value for key, value in _PAIR.findall(text)}


def read_library(
    path: Path, sections: tuple[str, ...], *, wanted: Callable[[Path], bool] = lambda path: True
) -> Library:
    """Read `sections` of a library file (the whole file without any).

    `wanted` tells whether an included file matters; skipping the others makes a full open_pdks tree quick to read.
    """
    library = Library()
    reader = _Reader(library, wanted)
    if sections:
        for section in sections:
            reader.section(*place_of(path, section))
    else:
        reader.file(path)
    return library


def place_of(path: Path, section: str) -> tuple[Path, str]:
    """(file, section) of a section's name in a PDK file: `res_typ`, or `cornerRES.lib res_typ` of another file."""
    file, _, name = section.rpartition(" ")
    return path.parent / file if file else path, name


def has_section(path: Path, section: str) -> bool:
    """Whether a library has a section."""
    file, name = place_of(path, section)
    wanted = [".lib", name.lower()]
    return any(
        line.lower().split() == wanted for line in read_file(file, MOST_BYTES).decode("utf-8", "replace").splitlines()
    )


class _Reader:
    def __init__(self, library: Library, wanted: Callable[[Path], bool]):
        self.library = library
        self.wanted = wanted
        self.block: Block | None = None
        self.cards: dict[Path, list[str]] = {}
        self._runs = 0

    def file(self, path: Path, depth: int = 0) -> None:
        self._run(path, self._cards(path), depth)

    def section(self, path: Path, name: str, depth: int = 0) -> None:
        cards = self._cards(path)
        inside = False
        body = []
        for card in cards:
            word = card[:5].lower()
            if word.startswith(".lib"):
                words = card.split()
                inside = inside or (len(words) == 2 and words[1].lower() == name.lower())
                if len(words) == 2:
                    continue
            if word == ".endl":
                if inside:
                    break
                continue
            if inside:
                body.append(card)
        if not inside:
            raise InputError(f"{path}: the library has no section {name!r}")
        self._run(path, body, depth)

    def _cards(self, path: Path) -> list[str]:
        path = path.resolve()
        if path not in self.cards:
            try:
                text = read_file(path, MOST_BYTES).decode("utf-8", errors="replace")
            except OSError as error:
                raise InputError(f"{path}: cannot read the model library: {error.strerror}") from None
            self.library.files.append(path)
            self.cards[path] = _join(text)
        return self.cards[path]

    def _run(self, path: Path, cards: list[str], depth: int) -> None:
        self._runs += 1
        if depth > 20:
            raise InputError(f"{path}: the library includes itself")
        if self._runs > MAX_RUNS:
            raise InputError(
                f"{path}: the library and its includes have more than {MAX_RUNS:,} files and sections together"
            )
        for card in cards:
            word, _, rest = card.partition(" ")
            match word.lower():
                case ".model":
                    name = next(iter(rest.split(None, 1)), "").lower()
                    (self.block or self.library).models[name] = rest
                case ".param" | ".params":
                    (self.block or self.library).params.update(pairs(rest))
                case ".subckt":
                    header = re.sub(r"\bparams:", " ", rest, flags=re.IGNORECASE)
                    words = _PAIR.sub(" ", header).lower().split()
                    if not words:
                        raise InputError(f"{path}: a subcircuit has no name")
                    self.block = Block(words[0], tuple(words[1:]), pairs(header))
                    self.library.blocks[words[0]] = self.block
                case ".ends":
                    self.block = None
                case ".include" | ".inc":
                    target = (path.parent / rest.strip().strip("\"'")).resolve()
                    if self.wanted(target):
                        self.file(target, depth + 1)
                case ".lib":
                    words = re.findall(r"\"[^\"]*\"|'[^']*'|\S+", rest)
                    if len(words) == 2:
                        self.section((path.parent / words[0].strip("\"'")).resolve(), words[1], depth + 1)
                case other if self.block is not None and (not other.startswith(".") or other in CONDITIONS):
                    self.block.devices.append(card)


def _join(text: str) -> list[str]:
    """Cards with continuation lines joined; comments inside a card do not end it."""
    lines = [line for raw in text.splitlines() if (line := raw.strip()) and line[0] != "*"]
    if " $" in text:
        lines = [line.split(" $", 1)[0] for line in lines]
    if ";" in text:
        lines = [kept for line in lines if (kept := line.split(";", 1)[0].rstrip())]
    return "\n".join(["", *lines]).replace("\n+", " ").strip().split("\n") if lines else []
