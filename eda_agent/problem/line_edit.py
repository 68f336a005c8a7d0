"""An edit is a place of a netlist whose value is replaced, on its line: all other characters stay."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from eda_agent.problem.logical_line import Line

_TERM = r"(?:\{[^}]*\}|'[^']*'|\"[^\"]*\"|(?:\([^()]*\)|[^\s={},()]++)++)"
_VALUE = rf"{_TERM}(?:\s++(?:\*\*|[-+*/^])\s++{_TERM})*+"
"""A value after `name =`: ngspice reads a sum with blanks around its signs as one value."""
NAME_VALUE = rf"(?<![\w.])(?P<name>[A-Za-z_]\w*+)\s*+=\s*+(?P<value>{_VALUE})"


@dataclass(frozen=True)
class Edit:
    """A place of the netlist whose value is replaced.

    `scope`: subcircuit name, "" for the top. `device`: device name, or "" for a `.param` or header default.
    `attribute`: parameter name, or "value" for the value of R, C, L, V, I.
    """

    scope: str
    device: str
    attribute: str


def assignments(text: str) -> dict[str, str]:
    """The `name = value` pairs of a line, names in lower case; of two with one name the last, as in ngspice."""
    return {match["name"].lower(): match["value"] for match in re.finditer(NAME_VALUE, text)}


def edited(text: str, edit: Edit, value: str) -> str | None:
    """One line with the value in `edit` replaced; None if the place is not on it."""
    if edit.device and edit.attribute == "value":
        # name, two nodes, then the value, alone or after "dc" or "r="
        new, count = re.subn(
            r"^(\s*\S+\s+\S+\s+\S+\s+(?:dc\s+)?(?:[rcl]\s*=\s*)?)(\{[^}]*\}|'[^']*'|[^\s=]+)",
            lambda m: m[1] + value,
            text,
            count=1,
            flags=re.IGNORECASE,
        )
        return new if count else None
    places = [match for match in re.finditer(NAME_VALUE, text) if match["name"].lower() == edit.attribute]
    if places and not value:
        return text[: places[-1].start()].rstrip() + text[places[-1].end() :]
    return text[: places[-1].start("value")] + value + text[places[-1].end("value") :] if places else None


def edit_raw(line: Line, edits: Sequence[tuple[Edit, str]]) -> list[str]:
    """The physical lines of a line with its places replaced."""
    raw = list(line.raw)
    for edit, value in edits:
        for index, text in enumerate(raw):
            new = None if text.lstrip().startswith(("*", "$", ";")) else edited(text, edit, value)
            if new is not None:
                raw[index] = new
                break
        else:
            if edit.device and edit.attribute != "value" and edit.attribute not in assignments(" ".join(raw)):
                # a place that the file does not have
                raw = _appended(raw, f"{edit.attribute}={value}")
                continue
            # the place spans physical lines: write the logical line on one
            text = line.text
            for one, number in edits:
                text = edited(text, one, number) or text
            return [text]
    return [text for text in raw if text.strip() != "+"]


def _appended(raw: Sequence[str], text: str) -> list[str]:
    """The physical lines of a device with a parameter behind the last of them, before its comment."""
    index = max(
        number for number, one in enumerate(raw) if one.strip() and not one.lstrip().startswith(("*", "$", ";"))
    )
    code, comment = re.fullmatch(r"(.*?)(\s*(?:\$\s|;).*)?", raw[index], re.DOTALL).groups(default="")  # type: ignore[union-attr]  # it matches any text
    return [*raw[:index], f"{code.rstrip()} {text}{comment}", *raw[index + 1 :]]


def renamed(raw: Sequence[str], name: str) -> list[str]:
    """The physical lines of a device with another name, without comments between them; its letter keeps its case."""
    first, *rest = raw
    blank = first[: len(first) - len(first.lstrip())]
    old, after = first.split(None, 1)[0], first.lstrip()
    return [
        f"{blank}{old}{name.removeprefix(old.lower())}{after[len(old) :]}",
        *(one for one in rest if one.lstrip().startswith("+")),
    ]
