"""A named size is a `.param` that sets a length of a MOSFET; its unit changes with the plain numbers beside it.

If M lines in metres become devices of a PDK that counts micrometres, `W=wp` stays and `.param wp=50u` becomes 50.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from eda_agent.problem.draft.lengths import LENGTHS, SIZE, written_in_metres
from eda_agent.spice_numbers import parse_spice_number

_NAME = re.compile(r"[A-Za-z_]\w*")
_QUOTED = re.compile(r"'[^']*'|\{[^}]*\}")
_FACTOR = re.compile(r"[{']?\s*(?:[\d.]+\s*\*\s*)?([A-Za-z_]\w*)\s*(?:[*/]\s*[\d.]+\s*)?['}]?")
"""A name alone, or times or divided by a plain number: a length if the name is one."""
_PRODUCT = re.compile(r"[{']?\s*(?:[A-Za-z_]\w*|[\d.]+)(?:\s*[*/]\s*(?:[A-Za-z_]\w*|[\d.]+))+\s*['}]?")
"""A product of names and numbers: a length if one of the names is one and the others are counts."""
_TERMS = re.compile(r"(?:[eE][-+]|[^-+])+")
"""The terms of a sum: a sign behind an e belongs to its number."""
_LITERAL = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?[a-zA-Z]*")
_SHORT = 1e-4
"""m: a smaller number in an expression of a size is a length in metres, a larger one a count or a ratio."""
_GIVES = re.compile(r"\s*(?:\.params?|\.subckt|x\S*)\b", re.IGNORECASE)


def with_named_sizes(lines: Sequence[str], converted: Collection[int], factor: float, notes: list[str]) -> list[str]:
    """The lines with the named lengths of the `converted` lines (by index) multiplied by `factor`.

    A name with any other use stays unchanged.
    """
    wanted = _names(lines, converted)
    for name in sorted(wanted):
        if _used_elsewhere(lines, converted, name):
            wanted = wanted - {name}
    if not wanted:
        return list(lines)
    changed: list[str] = []
    result, gives = [], False
    for number, line in enumerate(lines):
        gives = gives if line.lstrip().startswith("+") else number not in converted and bool(_GIVES.match(line))
        result.append(SIZE.sub(lambda match: _given(match, wanted, factor, changed), line) if gives else line)
    if changed:
        listed = ", ".join(dict.fromkeys(changed))
        notes.append(f"{listed}: in metres as on M lines, now in the unit of the PDK")
    return result


def with_sums_in_unit(line: str, factor: float) -> str:
    """A line with the lengths in metres inside its expressions multiplied by `factor`: `80e-9+l1*920e-9` is a sum of
    products, each with one such number or with a name that is a length; `W1*1u` is one product.
    """

    def sized(match: re.Match[str]) -> str:
        if LENGTHS.get(match[1].lower()) != 1 or parse_spice_number(match[2].strip("'{} ")) is not None:
            return match[0]
        terms = _TERMS.findall(match[2])
        if "(" in match[2] or any(len(_metres(term)) > 1 for term in terms):
            return match[0]
        for number in [text for term in terms for text in _metres(term)]:
            scaled = f"{(parse_spice_number(number) or 0.0) * factor:.10g}"
            match_text = re.sub(rf"(?<![\w.]){re.escape(number)}(?![\w.])", scaled, match[2], count=1)
            match = SIZE.fullmatch(f"{match[1]}={match_text}") or match
        return f"{match[1]}={match[2]}"

    return SIZE.sub(sized, line)


def has_metres(line: str) -> bool:
    """Whether an expression for a length has a number in metres: `W={W1*1u}`."""
    return any(
        LENGTHS.get(match[1].lower()) == 1
        and parse_spice_number(match[2].strip("'{} ")) is None
        and any(_metres(term) for term in _TERMS.findall(match[2]))
        for match in SIZE.finditer(line)
    )


def named_in_metres(line: str, lines: Sequence[str]) -> bool:
    """Whether names alone give the widths and lengths of a line, and each name is given as a length in metres:
    `W={wn}` with `.param wn=4.5e-05`.
    """
    names = [
        inner[1].lower()
        for match in SIZE.finditer(line)
        if LENGTHS.get(match[1].lower()) == 1 and (inner := re.fullmatch(r"[{']?\s*([A-Za-z_]\w*)\s*['}]?", match[2]))
    ]
    numbers = _numbers(lines) if names else {}
    return bool(names) and all(
        numbers.get(name) and all(one > 0 and written_in_metres(one) for one in numbers[name]) for name in names
    )


def _numbers(lines: Sequence[str]) -> dict[str, list[float]]:
    """Name in lower case → the plain numbers that the lines give it."""
    found: dict[str, list[float]] = {}
    for line in lines:
        if _GIVES.match(line) or line.lstrip().startswith("+"):
            for match in SIZE.finditer(line):
                if (number := parse_spice_number(match[2].strip("'{} "))) is not None:
                    found.setdefault(match[1].lower(), []).append(number)
    return found


def _metres(term: str) -> list[str]:
    """The numbers of a product that are lengths in metres."""
    return [text for text in _LITERAL.findall(term) if 0 < (parse_spice_number(text) or 0.0) < _SHORT]


def _names(lines: Sequence[str], converted: Collection[int]) -> frozenset[str]:
    """Lower-case names that set a width or a length, directly or through another name."""
    found: set[str] = set()
    for number in converted:
        for match in SIZE.finditer(lines[number]):
            if LENGTHS.get(match[1].lower()) != 1:
                continue
            inner = _FACTOR.fullmatch(match[2])
            found |= {inner[1].lower()} if inner else _length_of(match[2], lines)
    while True:
        through = {
            inner[1].lower()
            for line in lines
            if _GIVES.match(line) or line.lstrip().startswith("+")
            for match in SIZE.finditer(line)
            if match[1].lower() in found
            and (inner := _FACTOR.fullmatch(match[2]))
            and parse_spice_number(match[2]) is None
        }
        if through <= found:
            return frozenset(found)
        found |= through


def _length_of(product: str, lines: Sequence[str]) -> set[str]:
    """The one name of a product that is given as a length in metres; empty if none or several are."""
    if not _PRODUCT.fullmatch(product):
        return set()
    names = {name.lower() for name in _NAME.findall(product)}
    given = {
        match[1].lower()
        for line in lines
        if _GIVES.match(line) or line.lstrip().startswith("+")
        for match in SIZE.finditer(line)
        if match[1].lower() in names
        and (number := parse_spice_number(match[2])) is not None
        and written_in_metres(number)
    }
    return given if len(given) == 1 else set()


def _used_elsewhere(lines: Sequence[str], converted: Collection[int], name: str) -> bool:
    """Whether the name occurs in a value other than a length on a converted line or its own definition."""
    for number, line in enumerate(lines):
        text = line.partition("$")[0].partition(";")[0]
        if text.lstrip().startswith("*"):
            continue
        keys = [(match[1].lower(), match[2]) for match in SIZE.finditer(text)]
        for key, value in keys:
            if name not in {word.lower() for word in _NAME.findall(value)}:
                continue
            length = number in converted and key in LENGTHS
            if not (length or (_FACTOR.fullmatch(value) and (_GIVES.match(text) or text.lstrip().startswith("+")))):
                return True
        rest = SIZE.sub("", text)
        if any(name in {word.lower() for word in _NAME.findall(part)} for part in _QUOTED.findall(rest)):
            return True
        if name in {word.lower() for word in rest.split()[1:]} and not _GIVES.match(text) and number not in converted:
            return True
    return False


def _given(match: re.Match[str], wanted: Collection[str], factor: float, changed: list[str]) -> str:
    number = parse_spice_number(match[2])
    if match[1].lower() not in wanted or number is None or not written_in_metres(number):
        return match[0]
    changed.append(match[1])
    return f"{match[1]}={number * factor:.10g}"
