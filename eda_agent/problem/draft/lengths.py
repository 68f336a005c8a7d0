"""A length is a value of w=, l=, pd= or ps= in a netlist; areas (ad, as) are squares of one."""

from __future__ import annotations

import re

from eda_agent.spice_numbers import parse_spice_number

LENGTHS = {"w": 1, "l": 1, "pd": 1, "ps": 1, "ad": 2, "as": 2}
SIZE = re.compile(r"([A-Za-z_]\w*)\s*=\s*('[^']*'|\{[^}]*\}|[^\s=]+)")
_LARGE = 0.1
"""In m: no MOSFET has a finger of 10 cm, and no PDK that counts micrometres has one of less than 0.1 um."""


def number_of(text: str) -> float | None:
    """A plain number, in quotes or braces too; None for an expression."""
    return parse_spice_number(text.strip("'{} "))


def has_length(line: str) -> bool:
    """Whether a line has a plain width or length."""
    return any(match[1].lower() in {"w", "l"} and number_of(match[2]) is not None for match in SIZE.finditer(line))


def written_in_metres(number: float) -> bool:
    return number < _LARGE


def times(line: str, factor: float) -> str:
    """A line with its plain lengths multiplied by a factor, and areas by its square."""

    def sized(match: re.Match[str]) -> str:
        number, power = number_of(match[2]), LENGTHS.get(match[1].lower(), 0)
        return f"{match[1]}={number * factor**power:.10g}" if number is not None and power else match[0]

    return line if factor == 1.0 else SIZE.sub(sized, line)


def expressions_times(line: str, factor: float) -> str:
    """A line with the lengths that are names or expressions multiplied by a factor: `W={wn}` becomes `W={wn*1e-06}`."""

    def sized(match: re.Match[str]) -> str:
        power, inner = LENGTHS.get(match[1].lower(), 0), match[2].strip("'{} ")
        if not power or number_of(match[2]) is not None:
            return match[0]
        inner = inner if re.fullmatch(r"\w+", inner) else f"({inner})"
        return f"{match[1]}={{{inner}*{factor**power:.10g}}}"

    return line if factor == 1.0 else SIZE.sub(sized, line)


def in_metres(line: str) -> bool:
    """Whether the plain widths and lengths of a line can be metres."""
    plain = (number_of(match[2]) for match in SIZE.finditer(line) if match[1].lower() in {"w", "l"})
    return all(number is None or written_in_metres(number) for number in plain)


def in_micrometres(line: str) -> bool:
    """Whether a line has a plain width and length, and none can be metres."""
    plain = {match[1].lower(): number_of(match[2]) for match in SIZE.finditer(line) if match[1].lower() in {"w", "l"}}
    return len(plain) == len({"w", "l"}) and all(
        one is not None and not written_in_metres(one) for one in plain.values()
    )
