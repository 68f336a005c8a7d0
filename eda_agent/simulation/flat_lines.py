"""A flat line is an element of a circuit without hierarchy, as in the text that ngspice loads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_NODES = {"m": 4, "r": 2, "c": 2, "l": 2, "d": 2, "v": 2, "i": 2}
_ACROSS = {"m": (0, 2), "n": (0, 2), "r": (0, 1), "d": (0, 1)}
"""First letter of an element → the terminals between which its noise current flows."""
GROUND = "0"


@dataclass(frozen=True)
class FlatLine:
    """`rest`: the text behind the nodes. `element`: the letter of what it is, or of the first element in it."""

    name: str
    nodes: tuple[str, ...]
    rest: str
    element: str

    @property
    def kind(self) -> str:
        return self.name[0]

    @property
    def across(self) -> tuple[str, str] | None:
        """The nets between which its noise current flows, None without one."""
        places = _ACROSS.get(self.element)
        return None if places is None else (self.nodes[places[0]], self.nodes[places[1]])


def flat_lines(text: str) -> tuple[list[FlatLine], str]:
    """The elements of a flat circuit outside its subcircuits, and its other lines."""
    elements, others = [], []
    inner: dict[str, str] = {}
    inside = ""
    for line in _whole_lines(text):
        words = line.split()
        card = words[0].lower()
        if card == ".subckt":
            inside = words[1].lower()
        elif inside and inside not in inner and card[0].isalpha():
            inner[inside] = card[0]
        if inside or card.startswith("."):
            others.append(line)
        else:
            elements.append(words)
        if card == ".ends":
            inside = ""
    return [_element(words, inner) for words in elements], "".join(f"{line}\n" for line in others)


def _whole_lines(text: str) -> Iterator[str]:
    """Lines with their continuations, without comments."""
    held = ""
    for line in text.splitlines():
        if line.startswith("+"):
            held += f" {line[1:]}"
            continue
        if held:
            yield held
        held = "" if not line.strip() or line.startswith("*") else line
    if held:
        yield held


def _element(words: list[str], inner: dict[str, str]) -> FlatLine:
    name = words[0].lower()
    bare = next((place for place, word in enumerate(words) if "=" in word), len(words))
    count = _NODES.get(name[0], bare - 2)
    element = inner.get(words[bare - 1].lower(), "x") if name[0] == "x" else name[0]
    nodes = tuple(GROUND if node.lower() == "gnd" else node.lower() for node in words[1 : 1 + count])
    return FlatLine(name, nodes, " ".join(words[1 + count :]), element)
